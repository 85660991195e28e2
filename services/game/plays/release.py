"""Ending plays that were never charged, many in one transaction: what they had reserved is free again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from game.campaigns.rules import Participation, PoolState
from game.db.connection import Connection
from game.ledger.charging import Refused, refusal_of
from game.plays import store
from game.plays.rules import UNCHARGED, Play, Seat, give_back, reserve
from game.plays.store import PlayerKey, PoolKey
from game.resources import Resources
from ledger_client import Rejected


class Uncharged(msgspec.Struct, frozen=True, kw_only=True):
    """A play and the ledger's final word that it was not charged."""

    play: Play
    outcome: Refused


@dataclass(slots=True)
class _Freed:
    pools: dict[PoolKey, PoolState]
    taken: dict[PlayerKey, Participation]
    seats: dict[bytes, Seat]
    ended: list[Play] = field(default_factory=list)
    operation_states: list[str] = field(default_factory=list)


async def release_batch(resources: Resources, batch: Sequence[Uncharged]) -> Sequence[Play | BaseException]:
    """Each play as it stands now. One that somebody else has ended or settled is left as it is."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        plays = await store.lock_plays_everywhere(
            conn, [(item.play.campaign_id, item.play.play_id) for item in batch]
        )
        due = {item.play.play_id: item for item in batch if plays[item.play.play_id].state in UNCHARGED}
        if due:
            freed = await _read(conn, [plays[play_id] for play_id in due])
            for play_id, item in due.items():
                plays[play_id] = _free(plays[play_id], item, freed, now_ms=now_ms)
            await _save(conn, freed)
    return [plays[item.play.play_id] for item in batch]


async def _read(conn: Connection, plays: Sequence[Play]) -> _Freed:
    return _Freed(
        pools=await store.lock_pools(conn, [(play.campaign_id, play.pool_id) for play in plays]),
        taken=await store.lock_counts(conn, [(play.campaign_id, play.player_id) for play in plays]),
        seats=await store.lock_seats_everywhere(
            conn, [(p.campaign_id, p.seat_id) for p in plays if p.seat_id]
        ),
    )


def _free(play: Play, item: Uncharged, freed: _Freed, *, now_ms: int) -> Play:
    pool_key, player_key = (play.campaign_id, play.pool_id), (play.campaign_id, play.player_id)
    freed.pools[pool_key] = reserve(freed.pools[pool_key], -play.draws)
    freed.taken[player_key] = give_back(freed.taken[player_key], play)
    if play.seat_id is not None:
        seat = freed.seats[play.seat_id]
        freed.seats[play.seat_id] = msgspec.structs.replace(
            seat, draws_reserved=seat.draws_reserved - play.draws
        )
    freed.ended.append(uncharged(play, item.outcome, now_ms=now_ms))
    freed.operation_states.append(type(item.outcome).__name__.lower())
    return freed.ended[-1]


def uncharged(play: Play, outcome: Refused, *, now_ms: int) -> Play:
    """The play as it ends by the ledger's final word that it was not charged."""
    return msgspec.structs.replace(
        play,
        state="rejected" if isinstance(outcome, Rejected) else "cancelled",
        refusal=refusal_of(outcome),
        finished_ms=now_ms,
    )


async def _save(conn: Connection, freed: _Freed) -> None:
    await store.save_released(
        conn,
        freed.ended,
        freed.operation_states,
        pools=freed.pools,
        taken=freed.taken,
        seats=freed.seats.values(),
    )
