"""What a trade of badges costs, gives and is refused for; and that no trade is worth two."""

from collections import Counter
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.badges.drafts import SetDraft
from game.badges.rules import (
    Claim,
    Convert,
    Decision,
    Exchange,
    Gives,
    Redeem,
    Standing,
    Stock,
    Trade,
    TradeKind,
    badges_changed,
    claims_left,
    decide,
    draws_at_most,
    gift_refusal,
    likely,
    refusal,
    set_closed,
)
from game.errors import Refusal
from tests.support.badges import GOODS, VOUCHER, standing, terms

STOCK = Stock(prize=1, alternative=1, convert=1)
FULL = {"ox": 1, "rat": 1, "tiger": 1}
SPARE = standing(ox=3, rat=1, draws=4)


def decided(
    trade: Trade, player: Standing = SPARE, stock: Stock = STOCK, draft: SetDraft | None = None
) -> Decision:
    """What comes of a trade in the set `zodiac`."""
    return decide("zodiac", terms() if draft is None else draft, player, stock, trade)


def refused(trade: Trade, player: Standing = SPARE, **changes: Any) -> dict[str, Any]:
    """The code of the refusal and the numbers that explain it."""
    reason = refusal("zodiac", terms(**changes), player, STOCK, trade)
    assert reason is not None
    return {"code": reason.code, **reason.numbers}


def badge(name: str) -> Gives:
    """One badge."""
    return Gives(kind="badge", amount=1, item=name)


def test_what_is_missing_and_what_is_spare() -> None:
    """The first of each badge is neither; badges of no set are of no account."""
    player = standing(ox=3, rat=1, tiger=0, pig=9)
    assert (player.missing(terms()), player.spare(terms())) == (("tiger",), {"ox": 2})


def test_an_exchange_takes_spare_badges_for_a_missing_one() -> None:
    """No stock: badges are not limited."""
    assert decided(Exchange(wanted="tiger", spend=("ox", "ox"))) == Decision(
        spends={"ox": 2}, gives=badge("tiger"), takes=None
    )


@pytest.mark.parametrize(
    ("trade", "wanted"),
    [
        (Exchange(wanted="tiger", spend=("ox",)), {"code": "wrong_price", "price": 2, "offered": 1}),
        (Exchange(wanted="tiger", spend=("ox",) * 3), {"code": "wrong_price", "price": 2, "offered": 3}),
        (Exchange(wanted="tiger", spend=("ox", "rat")),
         {"code": "not_spare", "badge": "rat", "spare": 0, "asked": 1}),
        (Exchange(wanted="tiger", spend=("pig", "ox")),
         {"code": "not_spare", "badge": "pig", "spare": 0, "asked": 1}),
        (Exchange(wanted="rat", spend=("ox", "ox")), {"code": "badge_not_missing", "badge": "rat"}),
        (Claim(wanted="ox"), {"code": "badge_not_missing", "badge": "ox"}),
        (Convert(badge="rat"), {"code": "not_spare", "badge": "rat", "spare": 0, "asked": 1}),
        (Convert(badge="pig"), {"code": "not_spare", "badge": "pig", "spare": 0, "asked": 1}),
        (Redeem(), {"code": "set_incomplete", "missing": ["tiger"]}),
    ],
)  # fmt: skip
def test_a_trade_that_the_badges_at_hand_do_not_allow(trade: Trade, wanted: dict[str, Any]) -> None:
    """The last one of a badge is never spare, a badge of no set never worth anything."""
    assert refused(trade) == wanted


@pytest.mark.parametrize("trade", [Exchange(wanted="pig", spend=("ox", "ox")), Claim(wanted="pig")])
def test_only_badges_of_the_set_can_be_had(trade: Trade) -> None:
    """Whatever else the campaign has."""
    assert (refused(trade)["code"], refused(trade)["field"]) == ("rule_broken", "$.wanted")


def test_what_is_offered_more_often_than_it_is_spare() -> None:
    """Each copy is counted: two of three are spare, however often they are named."""
    trade = Exchange(wanted="tiger", spend=("ox", "ox", "ox"))
    assert refused(trade, exchange_price=3) == {"code": "not_spare", "badge": "ox", "spare": 2, "asked": 3}


@pytest.mark.parametrize(
    ("trade", "changes", "kind"),
    [
        (Exchange(wanted="tiger", spend=("ox", "ox")), {"exchange_price": None}, "exchange"),
        (Convert(badge="ox"), {"convert": None}, "convert"),
    ],
)
def test_what_the_policy_does_not_offer(trade: Trade, changes: dict[str, Any], kind: str) -> None:
    """Named as what it is, whatever the player holds."""
    assert refused(trade, **changes) == {"code": "not_offered", "kind": kind}


def test_a_spare_badge_is_converted_while_there_are_units() -> None:
    """One unit each."""
    points = Gives(kind="points", amount=5, item=None)
    assert decided(Convert(badge="ox")) == Decision(spends={"ox": 1}, gives=points, takes="convert")
    with pytest.raises(Refusal, match="No more badges") as none_left:
        decided(Convert(badge="ox"), stock=Stock(prize=1, alternative=1, convert=0))
    assert (none_left.value.code, none_left.value.numbers) == ("set_sold_out", {"left": 0})


