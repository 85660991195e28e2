"""What a player is told of a seat and of a play: wire structs, and how they follow from what is stored."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from game.campaigns.rules import PoolTerms, PrizeKind, Text
from game.fair.entries import leaf_hash
from game.fair.rounds import round_time_ms
from game.instants import to_datetime
from game.plays.drawing import Drawn
from game.plays.rules import PaidWith, Play, Seat, State

# How the app shows a row: the wheel's stop or the ticket's artwork, from (terms, row, leaf hash of the draw).
Face = Callable[[PoolTerms, int, bytes], msgspec.Struct]


class SeatView(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as it stands in the log; hashes in hex. It is good for `draws` draws.

    `opens_at` is when the value of its beacon round is published; both are null without a beacon.
    """

    entry_index: int
    id: str
    tag: str
    anchor: str
    seed: str
    round: int | None
    opens_at: datetime | None
    draws: int


class WonView(msgspec.Struct, frozen=True, kw_only=True):
    """The row that was paid."""

    row: str
    kind: PrizeKind
    amount: int
    name: Text


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """One draw. `outcome`, `face` and `entry` are null while a scratch ticket is covered.

    `entry` is the log entry, byte for byte; `leaf_hash` is H(0x00 || entry) in hex; `receipt` is a C2SP
    tlog-proof.
    """

    ticket: int
    entry_index: int
    n: int
    outcome: WonView | None
    face: object | None
    entry: str | None
    leaf_hash: str
    receipt: str


class RefusalView(msgspec.Struct, frozen=True, kw_only=True):
    """Why the ledger did not charge the player; the numbers where it gave them."""

    code: str
    have: int | None = None
    need: int | None = None


class PlayView(msgspec.Struct, frozen=True, kw_only=True):
    """A play. With `log.origin`, the seat and the receipts, anyone can check it (docs/fairdraw.md)."""

    id: str
    campaign: str
    pool: str
    game: str
    state: State
    count: int
    pay_with: PaidWith
    price_points: int
    balance_points: int | None
    accepted_at: datetime
    finished_at: datetime | None
    refusal: RefusalView | None
    pool_entry_index: int
    log_size: int | None
    seat: SeatView | None
    draws: tuple[DrawView, ...]


class PlayPage(msgspec.Struct, frozen=True, kw_only=True):
    """Plays, newest first, without their draws; `next` is the cursor of the next page, null at the end."""

    plays: tuple[PlayView, ...]
    next: str | None


class AnchorView(msgspec.Struct, frozen=True, kw_only=True):
    """The anchor of a seat, shown before its seed is chosen. `offer` is a note signed with the log's key.

    `logged` says that the seat is open already, with the seed that was chosen for it.
    """

    seat: str
    logged: bool
    tag: str
    anchor: str
    pool_hash: str
    offer: str


class SeatedView(msgspec.Struct, frozen=True, kw_only=True):
    """A logged seat, with its entry's bytes and their receipt."""

    seat: SeatView
    entry: str
    receipt: str


def seat_view(seat: Seat, tag: bytes) -> SeatView:
    """A logged seat as the player sees it."""
    assert seat.entry_index is not None
    assert seat.seed is not None
    return SeatView(
        entry_index=seat.entry_index,
        id=seat.seat_id.hex(),
        tag=tag.hex(),
        anchor=seat.anchor.hex(),
        seed=seat.seed.hex(),
        round=seat.round,
        opens_at=None if seat.round is None else to_datetime(round_time_ms(seat.round)),
        draws=seat.seat_draws,
    )


def play_view(terms: PoolTerms, play: Play, seat: SeatView | None, draws: Sequence[DrawView]) -> PlayView:
    """A play as the player sees it; draws are shown once all of them are made."""
    return PlayView(
        id=play.wire_id,
        campaign=play.campaign_id,
        pool=play.pool_id,
        game=terms.game,
        state=play.state,
        count=play.draws,
        pay_with=play.paid_with,
        price_points=play.price_points,
        balance_points=play.balance_points,
        accepted_at=to_datetime(play.accepted_ms),
        finished_at=None if play.finished_ms is None else to_datetime(play.finished_ms),
        refusal=None if play.refusal is None else msgspec.json.decode(play.refusal, type=RefusalView),
        pool_entry_index=terms.entry_index,
        log_size=play.log_size,
        seat=seat,
        draws=tuple(draws),
    )


def draw_views(
    terms: PoolTerms, draws: Sequence[Drawn], receipts: Mapping[int, str], face: Face
) -> tuple[DrawView, ...]:
    """A settled play's draws. A covered ticket hides its row; its leaf hash and receipt commit to it."""
    return tuple(_draw_view(terms, drawn, receipts[drawn.entry_index], face) for drawn in draws)


def _draw_view(terms: PoolTerms, drawn: Drawn, receipt: str, face: Face) -> DrawView:
    leaf = leaf_hash(drawn.entry)
    covered = terms.game == "scratch" and drawn.uncovered_ms is None
    prize = terms.prizes[drawn.row_ordinal]
    return DrawView(
        ticket=drawn.nth,
        entry_index=drawn.entry_index,
        n=drawn.n,
        outcome=None
        if covered
        else WonView(row=prize.row_id, kind=prize.kind, amount=prize.amount, name=prize.name),
        face=None if covered else face(terms, drawn.row_ordinal, leaf),
        entry=None if covered else drawn.entry.decode(),
        leaf_hash=leaf.hex(),
        receipt=receipt,
    )
