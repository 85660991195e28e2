"""Which sets may be saved, and the most that they can cost."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from game.badges.checks import AFTER_MS, check_set, promised
from game.badges.drafts import AlternativeTerms, ConvertTerms, PrizeTerms, SetDraft
from game.campaigns.drafts import MAX_CHANCES
from game.campaigns.records import Campaign
from game.campaigns.rules import Text
from game.errors import Invalid
from game.instants import to_datetime, to_ms
from tests.support.badges import NAME, REDEEM_UNTIL, VOUCHER, terms

CLOSES_MS = to_ms(REDEEM_UNTIL)
CAMPAIGN = Campaign(
    campaign_id="campaign0001",
    brand_id="acme",
    operator_name="acme.example",
    state="draft",
    name=Text(zh="春", en="Spring"),
    rules=Text(zh="规", en="Rules"),
    opens_ms=to_ms(datetime(2026, 1, 1, tzinfo=UTC)),
    closes_ms=CLOSES_MS,
    time_zone="Asia/Shanghai",
    limit_per_day=None,
    limit_total=12,
    version=1,
    created_by="mia",
    created_ms=0,
    launched_ms=None,
)


def check(*, campaign: Campaign = CAMPAIGN, **changes: Any) -> None:
    """Check the set beside another one that has the dog."""
    check_set(terms(**changes), campaign, defined={"ox", "rat", "tiger", "dog"}, taken={"dog": "autumn"})


def test_a_set_that_may_be_saved() -> None:
    """Three badges, each guaranteed after four draws: as many as one player may take."""
    check()
    check(prize=VOUCHER)
    check(redeem_until=to_datetime(CLOSES_MS + AFTER_MS))
    check(guarantee_draws=100_000, campaign=msgspec.structs.replace(CAMPAIGN, limit_total=None))


@pytest.mark.parametrize(
    ("changes", "field", "numbers"),
    [
        ({"badges": ("ox", "rat", "ox")}, "$.badges[2]", {"badge": "ox"}),
        ({"badges": ("ox", "pig")}, "$.badges[1]", {"badge": "pig"}),
        ({"badges": ("dog", "ox")}, "$.badges[0]", {"badge": "dog", "set": "autumn"}),
        ({"prize": PrizeTerms(kind="voucher", name=NAME, units=1)}, "$.prize.voucher_batch", {}),
        ({"prize": PrizeTerms(kind="points", voucher_batch="tea", name=NAME, units=1)},
         "$.prize.voucher_batch", {}),
        ({"prize": PrizeTerms(kind="goods", amount=2, name=NAME, units=1)}, "$.prize.amount", {"amount": 2}),
        ({"alternative": AlternativeTerms(kind="chances", amount=MAX_CHANCES + 1, units=1)},
         "$.alternative.amount", {"amount": MAX_CHANCES + 1}),
        ({"redeem_until": to_datetime(CLOSES_MS - 1)}, "$.redeem_until", {"closes_ms": CLOSES_MS}),
        ({"redeem_until": to_datetime(CLOSES_MS + AFTER_MS + 1)}, "$.redeem_until",
         {"closes_ms": CLOSES_MS}),
    ],
)  # fmt: skip
def test_a_set_that_breaks_a_rule(changes: dict[str, Any], field: str, numbers: dict[str, Any]) -> None:
    """The refusal names the field and what is wrong with it."""
    with pytest.raises(Invalid) as refused:
        check(**changes)
    told = {name: value for name, value in refused.value.numbers.items() if name not in ("field", "rule")}
    assert (refused.value.code, refused.value.numbers["field"], told) == ("rule_broken", field, numbers)


def test_as_many_points_as_are_allowed_are_no_chances() -> None:
    """The bound of chances is that of chances."""
    check(alternative=AlternativeTerms(kind="points", amount=MAX_CHANCES + 1, units=1))
    check(alternative=AlternativeTerms(kind="chances", amount=MAX_CHANCES, units=1))


@pytest.mark.parametrize("limits", [{"limit_total": 12}, {"limit_total": None, "limit_per_day": 1}])
def test_a_set_that_bad_luck_never_completes(limits: dict[str, int | None]) -> None:
    """No guarantee, or one behind more draws than a player may take."""
    campaign = msgspec.structs.replace(CAMPAIGN, **limits)
    with pytest.raises(Invalid) as refused:
        check(guarantee_draws=None, campaign=campaign)
    assert refused.value.code == "no_guaranteed_path"
    with pytest.raises(Invalid) as refused:
        check(guarantee_draws=123, campaign=campaign)
    assert (refused.value.code, refused.value.numbers["needed_draws"]) == ("no_guaranteed_path", 369)


@pytest.mark.parametrize(
    ("changes", "points", "vouchers"),
    [
        ({}, 2 * 500 + 7 * 5, {}),
        ({"convert": None}, 2 * 500, {}),
        ({"prize": VOUCHER}, 7 * 5, {"tea": 2}),
        ({"alternative": AlternativeTerms(kind="points", amount=50, units=10)}, 1_000 + 500 + 35, {}),
        ({"convert": ConvertTerms(points=1, units=1), "prize": VOUCHER}, 1, {"tea": 2}),
    ],
)
def test_all_that_a_set_can_pay_is_promised(
    changes: dict[str, Any], points: int, vouchers: dict[str, int]
) -> None:
    """Each thing by its units; chances and goods are neither points nor codes."""
    found = promised(terms(**changes))
    assert (found.points, found.vouchers) == (points, vouchers)


def test_what_a_promise_stands_on() -> None:
    """The draws without luck, the last day of the set, and the terms as players are shown them."""
    found = promised(terms())
    assert (found.draws, found.until_ms) == (12, CLOSES_MS)
    assert msgspec.convert(found.terms, SetDraft) == terms()
    assert promised(terms(guarantee_draws=None)).draws is None
