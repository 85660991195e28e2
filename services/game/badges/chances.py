"""The odds of completing a set in the pools of its campaign, over the tables as they stand. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

import msgspec

from game.badges.drafts import SetDraft
from game.badges.odds import expected_draws, in_urn, on_wheel, with_exchange
from game.badges.rules import Standing
from game.campaigns.records import Pool
from game.campaigns.rules import Game

HORIZONS: Final = (1, 10, 50)
CACHED: Final = 1_024


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What of a pool's `total` weight, or tickets, pays each badge now.

    It `moves` where a stock, a limit or a guarantee may change it from one draw to the next.
    """

    pool_id: str
    game: Game
    total: int
    weights: Mapping[str, int]
    moves: bool


class Within(msgspec.Struct, frozen=True, kw_only=True):
    """The chance that so many draws complete a set: by luck alone, and where spare badges are exchanged."""

    draws: int
    alone: Fraction
    exchanged: Fraction | None


class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """The odds in one pool; `expected` is how many draws it takes on average, None: not told or never."""

    table: Table
    expected: Fraction | None
    within: tuple[Within, ...]


def tables_of(pools: Sequence[Pool]) -> tuple[Table, ...]:
    """The tables of the pools that can be played, or will be."""
    return tuple(_table(pool) for pool in pools if pool.state in ("draft", "live"))


def odds_of(tables: Sequence[Table], terms: SetDraft, standing: Standing) -> list[Odds]:
    """The odds in each table that pays badges of the set."""
    return [_odds(table, terms, standing) for table in tables if table.weights.keys() & set(terms.badges)]


def _table(pool: Pool) -> Table:
    is_wheel = pool.draft.game == "wheel"
    shares = _wheel(pool) if is_wheel else [units.left or 0 for units in pool.units]
    weights: Counter[str] = Counter()
    for row, share in zip(pool.draft.rows, shares, strict=True):
        if row.prize.badge is not None:
            weights[row.prize.badge] += share
    return Table(
        pool_id=pool.pool_id,
        game=pool.draft.game,
        total=sum(shares),
        weights=weights,
        moves=is_wheel and _moves(pool),
    )


def _wheel(pool: Pool) -> list[int]:
    """The weight of each row with that of rows that have run out and pay it in their place."""
    rows, left = pool.draft.rows, [units.left for units in pool.units]
    places = {row.id: place for place, row in enumerate(rows)}
    shares = [0] * len(rows)
    for place, row in enumerate(rows):
        paid = place
        while left[paid] == 0 and (other := rows[paid].else_) is not None:
            paid = places[other]
        shares[paid] += row.weight or 0
    return shares


def _moves(pool: Pool) -> bool:
    draft = pool.draft
    return draft.guarantee is not None or any(
        units.left or row.limit is not None or row.from_ is not None
        for row, units in zip(draft.rows, pool.units, strict=True)
    )


def _odds(table: Table, terms: SetDraft, standing: Standing) -> Odds:
    missing = tuple(table.weights.get(badge, 0) for badge in standing.missing(terms))
    held = sum(table.weights.get(badge, 0) for badge in terms.badges) - sum(missing)
    price = terms.exchange_price if table.game == "wheel" else None
    spare = sum(standing.spare(terms).values())
    is_wheel = table.game == "wheel"
    within = tuple(
        Within(
            draws=draws,
            alone=_alone(is_wheel, missing, table.total, draws),
            exchanged=None if price is None else _exchanged(missing, held, table.total, draws, spare, price),
        )
        for draws in HORIZONS
    )
    expected = _expected(missing, table.total) if is_wheel else None
    return Odds(table=table, expected=expected, within=within)


@lru_cache(maxsize=CACHED)
def _expected(missing: tuple[int, ...], total: int) -> Fraction | None:
    return expected_draws(missing, weight=total)


@lru_cache(maxsize=CACHED)
def _alone(is_wheel: bool, missing: tuple[int, ...], total: int, draws: int) -> Fraction:
    if is_wheel:
        return on_wheel(missing, weight=total, draws=draws)
    return in_urn(missing, tickets=total, draws=min(draws, total))


@lru_cache(maxsize=CACHED)
def _exchanged(
    missing: tuple[int, ...], held: int, total: int, draws: int, spare: int, price: int
) -> Fraction:
    return with_exchange(missing, held, weight=total, draws=draws, duplicates=spare, price=price)
