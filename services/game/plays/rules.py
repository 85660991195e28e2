"""Whether a play is accepted and what that reserves: decided here, over frozen structs."""

import hashlib
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from game.campaigns.rules import Participation, PoolState, PoolTerms, local_day, refusal, used_today
from game.errors import Conflict, Exhausted, Invalid, Refusal, Unavailable
from game.fair.draw import Standing
from game.fair.rounds import QUICKNET_PERIOD_SECONDS
from game.ids import wire_id

DRAWS_MAX = 10
# How long a sealed draw keeps the player's next one from its seat, beside the rounds that it waits.
SEALED_TURN_MS = 15_000
# When a player who could not pay should come back: an outage is seldom over within the second.
LEDGER_AWAY_SECONDS = 5
PaidWith = Literal["points", "chance"]
State = Literal["funding", "paid", "settled", "rejected", "resolving", "cancelled", "review"]
FINISHED = frozenset({"settled", "rejected", "cancelled", "review"})
UNCHARGED = frozenset({"funding", "resolving"})


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One play as it is stored.

    `refusal` is why it was rejected or cancelled; `log_size` the log's size once it had settled.
    """

    campaign_id: str
    play_id: UUID
    player_id: UUID
    pool_id: str
    idempotency_key: str
    request_digest: bytes
    state: State
    draws: int
    drawn: int
    paid_with: PaidWith
    price_points: int
    day: date
    seat_id: bytes | None
    accepted_ms: int
    apply_before_ms: int
    finished_ms: int | None
    balance_points: int | None
    refusal: str | None
    log_size: int | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing but a person can change it any more."""
        return self.state in FINISHED

    @property
    def wire_id(self) -> str:
        """The id that players see; it names the campaign, so that a lookup needs no index over all."""
        return wire_id(self.campaign_id, self.play_id)


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """One seat as it is stored. What only a logged seat has is None before."""

    campaign_id: str
    seat_id: bytes
    pool_id: str
    player_id: UUID
    state: Literal["offered", "live", "used", "lapsed"]
    anchor: bytes
    seed: bytes | None
    entry_index: int | None
    leaf_hash: bytes | None
    round: int | None
    seat_draws: int
    draws_reserved: int
    draws_taken: int

    @property
    def draws_left(self) -> int:
        """Draws that no play has spoken for yet."""
        return self.seat_draws - self.draws_reserved


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Chances of one player that expire together."""

    campaign_id: str
    lot_id: UUID
    player_id: UUID
    units_left: int
    expires_ms: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A play that a player asks for. `account` is the player's in the core ledger."""

    terms: PoolTerms
    play_id: UUID
    player_id: UUID
    account: str
    idempotency_key: str
    draws: int
    paid_with: PaidWith

    @property
    def price_points(self) -> int:
        """What it costs."""
        return self.terms.price_points * self.draws if self.paid_with == "points" else 0

    @property
    def request_digest(self) -> bytes:
        """Tells whether a retry asks for the same."""
        fields = (self.terms.pool_id, self.draws, self.paid_with)
        return hashlib.sha256(msgspec.json.encode(fields)).digest()


class Standpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What one play is judged against. `seat` is None where the player has no live one in the pool.

    `waiting` counts the player's plays of a sealed pool that are not finished: each needs a seat of its own.
    """

    pool: PoolState
    taken: Participation
    seat: Seat | None
    lots: tuple[Lot, ...]
    waiting: int = 0


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted play, what is left afterwards, and the chances it used (lot, units)."""

    play: Play
    after: Standpoint
    uses: tuple[tuple[UUID, int], ...]


class SeatWanted(Conflict):
    """The pool has a beacon and the player no seat: the service opens one and asks again."""


def same_request(play: Play, asked: Asked) -> bool:
    """Whether a key that is known came with the body it came with first."""
    return play.request_digest == asked.request_digest


def mismatch() -> Refusal:
    """The key was used for something else."""
    return Invalid("idempotency_mismatch", "This Idempotency-Key was used with another request body.")


def accept(
    asked: Asked, at: Standpoint, *, now_ms: int, operation_ttl_ms: int, ledger_available: bool
) -> Accepted:
    """The play as it is to be stored; raises the Refusal that says why not, with nothing stored."""
    terms = asked.terms
    reason = refusal(terms, at.pool, at.taken, draws=asked.draws, now_ms=now_ms)
    if reason is not None:
        raise reason
    if asked.price_points and not ledger_available:
        raise Unavailable(
            "ledger_unavailable",
            "Points cannot be paid at the moment; you were not charged.",
            retry_after_seconds=LEDGER_AWAY_SECONDS,
        )
    uses = _chances(asked, at.lots)
    seat = _seat(asked, at, now_ms=now_ms, operation_ttl_ms=operation_ttl_ms)
    # Another process's clock may be ahead of ours: no day comes back, or its count would begin anew.
    today = max(local_day(now_ms, terms.time_zone), at.taken.day)
    play = _play(asked, seat, today=today, now_ms=now_ms, apply_before_ms=now_ms + operation_ttl_ms)
    return Accepted(play=play, after=_after(asked, at, seat, uses, today), uses=uses)


