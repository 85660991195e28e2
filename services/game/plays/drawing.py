"""Writing a page of the draw log: which entries follow from paid plays, as a pure function of what was read.

A `Page` is what one transaction adds to one campaign's log. It is filled here, without I/O, and stored by the
clerk. The formulas are those of `game.fair`, which the auditor replays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from uuid import UUID

import msgspec

from game.campaigns.rules import PoolTerms
from game.fair.draw import chain, draw_value, entropy_with_beacon, entropy_with_seed, scratch, spin
from game.fair.entries import BeaconEntry, DrawEntry, Entry, SeatEntry, encode, leaf_hash
from game.fair.merkle import HASH_BYTES
from game.fair.rounds import QUICKNET_CHAIN, round_at
from game.plays.rules import Play, Seat, Seated

CHAINS_KEPT = 4_096

# The same for all draws of a seat.
_entropy_with_seed = lru_cache(maxsize=CHAINS_KEPT)(entropy_with_seed)


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One draw that was logged. `nth` counts within the play, `n` within the seat; both from 1.

    `uncovered_ms` is None until a scratch ticket is uncovered.
    """

    play_id: UUID
    player_id: UUID
    pool_id: str
    nth: int
    entry_index: int
    entry: bytes
    seat_id: bytes
    n: int
    row_ordinal: int
    uncovered_ms: int | None


class Stake(msgspec.Struct, frozen=True, kw_only=True):
    """A pool whose plays are drawn: its terms and secret, and whether it still takes seats."""

    terms: PoolTerms
    secret: bytes
    takes_seats: bool

    def __repr__(self) -> str:
        """Without the secret: what is shown ends up in logs."""
        return f"Stake(pool_id={self.terms.pool_id!r}, takes_seats={self.takes_seats})"


@dataclass(slots=True, kw_only=True)
class Page:
    """One campaign's log as it was read, and what is about to be written to it.

    `left` is what can still be won of each row; `rounds` are the beacon values that stand in the log.
    Seats that were offered or logged here are `written`; of those that were `drawn` from, as of the standings
    of `drawers`, only the counts have changed.
    """

    campaign_id: str
    size: int
    t_ms: int
    stakes: Mapping[str, Stake]
    left: dict[str, list[int | None]]
    standings: dict[tuple[str, UUID], Seated]
    seats: dict[bytes, Seat]
    rounds: dict[int, bytes]
    entries: list[bytes] = field(default_factory=list)
    draws: list[Drawn] = field(default_factory=list)
    written_seats: set[bytes] = field(default_factory=set)
    drawn_seats: set[bytes] = field(default_factory=set)
    newcomers: set[tuple[str, UUID]] = field(default_factory=set)
    drawers: set[tuple[str, UUID]] = field(default_factory=set)
    beacons: dict[int, int] = field(default_factory=dict)

    @property
    def next_index(self) -> int:
        """The index of the next entry."""
        return self.size + len(self.entries)

    def write(self, entry: Entry) -> int:
        """Append an entry; its `i` must be the next index."""
        assert entry.i == self.next_index
        self.entries.append(encode(entry))
        return entry.i

    def keep(self, seat: Seat) -> Seat:
        """Remember a seat that is offered or logged."""
        self.seats[seat.seat_id] = seat
        self.written_seats.add(seat.seat_id)
        return seat

    def live_seat(self, pool_id: str, player_id: UUID) -> Seat | None:
        """The player's seat in a pool, offered or live, as far as it was read."""
        open_states = ("offered", "live")
        return next(
            (
                seat
                for seat in self.seats.values()
                if (seat.pool_id, seat.player_id) == (pool_id, player_id) and seat.state in open_states
            ),
            None,
        )


def log_beacon(page: Page, round_: int, signature: bytes) -> None:
    """The value of a round, once per log."""
    if round_ in page.rounds:
        return
    entry = BeaconEntry(
        i=page.next_index, t=page.t_ms, chain=QUICKNET_CHAIN, round=round_, sig=signature.hex()
    )
    page.beacons[round_] = page.write(entry)
    page.rounds[round_] = signature


def seated(page: Page, terms: PoolTerms, player_id: UUID, *, tag: bytes) -> Seated:
    """The player's pseudonym and counts in the pool's line; `tag` becomes the pseudonym of a newcomer."""
    key = (terms.lineage_id, player_id)
    if key not in page.standings:
        page.standings[key] = Seated.newcomer(terms.lineage_id, player_id, tag=tag, rows=len(terms.prizes))
        page.newcomers.add(key)
    return page.standings[key]


