"""Voucher codes: given to prizes of draws and to rewards alike."""

from collections.abc import Sequence

import structlog

from game.db.connection import Connection
from game.prizes import store
from game.prizes.store import Wanted

log = structlog.get_logger()


async def give_codes(conn: Connection, wanted: Sequence[Wanted]) -> None:
    """Give each a code, under the logs' locks. A batch that has run out stops nothing: its codes are owed."""
    given = await store.take_vouchers(conn, wanted)
    for w in wanted:
        if (w.grant_id or w.reward_id) not in given:
            log.error(
                "voucher.missing",
                campaign_id=w.campaign_id,
                voucher_batch=w.voucher_batch,
                grant_id=str(w.grant_id or w.reward_id),
            )