@pytest.mark.parametrize(
    ("draws", "claims", "left"), [(0, 0, 0), (3, 0, 0), (4, 0, 1), (7, 1, 0), (8, 1, 1), (12, 0, 3)]
)
def test_every_so_many_draws_earn_a_claim(draws: int, claims: int, left: int) -> None:
    """What was claimed is used up; a claim costs no badge."""
    player = standing(ox=1, draws=draws, claims=claims)
    assert claims_left(terms(), player) == left
    if left:
        assert decided(Claim(wanted="rat"), player) == Decision(spends={}, gives=badge("rat"), takes=None)
    else:
        numbers = {"guarantee_draws": 4, "draws": draws, "claims": claims}
        assert refused(Claim(wanted="rat"), player) == {"code": "no_claim_yet", **numbers}


@pytest.mark.parametrize(
    ("changes", "gives"),
    [
        ({}, Gives(kind="points", amount=500, item=None)),
        ({"prize": VOUCHER}, Gives(kind="voucher", amount=1, item="tea")),
        ({"prize": GOODS}, Gives(kind="goods", amount=1, item="zodiac")),
    ],
)
def test_a_full_set_is_redeemed_for_its_prize(changes: dict[str, Any], gives: Gives) -> None:
    """It costs one of each badge; goods are named by their set."""
    player = standing(**FULL | {"ox": 4})
    assert decided(Redeem(), player, draft=terms(**changes)) == Decision(
        spends=FULL, gives=gives, takes="prize"
    )


def test_then_for_the_alternative_then_for_nothing() -> None:
    """What is gone is said, and costs no badge."""
    player = standing(**FULL)
    other = decided(Redeem(), player, Stock(prize=0, alternative=1, convert=1))
    assert (other.gives, other.takes) == (Gives(kind="chances", amount=3, item=None), "alternative")
    with pytest.raises(Refusal) as none_left:
        decided(Redeem(), player, Stock(prize=0, alternative=0, convert=1))
    assert none_left.value.code == "set_sold_out"


@pytest.mark.parametrize(
    ("player", "draws"),
    [
        (standing(), 12),
        (standing(ox=1), 8),
        (standing(ox=1, draws=3), 5),
        (standing(ox=1, draws=9), 0),
        (standing(ox=2, rat=1, draws=4, claims=1), 4),
        (standing(ox=3, rat=1), 0),
        (standing(ox=4), 4),
        (standing(**FULL), 0),
    ],
)
def test_how_many_draws_complete_a_set_at_most(player: Standing, draws: int) -> None:
    """Claims that are left and spare badges at hand are counted, luck is not."""
    assert draws_at_most(terms(), player) == draws


def test_without_exchange_spare_badges_shorten_nothing() -> None:
    """Two of four are missing, and each takes a claim."""
    assert draws_at_most(terms(exchange_price=None), standing(ox=9)) == 8


HELD = st.dictionaries(st.sampled_from(["ox", "rat", "tiger", "pig"]), st.integers(0, 5))


@given(held=HELD, draws=st.integers(0, 20), claims=st.integers(0, 3), price=st.integers(2, 4))
def test_a_likely_trade_is_refused_only_for_a_reason_of_the_players(
    held: dict[str, int], draws: int, claims: int, price: int
) -> None:
    """What the app shows is what the trade does: it can be had where badges and draws are there."""
    player, draft = Standing(held=held, draws=draws, claims=claims), terms(exchange_price=price)
    trades = likely(draft, player)
    assert set(trades) == set(get_args(TradeKind))
    spare, missing = sum(player.spare(draft).values()), player.missing(draft)
    can = {kind: refusal("zodiac", draft, player, STOCK, trade) is None for kind, trade in trades.items()}
    assert can == {
        "exchange": bool(missing) and spare >= price,
        "convert": spare > 0,
        "claim": bool(missing) and draws // 4 > claims,
        "redeem": not missing,
    }


@given(held=HELD, draws=st.integers(0, 20))
def test_no_trade_takes_what_is_not_there_or_breaks_a_set(held: dict[str, int], draws: int) -> None:
    """All but a redemption leave one of each badge that was held, and none leaves less than nothing."""
    player = Standing(held=held, draws=draws, claims=0)
    for kind, trade in likely(terms(), player).items():
        if refusal("zodiac", terms(), player, STOCK, trade) is None:
            left = Counter(held)
            left.subtract(decided(trade, player).spends)
            assert all(count >= (kind != "redeem") for name, count in left.items() if held[name])


@pytest.mark.parametrize(
    ("player", "gifts", "reason"),
    [
        (SPARE, True, None),
        (SPARE, False, {"code": "not_offered", "kind": "gift"}),
        (standing(ox=1), True, {"code": "not_spare", "badge": "ox", "spare": 0, "asked": 1}),
    ],
)
def test_a_badge_is_given_where_it_is_spare(
    player: Standing, *, gifts: bool, reason: dict[str, Any] | None
) -> None:
    """And where the policy of its set has gifts; the album says so by the same rule."""
    found = gift_refusal(terms(gifts=gifts), player)
    assert reason == (None if found is None else {"code": found.code, **found.numbers})


def test_what_stands_in_the_way_of_all_that_is_made_of_badges() -> None:
    """The set is over, or its badges have changed meanwhile."""
    assert (set_closed(5).code, set_closed(5).numbers) == ("set_closed", {"until_ms": 5})
    assert badges_changed().code == "badges_changed"
