"""The ways out of `review`: what the ledger must have proved, and what a play needs to be drawn after all."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from game.campaigns.rules import Participation, PoolState, PoolTerms
from game.errors import Conflict, Exhausted
from game.ledger.charging import Refused
from game.ledger.comparing import Posted
from game.plays.rules import Play, Seat, reserve
from ledger_client import Applied, Explanation, LedgerUnreachable, Leg, Outcome, Unknown
from ledger_client.operations import decode

Decision = Literal["settle", "cancel"]
DRAWABLE = frozenset({"live", "draining"})


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a debit: our bytes, the ledger's record, and its entries up to `read_seq`."""

    body: bytes
    ledger: Explanation
    posted: Sequence[Posted]
    read_seq: int


class Standpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a play that was released is reserved against again. `seat` is None in a sealed pool."""

    pool: PoolState
    taken: Participation
    seat: Seat | None


def check_charged(evidence: Evidence) -> None:
    """Raise Conflict unless the ledger proves, and its entries do not deny, that our debit was applied."""
    outcome = evidence.ledger.outcome
    if outcome is None:
        raise Conflict("ledger_undecided", "The ledger has never seen the debit.")
    if not isinstance(outcome, Applied):
        word = type(outcome).__name__.lower()
        raise Conflict("play_not_charged", "The ledger has refused the debit for good.", outcome=word)
    ours = _moved(decode(evidence.body).legs)
    is_read = bool(evidence.posted) or outcome.seq <= evidence.read_seq
    if _moved(evidence.ledger.legs) != ours or (is_read and [*evidence.posted] != ours):
        raise _contradiction()


def check_not_charged(outcome: Outcome, posted: Sequence[Posted]) -> Refused:
    """The ledger's final refusal; raises Conflict where it has charged, or where an entry says so."""
    if isinstance(outcome, Unknown):
        raise LedgerUnreachable(outcome.reason.value)
    if isinstance(outcome, Applied):
        raise Conflict("play_charged", "The ledger has applied the debit.", ledger_seq=outcome.seq)
    if posted:
        raise _contradiction()
    return outcome


def check_drawable(play: Play, terms: PoolTerms, pool: PoolState, *, now_ms: int) -> None:
    """Raise Conflict where the play could not be drawn any more, whoever paid for it."""
    if play.drawn:
        raise Conflict("draws_made", "Draws of the play are made.", drawn=play.drawn)
    is_too_late = terms.is_sealed and play.seat_id is None and now_ms >= terms.closes_ms
    if pool.state not in DRAWABLE or is_too_late:
        raise Exhausted(
            "no_room_to_settle", "The pool makes no draws for this play any more.", need=play.draws
        )


def reserve_again(play: Play, at: Standpoint, *, is_sealed: bool) -> tuple[Play, Standpoint]:
    """The released play with its draws spoken for again; the campaign's limits it kept at first."""
    left = at.pool.draws_left
    if left is not None and left < play.draws:
        raise _sold_out(play, left)
    seat = None if is_sealed else _reserved(play, at.seat)
    today = at.taken.draws_today + play.draws if at.taken.day == play.day else at.taken.draws_today
    taken = msgspec.structs.replace(
        at.taken, draws_total=at.taken.draws_total + play.draws, draws_today=today
    )
    seated = msgspec.structs.replace(play, seat_id=None if seat is None else seat.seat_id)
    return seated, Standpoint(pool=reserve(at.pool, play.draws), taken=taken, seat=seat)


def _moved(legs: Sequence[Leg]) -> list[Posted]:
    return [Posted(leg.debit, leg.credit, leg.amount) for leg in legs]


def _reserved(play: Play, seat: Seat | None) -> Seat:
    left = 0 if seat is None or seat.state != "live" else seat.draws_left
    if seat is None or left < play.draws:
        raise _sold_out(play, left)
    return msgspec.structs.replace(seat, draws_reserved=seat.draws_reserved + play.draws)


def _sold_out(play: Play, left: int) -> Exhausted:
    return Exhausted("no_room_to_settle", f"{left} draws are left for the play.", have=left, need=play.draws)


def _contradiction() -> Conflict:
    return Conflict("ledger_contradicts", "The ledger's record of the debit and its entries do not agree.")
