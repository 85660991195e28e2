"""Badges, sets, trades and odds on the wire."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import msgspec

from game.badges.chances import CACHED, Odds, Table, odds_of, tables_of
from game.badges.drafts import SetDraft
from game.badges.rules import (
    Gives,
    Standing,
    Stock,
    TradeKind,
    claims_left,
    draws_at_most,
    gift_refusal,
    likely,
    pays_now,
    refusal,
)
from game.badges.store import BadgeSet, Collection, Traded
from game.campaigns.public_views import ReasonView, reason_view
from game.campaigns.records import Pool
from game.errors import Refusal
from game.fair.entries import PoolEntry, decode
from game.ids import wire_id

DIGITS = 12
# Python writes no number of more than 4,300 digits, since that takes time that grows with their square.
FRACTION_BITS_MAX = 4_096
NEWCOMER = Standing(held={}, draws=0, claims=0)


class ExactView(msgspec.Struct, frozen=True, kw_only=True):
    """An exact number: a fraction such as `1/6`, and the same in decimals, to 12 digits.

    The fraction is null where it would have more than about 2,400 digits, as averages over many weights have.
    """

    fraction: str | None
    decimal: str


class WithinView(msgspec.Struct, frozen=True, kw_only=True):
    """The chance that so many draws complete the set: by luck `alone`, and with spare badges `exchanged`."""

    draws: int
    alone: ExactView
    exchanged: ExactView | None


class OddsView(msgspec.Struct, frozen=True, kw_only=True):
    """The odds in a pool whose table stays as it is now.

    It may not where `moves` is true: a stock runs out, a limit or a guarantee takes hold. `expected_draws`
    is null of scratch cards, and where luck alone cannot complete the set.
    """

    pool_id: str
    moves: bool
    expected_draws: ExactView | None
    within: tuple[WithinView, ...]


class BoundView(msgspec.Struct, frozen=True, kw_only=True):
    """A published pool whose rules text, of this SHA-256 in hex, has the set's terms as they are here."""

    pool_id: str
    rules_sha256: str


class SetView(msgspec.Struct, frozen=True, kw_only=True):
    """A set with its policy, what is left of it, and the odds of a player who has nothing yet.

    `bound_by` is what binds the operator to the terms: nothing yet in a draft.
    """

    set_id: str
    terms: SetDraft
    bound_by: tuple[BoundView, ...]
    left: Stock
    odds: tuple[OddsView, ...]


class SetList(msgspec.Struct, frozen=True, kw_only=True):
    """The sets of a campaign."""

    sets: tuple[SetView, ...]


class MySet(msgspec.Struct, frozen=True, kw_only=True):
    """A player in a set. `refused` says why a kind of trade, or a gift, is refused; no entry: it can be.

    The set can be completed after `draws_at_most` more draws, however they fall. `next_reward` is what a full
    set is redeemed for as things stand, null: all is gone.
    """

    set_id: str
    terms: SetDraft
    bound_by: tuple[BoundView, ...]
    left: Stock
    held: dict[str, int]
    missing: tuple[str, ...]
    spare: dict[str, int]
    claims_left: int
    draws_at_most: int
    next_reward: Gives | None
    refused: dict[TradeKind | Literal["gift"], ReasonView]
    odds: tuple[OddsView, ...]


class MyBadges(msgspec.Struct, frozen=True, kw_only=True):
    """A player in the sets of a campaign."""

    sets: tuple[MySet, ...]


class TradedView(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a trade. What was given stands among the player's prizes under the id."""

    id: str
    set_id: str
    spent: dict[str, int]
    kind: str
    amount: int
    item: str | None
    is_alternative: bool


def set_list(sets: Sequence[BadgeSet], pools: Sequence[Pool]) -> SetList:
    """Sets as everybody may see them."""
    tables, bound = tables_of(pools), bound_by(pools)
    return SetList(
        sets=tuple(
            SetView(
                set_id=each.set_id,
                terms=each.terms,
                bound_by=bound,
                left=each.stock,
                odds=_odds(tables, each.terms, NEWCOMER),
            )
            for each in sets
        )
    )


def my_badges(found: Sequence[Collection], tables: Sequence[Table], bound: tuple[BoundView, ...]) -> MyBadges:
    """A player's badges. Whoever tells the same in another way raises `collecting.FORM`."""
    return MyBadges(sets=tuple(_mine(each.badge_set, each.standing, tables, bound) for each in found))


def traded_view(campaign_id: str, done: Traded) -> TradedView:
    """What came of a trade."""
    return TradedView(
        id=wire_id(campaign_id, done.trade_id),
        set_id=done.set_id,
        spent=done.spent,
        kind=done.kind,
        amount=done.amount,
        item=done.item,
        is_alternative=done.is_alternative,
    )


def _mine(mine: BadgeSet, standing: Standing, tables: Sequence[Table], bound: tuple[BoundView, ...]) -> MySet:
    terms = mine.terms
    reasons: dict[TradeKind | Literal["gift"], Refusal | None] = {
        kind: refusal(mine.set_id, terms, standing, mine.stock, trade)
        for kind, trade in likely(terms, standing).items()
    }
    reasons["gift"] = gift_refusal(terms, standing)
    return MySet(
        set_id=mine.set_id,
        terms=terms,
        bound_by=bound,
        left=mine.stock,
        held={badge: standing.held.get(badge, 0) for badge in terms.badges},
        missing=standing.missing(terms),
        spare=standing.spare(terms),
        claims_left=claims_left(terms, standing),
        draws_at_most=draws_at_most(terms, standing),
        next_reward=pays_now(mine.set_id, terms, mine.stock),
        refused={kind: reason_view(reason) for kind, reason in reasons.items() if reason is not None},
        odds=_odds(tables, terms, standing),
    )


def bound_by(pools: Sequence[Pool]) -> tuple[BoundView, ...]:
    """What binds the operator to the terms of sets: the rules of the pools that were published."""
    return tuple(
        BoundView(pool_id=pool.pool_id, rules_sha256=_rules_of(pool.entry)) for pool in pools if pool.entry
    )


@lru_cache(maxsize=CACHED)
def _rules_of(entry: bytes) -> str:
    logged = decode(entry)
    assert isinstance(logged, PoolEntry)
    return logged.rules


def _odds(tables: Sequence[Table], terms: SetDraft, standing: Standing) -> tuple[OddsView, ...]:
    return tuple(map(_odds_view, odds_of(tables, terms, standing)))


def _odds_view(odds: Odds) -> OddsView:
    return OddsView(
        pool_id=odds.table.pool_id,
        moves=odds.table.moves,
        expected_draws=None if odds.expected is None else exact(odds.expected),
        within=tuple(
            WithinView(
                draws=each.draws,
                alone=exact(each.alone),
                exchanged=None if each.exchanged is None else exact(each.exchanged),
            )
            for each in odds.within
        ),
    )


def exact(number: Fraction) -> ExactView:
    """A fraction in both ways of writing it."""
    with localcontext(prec=DIGITS):
        decimal = Decimal(number.numerator) / Decimal(number.denominator)
    bits = max(number.numerator.bit_length(), number.denominator.bit_length())
    fraction = f"{number.numerator}/{number.denominator}" if bits <= FRACTION_BITS_MAX else None
    return ExactView(fraction=fraction, decimal=f"{decimal:f}")