def _chances(asked: Asked, lots: tuple[Lot, ...]) -> tuple[tuple[UUID, int], ...]:
    if asked.paid_with != "chance":
        return ()
    held = sum(lot.units_left for lot in lots)
    if held < asked.draws:
        raise Exhausted("too_few_chances", f"{held} chances are left.", have=held, need=asked.draws)
    uses, need = [], asked.draws
    for lot in lots:
        units = min(lot.units_left, need)
        need -= units
        uses.append((lot.lot_id, units))
    return tuple((lot_id, units) for lot_id, units in uses if units)


def _seat(asked: Asked, at: Standpoint, *, now_ms: int, operation_ttl_ms: int) -> Seat | None:
    """The seat with the play's draws reserved; None in a sealed pool, where it is logged once it is paid."""
    seat, beacon = at.seat, asked.terms.entry.beacon
    if beacon is not None and asked.terms.is_sealed:
        turn_ms = SEALED_TURN_MS + beacon.delay * QUICKNET_PERIOD_SECONDS * 1000
        _check_sealed(asked, now_ms=now_ms, margin_ms=2 * operation_ttl_ms + at.waiting * turn_ms)
        return None
    if seat is None or seat.state == "offered":
        if beacon is not None:
            raise SeatWanted("seat_required", "A seat comes first.")
        raise Conflict("seat_required", "Ask for an anchor, then open a seat with a seed of your own.")
    if seat.draws_left < asked.draws:
        raise Conflict(
            "seat_draws_left",
            f"{seat.draws_left} draws are left in your seat; the next seat opens when they are made.",
            left=seat.draws_left,
            asked=asked.draws,
        )
    return msgspec.structs.replace(seat, draws_reserved=seat.draws_reserved + asked.draws)


def _check_sealed(asked: Asked, *, now_ms: int, margin_ms: int) -> None:
    if asked.draws != 1:
        raise Invalid("sealed_one_draw", "A sealed draw is made one at a time.", asked=asked.draws, most=1)
    if now_ms + margin_ms >= asked.terms.closes_ms:
        raise Conflict(
            "closes_too_soon",
            "The pool closes before a sealed draw could be paid and logged.",
            closes_ms=asked.terms.closes_ms,
            margin_ms=margin_ms,
        )


def _play(asked: Asked, seat: Seat | None, *, today: date, now_ms: int, apply_before_ms: int) -> Play:
    return Play(
        campaign_id=asked.terms.campaign_id,
        play_id=asked.play_id,
        player_id=asked.player_id,
        pool_id=asked.terms.pool_id,
        idempotency_key=asked.idempotency_key,
        request_digest=asked.request_digest,
        state="funding" if asked.price_points else "paid",
        draws=asked.draws,
        drawn=0,
        paid_with=asked.paid_with,
        price_points=asked.price_points,
        day=today,
        seat_id=None if seat is None else seat.seat_id,
        accepted_ms=now_ms,
        # What is paid at the close or later could not be told from a play that was slipped in.
        apply_before_ms=min(apply_before_ms, asked.terms.closes_ms),
        finished_ms=None,
        balance_points=None,
        refusal=None,
        log_size=None,
    )


def _after(
    asked: Asked, at: Standpoint, seat: Seat | None, uses: tuple[tuple[UUID, int], ...], today: date
) -> Standpoint:
    used = dict(uses)
    return Standpoint(
        pool=reserve(at.pool, asked.draws),
        taken=Participation(
            draws_total=at.taken.draws_total + asked.draws,
            day=today,
            draws_today=used_today(at.taken, today) + asked.draws,
        ),
        seat=at.seat if seat is None else seat,
        lots=tuple(
            msgspec.structs.replace(lot, units_left=lot.units_left - used.get(lot.lot_id, 0))
            for lot in at.lots
        ),
    )


def reserve(pool: PoolState, draws: int) -> PoolState:
    """The pool with so many more draws spoken for; a negative number gives them back."""
    return msgspec.structs.replace(pool, draws_reserved=pool.draws_reserved + draws)


def give_back(taken: Participation, play: Play) -> Participation:
    """The player's counts without a play that was never charged."""
    today = taken.draws_today - play.draws if taken.day == play.day else taken.draws_today
    return msgspec.structs.replace(taken, draws_total=taken.draws_total - play.draws, draws_today=today)


class Debit(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger is asked to take for a play, in the bytes that are sent every time."""

    campaign_id: str
    play_id: UUID
    operation_id: str
    subject: str
    body: bytes


class Seated(msgspec.Struct, frozen=True, kw_only=True):
    """A player's pseudonym and counts in a line of pools; the counts are as long as the prize table."""

    lineage_id: str
    player_id: UUID
    tag: bytes
    standing: Standing

    @classmethod
    def newcomer(cls, lineage_id: str, player_id: UUID, *, tag: bytes, rows: int) -> "Seated":
        """Somebody who has not been seated in the line yet."""
        return cls(lineage_id=lineage_id, player_id=player_id, tag=tag, standing=Standing.fresh(rows))
