"""From paid plays to draws, in the order that the protocol demands: pure, over a page of the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from game.fair.rounds import round_time_ms
from game.plays.drawing import Page, Stake, draw_play, is_ready, log_seat, offer_seat, seated
from game.plays.rules import UNCHARGED, Play, Seat

SEAT_ID_BYTES = 16
TAG_BYTES = 16
# How long after a beacon round a play that still waits for it is looked at again.
LATE_BEACON_MS = 2_000
RELEASED = frozenset({"rejected", "cancelled"})


class Funded(msgspec.Struct, frozen=True, kw_only=True):
    """A debit that was applied. `balance_points` is what is left, None if the ledger did not say."""

    ledger_seq: int
    balance_points: int | None


@dataclass(slots=True, kw_only=True)
class Settling:
    """Plays that are driven on together. `queues` are those of sealed pools, in the order of their seats."""

    plays: dict[UUID, Play]
    funded: dict[UUID, Funded]
    queues: dict[str, list[UUID]]
    changed: set[UUID] = field(default_factory=set)
    contradicted: set[UUID] = field(default_factory=set)

    def keep(self, play: Play) -> Play:
        """Remember a play that has changed."""
        self.plays[play.play_id] = play
        self.changed.add(play.play_id)
        return play

    def contradict(self, play: Play) -> Play:
        """Put a play that was charged after all before a person."""
        self.contradicted.add(play.play_id)
        self.plays[play.play_id] = msgspec.structs.replace(play, state="review", finished_ms=None)
        return self.plays[play.play_id]


def settle_plays(
    page: Page, settling: Settling, order: Sequence[UUID], *, entropy: Callable[[int], bytes], now_ms: int
) -> None:
    """Drive plays on as far as they get: fund them, seat sealed ones, draw those whose seats are ready."""
    for play_id in order:
        play = _fund(settling, settling.plays[play_id])
        if play.state != "paid":
            continue
        if page.stakes[play.pool_id].terms.is_sealed:
            _take_sealed_seat(page, settling, play, entropy=entropy)
        else:
            _draw_if_ready(page, settling, play)
    for queue in settling.queues.values():
        _draw_queue(page, settling, queue)
    for play_id in settling.changed:
        settling.plays[play_id] = _finished(page, settling.plays[play_id], now_ms=now_ms)


def _fund(settling: Settling, play: Play) -> Play:
    funded = settling.funded.get(play.play_id)
    if funded is None:
        return play
    if play.state in RELEASED:
        return settling.contradict(play)
    if play.state not in UNCHARGED:
        return play
    return settling.keep(msgspec.structs.replace(play, state="paid", balance_points=funded.balance_points))


def _draw_if_ready(page: Page, settling: Settling, play: Play) -> None:
    assert play.seat_id is not None
    if is_ready(page, page.seats[play.seat_id]):
        settling.keep(draw_play(page, play))


def _take_sealed_seat(page: Page, settling: Settling, play: Play, *, entropy: Callable[[int], bytes]) -> None:
    """Log the seat of a paid sealed draw. With another seat live, the play waits for that one."""
    if play.seat_id is not None or page.live_seat(play.pool_id, play.player_id) is not None:
        return
    stake = page.stakes[play.pool_id]
    if not can_be_seated(page, stake):
        settling.keep(msgspec.structs.replace(play, state="review"))
        return
    tag = seated(page, stake.terms, play.player_id, tag=entropy(TAG_BYTES)).tag
    seat = offer_seat(page, stake, play.player_id, seat_id=entropy(SEAT_ID_BYTES))
    reserved = msgspec.structs.replace(seat, draws_reserved=1)
    log_seat(page, stake, reserved, tag=tag, seed=b"")
    settling.keep(msgspec.structs.replace(play, seat_id=seat.seat_id))
    settling.queues.setdefault(play.pool_id, []).append(play.play_id)


def can_be_seated(page: Page, stake: Stake) -> bool:
    """Whether a seat may be logged now (docs/fairdraw.md, section 5)."""
    return stake.takes_seats and page.t_ms < stake.terms.closes_ms


def _draw_queue(page: Page, settling: Settling, queue: Sequence[UUID]) -> None:
    """Sealed draws follow in the order of their seats, and none is left out."""
    for play_id in queue:
        play = settling.plays[play_id]
        assert play.seat_id is not None
        if not is_ready(page, page.seats[play.seat_id]):
            return
        settling.keep(draw_play(page, play))


def _finished(page: Page, play: Play, *, now_ms: int) -> Play:
    if play.state != "paid" or play.drawn < play.draws:
        return play
    return msgspec.structs.replace(play, state="settled", finished_ms=now_ms, log_size=page.next_index)


def next_attempt_ms(seat: Seat | None, *, now_ms: int) -> int:
    """When a play that is not settled is looked at again, in case that nobody else drives it on."""
    due_ms = now_ms if seat is None or seat.round is None else max(now_ms, round_time_ms(seat.round))
    return due_ms + LATE_BEACON_MS
