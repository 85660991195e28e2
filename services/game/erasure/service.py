"""Erasing a player: asked for at once, done as soon as nothing of the player is under way.

From the request on the subject begins nothing new. What is under way is finished as it was promised (a paid
draw is drawn, a prize is paid), and then, in one transaction, whatever names the player goes. Whoever comes
under the same subject afterwards is a new player, with new tags.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec
import structlog

from game.auth import Caller
from game.erasure import store
from game.errors import NotFound
from game.players import Subject, find_player, forget_leaving
from game.resources import Resources
from game.worker import Step

# Longer than a request lasts, and than a process remembers whom it should have forgotten.
GRACE_MS = 60_000
RETRY_MS = 60_000
AT_ONCE = 20

log = structlog.get_logger()


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure that was asked for, and how much is waited for, by what it is."""

    asked_ms: int
    waits_for: Mapping[str, int]


async def ask_erasure(resources: Resources, caller: Caller, whom: Subject, *, asked_by: str) -> Erasure:
    """Ask for the erasure of a player of the caller's brand; asked again, it says how far it is.

    NotFound `player_not_found`: there is no such player, or no more.
    """
    player_id = await find_player(resources, whom)
    if player_id is None:
        raise NotFound("player_not_found", "There is no such player.")
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        is_new = await store.ask(
            conn, player_id=player_id, asked_by=asked_by, now_ms=now_ms, due_ms=now_ms + GRACE_MS
        )
        asked = await store.erasure_of(conn, player_id=player_id)
        waits_for = await store.under_way(conn, player_id=player_id, brand_id=caller.brand_id)
    await forget_leaving(resources)
    if is_new:
        log.info("player.erasure_asked", brand_id=caller.brand_id, player_id=str(player_id), by=asked_by)
    return Erasure(asked_ms=asked.asked_ms, waits_for=waits_for)


async def finish_erasures(resources: Resources) -> int:
    """Erase players of whom nothing is under way any more; how many were erased."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        due = await store.claim_due(conn, now_ms=now_ms, until_ms=now_ms + RETRY_MS, limit=AT_ONCE)
    return sum([await _finish_alone(resources, player_id) for player_id in due])


async def _finish_alone(resources: Resources, player_id: UUID) -> bool:
    try:
        return await _finish(resources, player_id)
    except Exception:  # one player's trouble is not the others'; it is tried again
        log.exception("player.not_erased", player_id=str(player_id))
        return False


async def _finish(resources: Resources, player_id: UUID) -> bool:
    async with resources.pool.acquire() as conn, conn.transaction():
        named = await store.lock_named(conn, player_id=player_id)
        if named is None:
            return False
        waits_for = await store.under_way(conn, player_id=player_id, brand_id=named.brand_id)
        if waits_for:
            log.info("player.erasure_waits", player_id=str(player_id), **waits_for)
            return False
        await store.forget(conn, named, player_id=player_id, now_ms=resources.clock())
    log.info("player.erased", brand_id=named.brand_id, player_id=str(player_id))
    return True


STEPS = (
    Step(name="players.forget", run=forget_leaving, interval_ms=1_000),
    Step(name="players.erase", run=finish_erasures, interval_ms=5_000),
)
