"""Accepting plays, many in one statement: each is judged alone, and one that is refused harms no other."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import msgspec

from game.campaigns.rules import Participation, PoolState, local_day
from game.campaigns.service import no_such_pool
from game.db.connection import CONFLICTS, Connection
from game.errors import Refusal
from game.plays import accept_store, store
from game.plays.accept_store import Found, PlayKey, play_key, player_key, pool_key, seat_key
from game.plays.rules import (
    Accepted,
    Asked,
    Debit,
    Lot,
    Play,
    Seat,
    Standpoint,
    accept,
    mismatch,
    same_request,
)
from game.plays.store import PlayerKey, PoolKey, SeatKey
from game.resources import Resources
from ledger_client import Leg, Operation, encode, house

# How long after its acceptance a play that nobody drives any more is taken up by a sweeper.
TAKE_UP_MS = 2_000


class Driven(msgspec.Struct, frozen=True, kw_only=True):
    """A play that is stored, and its debit where it is new and costs points.

    `after` is where a new one leaves its player; None: it was stored before.
    """

    play: Play
    debit: Debit | None
    after: Standpoint | None


@dataclass(slots=True)
class _Tally:
    """What is left while a batch is judged, play by play."""

    pools: dict[PoolKey, PoolState]
    taken: dict[PlayerKey, Participation]
    seats: dict[SeatKey, Seat]
    lots: dict[PlayerKey, tuple[Lot, ...]]
    known: dict[PlayKey, Play]
    waiting: Counter[SeatKey]
    accepted: list[Accepted] = field(default_factory=list)


async def accept_batch(resources: Resources, batch: Sequence[Asked]) -> Sequence[Driven | BaseException]:
    """Each play as it is stored now, or the Refusal that says why nothing was stored of it.

    One statement reads, without a lock; another one stores, unless something has changed in between. Then,
    and if a pool does not accept, where somebody may be at it, all is done again under locks.
    """
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        found = await accept_store.find(conn, batch, now_ms=now_ms)
        if all(pool.accepting for pool in found.pools.values()):
            with suppress(*CONFLICTS):
                return await _accept(conn, resources, batch, found, now_ms=now_ms)
        async with conn.transaction():
            await _lock(conn, batch, now_ms=now_ms)
            found = await accept_store.find(conn, batch, now_ms=now_ms)
            return await _accept(conn, resources, batch, found, now_ms=now_ms)


async def accept_again(resources: Resources, asked: Asked, *, at: Standpoint) -> Driven | Refusal:
    """A play that costs points, judged by where the player's last one left things, without a look at them.

    One of CONFLICTS: they have changed. Then, and after a refusal, nothing was stored, and they must be read.
    """
    found = Found(
        pools={pool_key(asked): at.pool},
        taken={player_key(asked): at.taken},
        seats={} if at.seat is None else {seat_key(asked): at.seat},
        lots={},
        known={},
        waiting=Counter(),
    )
    async with resources.pool.acquire() as conn:
        (answer,) = await _accept(conn, resources, [asked], found, now_ms=resources.clock())
    return answer


async def _lock(conn: Connection, batch: Sequence[Asked], *, now_ms: int) -> None:
    await store.lock_pools(conn, map(pool_key, batch))
    days = {player_key(asked): local_day(now_ms, asked.terms.time_zone) for asked in batch}
    await store.lock_participations(conn, days)
    await store.lock_live_seats(conn, map(seat_key, batch))


async def _accept(
    conn: Connection, resources: Resources, batch: Sequence[Asked], found: Found, *, now_ms: int
) -> Sequence[Driven | Refusal]:
    tally = _Tally(
        pools=dict(found.pools),
        taken=dict(found.taken),
        seats=dict(found.seats),
        lots=dict(found.lots),
        known=dict(found.known),
        waiting=Counter(found.waiting),
    )
    judge = partial(_judge, resources, tally, now_ms=now_ms, ledger_available=resources.ledger.available())
    answers = [judge(asked) for asked in batch]
    if tally.accepted:
        await accept_store.save(
            conn,
            tally.accepted,
            [answer.debit for answer in answers if isinstance(answer, Driven) and answer.debit],
            found=found,
            next_attempt_ms=now_ms + resources.settings.request_deadline_ms + TAKE_UP_MS,
        )
    return answers


def _judge(
    resources: Resources, tally: _Tally, asked: Asked, *, now_ms: int, ledger_available: bool
) -> Driven | Refusal:
    known = tally.known.get(play_key(asked))
    if known is not None:
        return Driven(play=known, debit=None, after=None) if same_request(known, asked) else mismatch()
    if pool_key(asked) not in tally.pools:
        return no_such_pool()
    try:
        accepted = accept(
            asked,
            _standpoint(asked, tally, now_ms=now_ms),
            now_ms=now_ms,
            operation_ttl_ms=resources.settings.operation_ttl_ms,
            ledger_available=ledger_available,
        )
    except Refusal as refusal:
        return refusal
    _note(asked, accepted, tally)
    debit = _debit(asked, accepted.play) if asked.price_points else None
    return Driven(play=accepted.play, debit=debit, after=accepted.after)


def _standpoint(asked: Asked, tally: _Tally, *, now_ms: int) -> Standpoint:
    return Standpoint(
        pool=tally.pools[pool_key(asked)],
        taken=tally.taken.get(player_key(asked)) or _newcomer(asked, now_ms=now_ms),
        seat=tally.seats.get(seat_key(asked)),
        lots=tally.lots.get(player_key(asked), ()),
        waiting=tally.waiting[seat_key(asked)],
    )


def _newcomer(asked: Asked, *, now_ms: int) -> Participation:
    return Participation(draws_total=0, day=local_day(now_ms, asked.terms.time_zone), draws_today=0)


def _note(asked: Asked, accepted: Accepted, tally: _Tally) -> None:
    after = accepted.after
    tally.accepted.append(accepted)
    tally.known[play_key(asked)] = accepted.play
    tally.pools[pool_key(asked)] = after.pool
    tally.taken[player_key(asked)] = after.taken
    tally.lots[player_key(asked)] = after.lots
    tally.waiting[seat_key(asked)] += 1
    if after.seat is not None:
        tally.seats[seat_key(asked)] = after.seat


def _debit(asked: Asked, play: Play) -> Debit:
    leg = Leg(debit=asked.account, credit=house(play.campaign_id), amount=play.price_points, code="play")
    operation = Operation(
        id=f"play:{play.wire_id}", apply_before=play.apply_before_ms, legs=(leg,), ref=f"{play.draws} draws"
    )
    return Debit(
        campaign_id=play.campaign_id,
        play_id=play.play_id,
        operation_id=operation.id,
        subject=asked.account,
        body=encode(operation),
    )
