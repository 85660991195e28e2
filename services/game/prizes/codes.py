"""Voucher codes: given to prizes of draws and to rewards alike."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from game.db.connection import Connection
from game.prizes import store

log = structlog.get_logger()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A code of a batch for a draw's prize or for a reward: one of the ids is None."""

    grant_id: UUID | None
    reward_id: UUID | None
    voucher_batch: str


async def give_codes(conn: Connection, wanted: Sequence[Wanted], *, campaign_id: str) -> None:
    """Give each a code, under the log's lock. A batch that has run out stops nothing: its codes are owed."""
    if not wanted:
        return
    columns = ([w.grant_id for w in wanted], [w.reward_id for w in wanted], [w.voucher_batch for w in wanted])
    given = await store.take_vouchers(conn, *columns, campaign_id=campaign_id)
    for w in wanted:
        if (w.grant_id or w.reward_id) not in given:
            log.error(
                "voucher.missing",
                campaign_id=campaign_id,
                voucher_batch=w.voucher_batch,
                grant_id=str(w.grant_id or w.reward_id),
            )
