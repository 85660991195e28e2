"""Which tasks may be saved; each refusal names its field."""

from typing import Any

import pytest

from game.campaigns.drafts import MAX_CHANCES
from game.errors import Conflict, Exhausted, Invalid, Refusal
from game.instants import to_datetime
from game.scores.rules import Wanted
from game.tasks.checks import check_expiry, check_removal, check_schedule, check_task
from game.tasks.drafts import RewardDraft
from game.tasks.praise import ARTICLE
from game.tasks.rules import TASKS_MAX, Filter, FilterKind
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.declaring import Attributes
from tests.support.tasks import draft

FORBIDDEN = frozenset({"moments", "qq"})
POINTS = RewardDraft(kind="points", amount=10)
CHANCES = RewardDraft(kind="chances", amount=1, expires_at=to_datetime(5_000))
LATER, SOONER = to_datetime(1_500), to_datetime(1_400)
UNRANKED = Wanted(ranked=frozenset())


def wants(attribute: str, kind: FilterKind, *values: int | str | bool) -> dict[str, Any]:
    """One filter."""
    return {"filters": (Filter(attribute=attribute, kind=kind, values=values),)}


def check(**changes: Any) -> None:
    """Check the task `new` beside `first` and `second`, of which each needs the one before."""
    made = draft(**changes)
    others = {"first": draft(), "second": draft(prerequisites=("first",))}
    attributes: Attributes | None = CATALOGUE.get(made.event_type.removesuffix(".reversed"))
    check_task("new", made, others=others, attributes=attributes, forbidden=FORBIDDEN)


def refused(**changes: Any) -> Refusal:
    """Why a task is refused."""
    with pytest.raises(Refusal) as error:
        check(**changes)
    return error.value


