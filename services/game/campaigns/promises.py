"""What features promise to give away beside the pools: the launch demands it."""

from typing import Final

import msgspec

from game.campaigns.access import Desk
from game.campaigns.promise_store import save_promise
from game.campaigns.records import Promise
from game.campaigns.store import bump_version
from game.errors import Exhausted

TERMS_BYTES_MAX: Final = 1024 * 1024


async def promise(work: Desk, promised: Promise, *, source: str) -> None:
    """Say what a feature can give away at most in a draft, whenever its definitions are saved.

    `source` is what the sources of its rewards begin with, up to a colon: `task:share` promises what
    `task:share:2` gives. No promise's source may begin with another's. It counts as an edit, so that no
    launch goes by the word before.
    """
    check_size(promised)
    campaign_id = work.campaign.campaign_id
    await save_promise(work.conn, promised, campaign_id=campaign_id, source=source)
    await bump_version(work.conn, campaign_id=campaign_id)


def check_size(promised: Promise) -> None:
    """Raise Exhausted `terms_too_long`: each pool publishes all terms again."""
    size = len(msgspec.json.encode(promised.terms))
    if size > TERMS_BYTES_MAX:
        limit = TERMS_BYTES_MAX
        raise Exhausted(
            "terms_too_long", f"What is published has {limit} bytes at most.", bytes=size, limit=limit
        )
