"""A player's own time zone: chosen by the player, in force from the end of the present day on."""

from game.auth import Caller
from game.campaigns.checks import time_zones
from game.errors import Conflict, Invalid
from game.players import player_id_of
from game.resources import Resources
from game.tasks import progress_store, risk_store, store
from game.tasks.days import CHANGES_MAX, Zone, Zones, changeable_ms, changed


async def my_zones(resources: Resources, caller: Caller) -> Zones:
    """The zones that the caller chose, oldest first, the last of which may wait for the end of the day."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn:
        return (await store.zones_of(conn, [player_id])).get(player_id, ())


async def choose_zone(resources: Resources, caller: Caller, name: str) -> Zones:
    """Ask for another zone; the one that is in force drops what waits.

    Invalid for what is no IANA time zone; Conflict `time_zone_changes` where there were CHANGES_MAX lately.
    """
    if name not in time_zones():
        raise Invalid("rule_broken", "an IANA time zone", field="$.time_zone", rule="an IANA time zone")
    player_id = await player_id_of(resources, caller)
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        await progress_store.lock_players_of(conn, [player_id])
        before = (await store.zones_of(conn, [player_id])).get(player_id, ())
        after = _chosen(before, name, now_ms=now_ms)
        if after != before:
            await store.save_zone(conn, after[-1], player_id=player_id, now_ms=now_ms)
            await risk_store.hurry(conn, player_id=player_id, now_ms=now_ms)
    return after


def _chosen(before: Zones, name: str, *, now_ms: int) -> Zones:
    if not before:
        return (Zone(now_ms, name),)
    after = changed(before, name, now_ms=now_ms)
    opens_ms = changeable_ms(before, now_ms=now_ms)
    if opens_ms is not None and after[-1].since_ms > now_ms:
        raise Conflict(
            "time_zone_changes",
            f"Your time zone changed {CHANGES_MAX} times lately.",
            most=CHANGES_MAX,
            opens_ms=opens_ms,
        )
    return after