REVIEW = {"event_type": "review.created"}
REFERRAL = {"event_type": "referral.completed"}
ALLOWED: dict[str, dict[str, Any]] = {
    "all defaults": {},
    "a sum of a whole number": {"sum_of": "amount_fen"},
    "a number within a bound": wants("items", "at_least", 1_000_000),
    "a word of some": REFERRAL | wants("stage", "is", "purchased", "registered"),
    "a truth": REVIEW | wants("verified_purchase", "is", True),
    "the longest text": wants("category", "is_not", "a" * 100),
    "once": {"window": "once", "times_per_window": 1, "times_per_player": 1},
    "as often in a window as in all": {"times_per_window": 30},
    "a week and its first day": {"window": "week", "week_starts": "sunday"},
    "opens before it closes": {"opens": SOONER, "closes": LATER},
    "a voucher": {"reward": RewardDraft(kind="voucher", amount=1, item="tea")},
    "a badge without a bound": {
        "reward": RewardDraft(kind="badge", amount=1, item="ox"), "times_overall": None
    },
    "the most chances": {
        "reward": RewardDraft(kind="chances", amount=MAX_CHANCES, expires_at=LATER), "times_overall": None
    },
    "prerequisites": {"prerequisites": ("first", "second")},
    "a share over a channel that counts": {"event_type": "share.created"} | wants("channel", "is", "weibo"),
    "a share that is not asked for its item": {
        "event_type": "share.created",
        "filters": (
            Filter(attribute="channel", kind="is", values=("weibo",)),
            Filter(attribute="item", kind="is", values=("moments",)),
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED)
def test_tasks_that_may_be_saved(case: str) -> None:
    """At the edge of each rule."""
    check(**ALLOWED[case])


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no such event": ({"event_type": "rain.fell"}, "$.event_type"),
    "a reversal": ({"event_type": "purchase.completed.reversed"}, "$.event_type"),
    "no such attribute": (wants("colour", "is", "red"), "$.filters[0].attribute"),
    "a bound of a text": (wants("category", "at_least", 1), "$.filters[0].values"),
    "two bounds": (wants("items", "at_most", 1, 2), "$.filters[0].values"),
    "a bound below the least": (wants("items", "at_least", 0), "$.filters[0].values"),
    "a bound above the most": (wants("items", "at_most", 1_000_001), "$.filters[0].values"),
    "a truth for a number": (wants("items", "is", True), "$.filters[0].values"),
    "a number for a truth": (REVIEW | wants("verified_purchase", "is", 1), "$.filters[0].values"),
    "a word that is none of them": (REFERRAL | wants("stage", "is", "purchased", "dreamt"),
                                    "$.filters[0].values"),
    "a number for a text": (wants("category", "is", 7), "$.filters[0].values"),
    "an empty text": (wants("category", "is", ""), "$.filters[0].values"),
    "a text that is too long": (wants("category", "is", "a" * 101), "$.filters[0].values"),
    "a sum of texts": ({"sum_of": "category"}, "$.sum_of"),
    "a sum of nothing": ({"sum_of": "colour"}, "$.sum_of"),
    "twice a once": ({"window": "once", "times_per_window": 1, "times_per_player": 2}, "$.times_per_window"),
    "more often in a window than in all": ({"times_per_window": 31}, "$.times_per_window"),
    "a week without a first day": ({"window": "week"}, "$.week_starts"),
    "a day with a first day": ({"week_starts": "monday"}, "$.week_starts"),
    "never open": ({"opens": LATER, "closes": LATER}, "$.closes"),
    "points with an item": ({"reward": RewardDraft(kind="points", amount=1, item="tea")}, "$.reward.item"),
    "a voucher of no batch": ({"reward": RewardDraft(kind="voucher", amount=1)}, "$.reward.item"),
    "a badge of no name": ({"reward": RewardDraft(kind="badge", amount=1)}, "$.reward.item"),
    "chances for ever": ({"reward": RewardDraft(kind="chances", amount=1)}, "$.reward.expires_at"),
    "points that expire": ({"reward": RewardDraft(kind="points", amount=1, expires_at=LATER)},
                           "$.reward.expires_at"),
    "too many chances": ({"reward": RewardDraft(kind="chances", amount=MAX_CHANCES + 1, expires_at=LATER)},
                         "$.reward.amount"),
    "two vouchers": ({"reward": RewardDraft(kind="voucher", amount=2, item="tea")}, "$.reward.amount"),
    "points without a bound": ({"times_overall": None}, "$.times_overall"),
    "vouchers without a bound": ({"reward": RewardDraft(kind="voucher", amount=1, item="tea"),
                                  "times_overall": None}, "$.times_overall"),
    "an unknown prerequisite": ({"prerequisites": ("first", "third")}, "$.prerequisites"),
    "itself": ({"prerequisites": ("new",)}, "$.prerequisites"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_tasks_that_break_a_rule(case: str) -> None:
    """The refusal names the field at fault."""
    changes, field = BROKEN[case]
    reason = refused(**changes)
    assert (type(reason), reason.code, reason.numbers["field"]) == (Invalid, "rule_broken", field)


def test_the_filter_at_fault_is_named() -> None:
    """By its place among the filters."""
    filters = (*wants("items", "is", 1)["filters"], *wants("colour", "is", "red")["filters"])
    reason = refused(filters=filters)
    assert reason.numbers["field"] == "$.filters[1].attribute"
    assert reason.numbers["known"] == sorted(CATALOGUE["purchase.completed"])


@pytest.mark.parametrize("attribute", ["rating", "stars", "review_score"])
def test_nobody_pays_for_praise(attribute: str) -> None:
    """Neither by a filter nor by a sum, whatever the event is called; the law's article is named."""
    for changes in (wants(attribute, "at_least", 1), {"sum_of": attribute}):
        for event_type in ("review.created", "purchase.completed"):
            reason = refused(event_type=event_type, **changes)
            assert (reason.code, reason.numbers["article"]) == ("rating_filter", ARTICLE)


@pytest.mark.parametrize(
    ("changes", "channels"),
    [
        ({}, ["moments", "qq"]),
        (wants("channel", "is_not", "moments", "qq"), ["moments", "qq"]),
        (wants("item", "is", "weibo"), ["moments", "qq"]),
        (wants("channel", "is", "weibo", "qq"), ["qq"]),
        (wants("channel", "is", "weibo", "ＱＱ ", "Moments"), ["moments", "qq"]),
    ],
)
def test_shares_name_channels_that_may_be_rewarded(changes: dict[str, Any], channels: list[str]) -> None:
    """All but those that are forbidden today would count one that is forbidden tomorrow."""
    reason = refused(event_type="share.created", **changes)
    assert (reason.code, reason.numbers["channels"]) == ("forbidden_channel", channels)


def test_without_forbidden_channels_any_share_counts() -> None:
    """And other events are never asked for one."""
    share = draft(event_type="share.created")
    check_task("new", share, others={}, attributes=CATALOGUE["share.created"], forbidden=())


def test_a_campaign_has_so_many_tasks() -> None:
    """One more is refused with the limit."""
    others = {f"task-{number}": draft() for number in range(TASKS_MAX)}
    with pytest.raises(Exhausted) as reason:
        check_task("new", draft(), others=others, attributes={}, forbidden=())
    assert (reason.value.code, reason.value.numbers) == ("too_many_tasks", {"limit": TASKS_MAX})
    others.popitem()
    check_task("new", draft(), others=others, attributes={}, forbidden=())


def test_prerequisites_run_in_no_circle() -> None:
    """Also where the circle is closed by a task that is saved anew."""
    others = {
        "new": draft(),
        "first": draft(prerequisites=("new",)),
        "second": draft(prerequisites=("first",)),
    }
    changed = draft(prerequisites=("second",))
    with pytest.raises(Invalid) as reason:
        check_task("new", changed, others=others, attributes={}, forbidden=())
    assert reason.value.numbers["field"] == "$.prerequisites"
    circle = reason.value.numbers["circle"]
    assert isinstance(circle, list)
    assert set(circle) == {"new", "first", "second"}


def test_a_task_that_others_need_is_not_removed() -> None:
    """They are named."""
    others = {"c": draft(prerequisites=("a",)), "b": draft(prerequisites=("x", "a")), "d": draft()}
    with pytest.raises(Conflict) as reason:
        check_removal("a", others, ranked=UNRANKED)
    assert (reason.value.code, reason.value.numbers) == ("task_needed", {"tasks": ["b", "c"]})
    check_removal("d", others, ranked=UNRANKED)
    with pytest.raises(Conflict) as reason:
        check_removal("d", others, ranked=Wanted(ranked=frozenset({"progress:d"})))
    assert reason.value.code == "task_needed"


@pytest.mark.parametrize(
    ("opens_ms", "closes_ms", "is_refused"),
    [
        (None, None, False),
        (0, None, False),
        (None, 1_001, False),
        (None, 1_000, True),
        (500, 1_000, True),
        (1_999, None, False),
        (2_000, None, True),
    ],
)
def test_a_task_is_open_while_its_campaign_is(
    opens_ms: int | None, closes_ms: int | None, *, is_refused: bool
) -> None:
    """For an instant at least; it may open before, so that the past counts."""
    opens = None if opens_ms is None else to_datetime(opens_ms)
    closes = None if closes_ms is None else to_datetime(closes_ms)
    made = draft(opens=opens, closes=closes)
    if not is_refused:
        check_schedule(made, opens_ms=1_000, closes_ms=2_000)
        return
    with pytest.raises(Invalid) as reason:
        check_schedule(made, opens_ms=1_000, closes_ms=2_000)
    assert reason.value.numbers["field"] == "$.closes"


def test_chances_outlive_the_campaign() -> None:
    """Else the last that are earned would be worth nothing."""
    check_expiry(POINTS, closes_ms=9_000, at="$")
    check_expiry(CHANCES, closes_ms=5_000, at="$")
    with pytest.raises(Invalid) as reason:
        check_expiry(CHANCES, closes_ms=5_001, at="$")
    assert reason.value.numbers["field"] == "$.reward.expires_at"
