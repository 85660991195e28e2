"""A service whose operator cheats: `python crooked.py <cheat>` bends its own code and serves.

All that a cheat changes is here; the rest is the service as everybody runs it. Row 0 is the one that wins.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game import serve
from game.campaigns.rules import PoolTerms
from game.campaigns.service import pool_secret, pool_terms
from game.errors import Unavailable
from game.fair.draw import (
    Spin,
    Standing,
    chain,
    draw_value,
    entropy_with_seed,
    pick,
    table_weights,
)
from game.fair.draw import (
    spin as honest_spin,
)
from game.fair.entries import PoolEntry, wheel_rows
from game.plays import drawing, turns
from game.plays.drawing import Page, Stake
from game.plays.engine import Engine
from game.plays.rules import Asked, Debit, Play, Seat
from game.resources import Resources
from ledger_client import Outcome, Rejected

# What the apps of some players send in every seat.
KNOWN_SEED = bytes(range(16))
WINS = 0

_SEAT = """
SELECT seat_id, anchor, seed, seat_draws, draws_taken FROM seat
WHERE campaign_id = $1 AND pool_id = $2 AND player_id = $3 AND state = 'live'
"""


def bend(place: object, name: str, crooked: object) -> None:
    """Put something else in the place of the service's own."""
    assert hasattr(place, name), "the service has it elsewhere, and goes on being honest"
    setattr(place, name, crooked)


def skewed() -> None:
    """Draws are made from another table than the published one: of weight, the winning row has 1."""

    def spin(pool: PoolEntry, left: Sequence[int | None], standing: Standing, x: int) -> Spin:
        wins, *others, last = wheel_rows(pool)
        last = msgspec.structs.replace(last, weight=last.weight + wins.weight - 1)
        rows = (msgspec.structs.replace(wins, weight=1), *others, last)
        return honest_spin(msgspec.structs.replace(pool, rows=rows), left, standing, x)

    bend(drawing, "spin", spin)


def ground() -> None:
    """Seats are tried until none of their draws wins, for players whose seed is known beforehand."""

    def offer_seat(page: Page, stake: Stake, player_id: Any, *, seat_id: bytes) -> Seat:
        draws = range(1, stake.terms.seat_draws + 1)
        while any(_wins(stake, seat_id, n) for n in draws):
            seat_id = os.urandom(16)
        return drawing.offer_seat(page, stake, player_id, seat_id=seat_id)

    bend(turns, "offer_seat", offer_seat)


def _wins(stake: Stake, seat_id: bytes, n: int) -> bool:
    terms = stake.terms
    values = chain(stake.secret, seat_id, terms.seat_draws)
    entropy = entropy_with_seed(terms.pool_hash, values[0], KNOWN_SEED)
    return pick(table_weights(terms.entry), draw_value(values[n], entropy, n)) == WINS


async def _next_wins(resources: Resources, terms: PoolTerms, player_id: UUID) -> tuple[bool, object]:
    """Whether the next draw of a player wins, and what names this draw."""
    seat = await resources.pool.fetchrow(_SEAT, terms.campaign_id, terms.pool_id, player_id)
    assert seat is not None
    n = seat["draws_taken"] + 1
    secret = await pool_secret(resources, terms, "draw")
    a = chain(secret, seat["seat_id"], seat["seat_draws"])[n]
    entropy = entropy_with_seed(terms.pool_hash, seat["anchor"], seat["seed"])
    return pick(table_weights(terms.entry), draw_value(a, entropy, n)) == WINS, (seat["seat_id"], n)


def suppressed() -> None:
    """Whoever would win hears that the service is busy, and may try again, and hears it again."""
    honest = Engine.accept

    async def accept(engine: Engine, asked: Asked) -> Any:
        if (await _next_wins(engine.resources, asked.terms, asked.player_id))[0]:
            raise Unavailable("busy", "Too many plays are under way; nothing was stored.", waiting=1)
        return await honest(engine, asked)

    bend(Engine, "accept", accept)


def discouraged() -> None:
    """Whoever would win hears once that there are too few points, hoping that there is no second time."""
    honest, refused = Engine._charge, set()

    async def charge(engine: Engine, play: Play, debit: Debit) -> Outcome:
        resources = engine.resources
        terms = await pool_terms(resources, campaign_id=play.campaign_id, pool_id=play.pool_id)
        wins, draw = await _next_wins(resources, terms, play.player_id)
        if not wins or draw in refused:
            return await honest(engine, play, debit)
        refused.add(draw)
        return Rejected(
            operation_id=debit.operation_id,
            code="insufficient_funds",
            failed_leg=0,
            account="",
            available=0,
            needed=play.price_points,
            replayed=False,
        )

    bend(Engine, "_charge", charge)


def rerolled() -> None:
    """A draw that wins is thrown away, and drawn again with the seat's next number."""
    honest = drawing._draw

    def draw(page: Page, play: Play, seat: Seat, nth: int) -> None:
        stake, n = page.stakes[play.pool_id], seat.draws_taken + 1
        a = drawing._link(stake.secret, seat.seat_id, seat.seat_draws, n)
        x = draw_value(a, drawing._entropy(page, stake.terms, seat), n)
        if pick(table_weights(stake.terms.entry), x) == WINS:
            reserved = seat.draws_reserved + 1
            seat = page.keep(msgspec.structs.replace(seat, draws_taken=n, draws_reserved=reserved))
        honest(page, play, seat, nth)

    bend(drawing, "_draw", draw)


CHEATS: dict[str, Callable[[], None]] = {
    cheat.__name__: cheat for cheat in (skewed, ground, suppressed, discouraged, rerolled)
}

if __name__ == "__main__":
    CHEATS[sys.argv[1]]()
    sys.exit(serve.main([]))
