"""Managers write streaks while the campaign is a draft; what breaks a rule is refused with its field."""

from typing import Any

import pytest

from tests.tasks.diary import POLICY, Diary, milestone, streak
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

TEA = {"kind": "voucher", "amount": 1, "item": "tea"}
RATED = {"attribute": "rating", "kind": "at_least", "values": [4]}


@pytest.fixture
def diary(shop: Shop) -> Diary:
    """The shop, as far as streaks go."""
    return Diary(shop)


async def test_a_streak_is_shown_as_it_was_written(diary: Diary) -> None:
    """With the most that all streaks can pay: every milestone's places, and every repair refunded."""
    saved = await diary.saved()
    assert saved["streak_id"] == "daily"
    assert saved["streak"]["event_type"] == "checkin.created"
    assert [each["days"] for each in saved["streak"]["milestones"]] == [2, 4]
    await diary.saved("other", milestones=[milestone(3)], repairs_overall=1)
    found = await diary.shop.office.done("GET", diary.path)
    assert [each["streak_id"] for each in found["streaks"]] == ["daily", "other"]
    assert found["points_at_most"] == (20 + 40) * 100 + 10 * 50 + 30 * 100 + 50
    assert (await diary.shop.office.done("GET", f"{diary.path}/daily"))["streak"] == saved["streak"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_type": "nobody.declared"}, "$.event_type"),
        ({"event_type": "checkin.created.reversed"}, "$.event_type"),
        ({"filters": [{"attribute": "colour", "kind": "is", "values": ["red"]}]}, "$.filters[0].attribute"),
        ({"repairs_overall": None}, "$.repairs_overall"),
        ({"policy": POLICY | {"repair_days": 0}}, "$.repairs_overall"),
        ({"milestones": [milestone(4), milestone(2)]}, "$.milestones"),
        ({"milestones": [milestone(4), milestone(4)]}, "$.milestones"),
        ({"milestones": [milestone(2), milestone(13)]}, "$.milestones[1].days"),
        ({"milestones": [milestone(2, times_overall=None)]}, "$.milestones[0].times_overall"),
        ({"milestones": [milestone(2, reward=TEA | {"amount": 2})]}, "$.milestones[0].reward.amount"),
        (
            {"milestones": [milestone(2, reward={"kind": "badge", "amount": 1, "item": "none"})]},
            "$.milestones[0].reward.item",
        ),
    ],
)
async def test_a_broken_rule_is_named(diary: Diary, changes: dict[str, Any], field: str) -> None:
    """The refusal says which field breaks it, and nothing is saved."""
    refused = await diary.put(**changes)
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_broken")
    assert refused.json()["field"] == field
    assert (await diary.shop.office.done("GET", diary.path))["streaks"] == []


async def test_no_streak_looks_at_the_rating(diary: Diary) -> None:
    """As no task does."""
    refused = await diary.put(event_type="review.created", filters=[RATED])
    assert (refused.status_code, refused.json()["code"]) == (422, "rating_filter")


async def test_the_launch_demands_what_streaks_can_pay(diary: Diary) -> None:
    """Points and codes of all places; a streak that is gone costs nothing."""
    await diary.saved(milestones=[milestone(2, times_overall=1_000_000)])
    short = await diary.shop.office.ask("POST", f"campaigns/{diary.shop.campaign_id}/launch")
    assert (short.status_code, short.json()["code"]) == (409, "underfunded")
    await diary.shop.office.done("DELETE", f"{diary.path}/daily")
    await diary.saved("codes", milestones=[milestone(2, times_overall=91, reward=TEA)])
    short = await diary.shop.office.ask("POST", f"campaigns/{diary.shop.campaign_id}/launch")
    assert (short.json()["code"], short.json()["needed"]) == ("vouchers_missing", 101)
    await diary.saved("codes", milestones=[milestone(2, times_overall=90, reward=TEA)])
    await diary.shop.launch()


async def test_a_campaign_has_up_to_ten(diary: Diary) -> None:
    """The eleventh is refused; one of them may be written anew."""
    for number in range(10):
        await diary.saved(f"nr-{number}", milestones=[])
    refused = await diary.put("more", milestones=[])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_streaks")
    await diary.saved("nr-3")


async def test_nothing_changes_after_the_launch(diary: Diary) -> None:
    """Streaks are frozen with their campaign; each edit before is on record."""
    await diary.saved()
    await diary.saved(milestones=[])
    await diary.saved("other")
    await diary.shop.office.done("DELETE", f"{diary.path}/other")
    missing = await diary.shop.office.ask("DELETE", f"{diary.path}/other")
    assert (missing.status_code, missing.json()["code"]) == (404, "streak_not_found")
    await diary.shop.launch()
    for answer in (await diary.put(), await diary.shop.office.ask("DELETE", f"{diary.path}/daily")):
        assert (answer.status_code, answer.json()["code"]) == (409, "campaign_state")
    changes = await diary.shop.office.done("GET", f"campaigns/{diary.shop.campaign_id}/changes")
    edits = [each for each in changes["changes"] if each["action"].startswith("streak.")]
    assert [each["action"] for each in edits] == ["streak.save"] * 3 + ["streak.delete"]
    assert [len(each["new"].get("daily", {}).get("milestones", ())) for each in edits] == [2, 0, 0, 0]


async def test_whose_streaks_they_are(diary: Diary) -> None:
    """Another brand's campaign is not there, and players write nothing."""
    other = await diary.shop.office.ask("GET", "campaigns/aaaaaaaaaaaa/streaks")
    assert (other.status_code, other.json()["code"]) == (404, "campaign_not_found")
    refused = await diary.shop.office.ask("PUT", f"{diary.path}/daily", streak(), role="player")
    assert refused.status_code == 403
