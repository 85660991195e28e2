"""Accepting plays, many in one transaction: each is judged alone, and one that is refused harms no other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from game.campaigns.rules import Participation, PoolState, local_day
from game.campaigns.service import no_such_pool
from game.db.connection import Connection
from game.errors import Refusal
from game.plays import store
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
    """A play that is stored, and its debit where it is new and costs points."""

    play: Play
    debit: Debit | None


@dataclass(slots=True)
class _Tally:
    """What is left while a batch is judged, play by play."""

    pools: dict[PoolKey, PoolState]
    taken: dict[PlayerKey, Participation]
    seats: dict[SeatKey, Seat]
    lots: dict[PlayerKey, tuple[Lot, ...]]
    known: dict[tuple[str, UUID, str], Play]
    waiting: Counter[SeatKey]
    accepted: list[Accepted] = field(default_factory=list)


async def accept_batch(resources: Resources, batch: Sequence[Asked]) -> Sequence[Driven | BaseException]:
    """Each play as it is stored now, or the Refusal that says why nothing was stored of it."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        tally = await _read(conn, batch, now_ms=now_ms)
        answers = [_judge(resources, asked, tally, now_ms=now_ms) for asked in batch]
        if tally.accepted:
            debits = [answer.debit for answer in answers if isinstance(answer, Driven) and answer.debit]
            await store.save_accepted(
                conn,
                tally.accepted,
                debits,
                next_attempt_ms=now_ms + resources.settings.request_deadline_ms + TAKE_UP_MS,
                pools=tally.pools,
                taken=tally.taken,
            )
    return answers


async def _read(conn: Connection, batch: Sequence[Asked], *, now_ms: int) -> _Tally:
    pools = await store.lock_pools(conn, map(_pool_key, batch))
    days = {_player_key(asked): local_day(now_ms, asked.terms.time_zone) for asked in batch}
    taken = await store.lock_participations(conn, days)
    sealed = [_seat_key(asked) for asked in batch if asked.terms.is_sealed]
    with_chances = [_player_key(asked) for asked in batch if asked.paid_with == "chance"]
    return _Tally(
        pools=pools,
        taken=taken,
        # Read under the players' locks: whoever used the same key elsewhere has committed by now.
        known=await store.find_plays(conn, list({_key(asked) for asked in batch})),
        seats=await store.lock_live_seats(conn, map(_seat_key, batch)),
        lots=await store.lock_lots(conn, with_chances, now_ms=now_ms) if with_chances else {},
        waiting=await store.count_unfinished(conn, sealed) if sealed else Counter(),
    )


def _judge(resources: Resources, asked: Asked, tally: _Tally, *, now_ms: int) -> Driven | Refusal:
    known = tally.known.get(_key(asked))
    if known is not None:
        return Driven(play=known, debit=None) if same_request(known, asked) else mismatch()
    if _pool_key(asked) not in tally.pools:
        return no_such_pool()
    try:
        accepted = accept(
            asked,
            _standpoint(asked, tally),
            now_ms=now_ms,
            operation_ttl_ms=resources.settings.operation_ttl_ms,
            ledger_available=resources.ledger.available(),
        )
    except Refusal as refusal:
        return refusal
    _note(asked, accepted, tally)
    return Driven(play=accepted.play, debit=_debit(asked, accepted.play) if asked.price_points else None)


def _standpoint(asked: Asked, tally: _Tally) -> Standpoint:
    return Standpoint(
        pool=tally.pools[_pool_key(asked)],
        taken=tally.taken[_player_key(asked)],
        seat=tally.seats.get(_seat_key(asked)),
        lots=tally.lots.get(_player_key(asked), ()),
        waiting=tally.waiting[_seat_key(asked)],
    )


def _note(asked: Asked, accepted: Accepted, tally: _Tally) -> None:
    after = accepted.after
    tally.accepted.append(accepted)
    tally.known[_key(asked)] = accepted.play
    tally.pools[_pool_key(asked)] = after.pool
    tally.taken[_player_key(asked)] = after.taken
    tally.lots[_player_key(asked)] = after.lots
    tally.waiting[_seat_key(asked)] += 1
    if after.seat is not None:
        tally.seats[_seat_key(asked)] = after.seat


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


def _pool_key(asked: Asked) -> PoolKey:
    return asked.terms.campaign_id, asked.terms.pool_id


def _player_key(asked: Asked) -> PlayerKey:
    return asked.terms.campaign_id, asked.player_id


def _seat_key(asked: Asked) -> SeatKey:
    return asked.terms.campaign_id, asked.terms.pool_id, asked.player_id


def _key(asked: Asked) -> tuple[str, UUID, str]:
    return asked.terms.campaign_id, asked.player_id, asked.idempotency_key