def offer_seat(page: Page, stake: Stake, player_id: UUID, *, seat_id: bytes) -> Seat:
    """A seat whose anchor is shown before anything of it is logged."""
    terms = stake.terms
    return page.keep(
        Seat(
            campaign_id=terms.campaign_id,
            seat_id=seat_id,
            pool_id=terms.pool_id,
            player_id=player_id,
            state="offered",
            anchor=_link(stake.secret, seat_id, terms.seat_draws, 0),
            seed=None,
            entry_index=None,
            leaf_hash=None,
            round=None,
            seat_draws=terms.seat_draws,
            draws_reserved=0,
            draws_taken=0,
        )
    )


def log_seat(page: Page, stake: Stake, seat: Seat, *, tag: bytes, seed: bytes) -> Seat:
    """Log an offered seat with the player's seed; with a beacon it names a round that is still to come."""
    terms = stake.terms
    beacon = terms.entry.beacon
    entry = SeatEntry(
        i=page.next_index,
        t=page.t_ms,
        pool=terms.entry_index,
        pool_hash=terms.pool_hash.hex(),
        tag=tag.hex(),
        seed=seed.hex(),
        id=seat.seat_id.hex(),
        anchor=seat.anchor.hex(),
        round=None if beacon is None else round_at(page.t_ms, beacon.delay),
    )
    index = page.write(entry)
    return page.keep(
        msgspec.structs.replace(
            seat,
            state="live",
            seed=seed,
            entry_index=index,
            leaf_hash=leaf_hash(page.entries[-1]),
            round=entry.round,
        )
    )


def is_ready(page: Page, seat: Seat) -> bool:
    """Whether everything that the seat's draws depend on is known."""
    return seat.round is None or seat.round in page.rounds


def draw_play(page: Page, play: Play) -> Play:
    """Make all draws of a paid play from its seat, which is ready; the play with the draws counted."""
    assert play.seat_id is not None
    for nth in range(play.drawn + 1, play.draws + 1):
        _draw(page, play, page.seats[play.seat_id], nth)
    return msgspec.structs.replace(play, drawn=play.draws)


def _draw(page: Page, play: Play, seat: Seat, nth: int) -> None:
    stake = page.stakes[play.pool_id]
    n = seat.draws_taken + 1
    a = _link(stake.secret, seat.seat_id, seat.seat_draws, n)
    ordinal = _outcome(page, stake.terms, play.player_id, draw_value(a, _entropy(page, stake.terms, seat), n))
    assert seat.entry_index is not None
    row = stake.terms.prizes[ordinal].row_id
    index = page.write(
        DrawEntry(i=page.next_index, t=page.t_ms, seat=seat.entry_index, n=n, a=a.hex(), row=row)
    )
    state: Literal["used", "live"] = "used" if n == seat.seat_draws else "live"
    page.seats[seat.seat_id] = msgspec.structs.replace(seat, draws_taken=n, state=state)
    page.drawn_seats.add(seat.seat_id)
    page.draws.append(
        Drawn(
            play_id=play.play_id,
            player_id=play.player_id,
            pool_id=play.pool_id,
            nth=nth,
            entry_index=index,
            entry=page.entries[-1],
            seat_id=seat.seat_id,
            n=n,
            row_ordinal=ordinal,
            uncovered_ms=None,
        )
    )


def _outcome(page: Page, terms: PoolTerms, player_id: UUID, x: int) -> int:
    """The row that is paid; its stock is used and the player's standing moves on."""
    key = (terms.lineage_id, player_id)
    who, left = page.standings[key], page.left[terms.pool_id]
    if terms.game == "wheel":
        row = spin(terms.entry, left, who.standing, x).row
    else:
        row = scratch([count for count in left if count is not None], x).row
    units = left[row]
    if units is not None:
        left[row] = units - 1
    page.standings[key] = msgspec.structs.replace(who, standing=who.standing.after(row))
    page.drawers.add(key)
    return row


def _link(secret: bytes, seat_id: bytes, seat_draws: int, n: int) -> bytes:
    return _chain(secret, seat_id, seat_draws)[n * HASH_BYTES : (n + 1) * HASH_BYTES]


@lru_cache(maxsize=CHAINS_KEPT)
def _chain(secret: bytes, seat_id: bytes, seat_draws: int) -> bytes:
    """A seat's chain in one piece, up to 8 KB. Made anew, it would cost each draw up to 256 hashes."""
    return b"".join(chain(secret, seat_id, seat_draws))


def _entropy(page: Page, terms: PoolTerms, seat: Seat) -> bytes:
    assert seat.leaf_hash is not None
    assert seat.seed is not None
    if seat.round is None:
        return _entropy_with_seed(terms.pool_hash, seat.anchor, seat.seed)
    return entropy_with_beacon(seat.leaf_hash, page.rounds[seat.round])
