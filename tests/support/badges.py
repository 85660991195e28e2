"""A set of three badges, for rules that need no database."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from game.badges.drafts import AlternativeTerms, ConvertTerms, PrizeTerms, SetDraft
from game.badges.rules import Standing
from game.campaigns.drafts import NameDraft

NAME = NameDraft(zh="生肖", en="Zodiac")
REDEEM_UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
SET = SetDraft(
    name=NAME,
    badges=("ox", "rat", "tiger"),
    prize=PrizeTerms(kind="points", amount=500, name=NAME, units=2),
    alternative=AlternativeTerms(kind="chances", amount=3, units=10),
    exchange_price=2,
    convert=ConvertTerms(points=5, units=7),
    guarantee_draws=4,
    redeem_until=REDEEM_UNTIL,
)
VOUCHER = PrizeTerms(kind="voucher", voucher_batch="tea", name=NAME, units=2)
GOODS = PrizeTerms(kind="goods", name=NAME, units=2)


def terms(**changes: Any) -> SetDraft:
    """The set with some terms of its own."""
    return msgspec.structs.replace(SET, **changes)


def standing(*, draws: int = 0, claims: int = 0, **held: int) -> Standing:
    """A player who holds these badges."""
    return Standing(held=held, draws=draws, claims=claims)
