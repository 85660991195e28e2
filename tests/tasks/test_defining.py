"""Managers write tasks while the campaign is a draft; what breaks a rule is refused with its field."""

from typing import Any

import pytest

from tests.tasks.shop import Shop, task

pytestmark = pytest.mark.asyncio

RATED = {"attribute": "rating", "kind": "at_least", "values": [4]}
SHARE: dict[str, Any] = {"event_type": "share.created"}


def on(*channels: str) -> dict[str, Any]:
    """A filter on the channel of a share."""
    return {"attribute": "channel", "kind": "is", "values": list(channels)}


def _without_none(shown: Any) -> Any:
    return (
        {name: _without_none(value) for name, value in shown.items() if value is not None}
        if isinstance(shown, dict)
        else shown
    )


async def test_a_task_is_shown_as_it_was_written(shop: Shop) -> None:
    """What was saved is what is listed, with the most that all tasks can pay."""
    await shop.saved("buy")
    await shop.saved("more", sum_of="amount_fen", target=10_000, times_overall=5)
    found = await shop.office.done("GET", shop.path)
    assert [each["task_id"] for each in found["tasks"]] == ["buy", "more"]
    assert found["points_at_most"] == 10 * 1_000 + 10 * 5
    assert _without_none(found["tasks"][0]["task"]) == task() | {
        "filters": [],
        "prerequisites": [],
        "segments": [],
    }
    assert (await shop.office.done("GET", f"{shop.path}/more"))["task"]["target"] == 10_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_type": "nobody.declared"}, "$.event_type"),
        ({"event_type": "purchase.completed.reversed"}, "$.event_type"),
        ({"filters": [{"attribute": "colour", "kind": "is", "values": ["red"]}]}, "$.filters[0].attribute"),
        ({"filters": [{"attribute": "store", "kind": "is", "values": [3]}]}, "$.filters[0].values"),
        ({"filters": [{"attribute": "store", "kind": "at_least", "values": ["a"]}]}, "$.filters[0].values"),
        (
            {"filters": [{"attribute": "items", "kind": "at_most", "values": [1, 2]}]},
            "$.filters[0].values",
        ),
        ({"filters": [{"attribute": "items", "kind": "at_most", "values": [0]}]}, "$.filters[0].values"),
        ({"sum_of": "store"}, "$.sum_of"),
        ({"window": "once"}, "$.times_per_window"),
        ({"times_per_window": 4, "times_per_player": 3}, "$.times_per_window"),
        ({"window": "week"}, "$.week_starts"),
        ({"week_starts": "monday"}, "$.week_starts"),
        ({"closes": "2020-01-01T00:00:00Z"}, "$.closes"),
        ({"opens": "2030-01-01T00:00:00Z"}, "$.closes"),
        ({"prerequisites": ["missing"]}, "$.prerequisites"),
        ({"prerequisites": ["buy"]}, "$.prerequisites"),
        ({"times_overall": None}, "$.times_overall"),
        ({"reward": {"kind": "voucher", "amount": 1}}, "$.reward.item"),
        ({"reward": {"kind": "points", "amount": 1, "item": "tea"}}, "$.reward.item"),
        ({"reward": {"kind": "voucher", "amount": 2, "item": "tea"}}, "$.reward.amount"),
        ({"reward": {"kind": "chances", "amount": 2}}, "$.reward.expires_at"),
        (
            {"reward": {"kind": "chances", "amount": 2, "expires_at": "2020-01-01T00:00:00Z"}},
            "$.reward.expires_at",
        ),
        ({"reward": {"kind": "badge", "amount": 1, "item": "unknown"}}, "$.reward.item"),
    ],
)
async def test_a_broken_rule_is_named(shop: Shop, changes: dict[str, Any], field: str) -> None:
    """The refusal says which field breaks it, and nothing is saved."""
    refused = await shop.put(**changes)
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_broken")
    assert refused.json()["field"] == field
    assert (await shop.office.done("GET", shop.path))["tasks"] == []


@pytest.mark.parametrize("look", [{"filters": [RATED]}, {"sum_of": "rating"}])
async def test_no_task_looks_at_the_rating(shop: Shop, look: dict[str, Any]) -> None:
    """Neither as a filter nor as a sum; the refusal names the article of the law."""
    refused = await shop.put(event_type="review.created", **look)
    assert (refused.status_code, refused.json()["code"]) == (422, "rating_filter")
    assert "第九条" in refused.json()["article"]


async def test_a_review_counts_by_its_effort(shop: Shop) -> None:
    """How long it is and how many photos it has may be asked for."""
    filters = [
        {"attribute": "length", "kind": "at_least", "values": [50]},
        {"attribute": "verified_purchase", "kind": "is", "values": [True]},
    ]
    await shop.saved(event_type="review.created", filters=filters, sum_of="photos")


async def test_forbidden_channels(shop: Shop) -> None:
    """A share task names its channels once the brand forbids some, and none of those."""
    await shop.saved("anywhere", **SHARE)
    spelt = {"forbidden": ["WeChat-Group", "wechat-group", "wechat-moments"]}
    said = await shop.office.done("PUT", "share-channels", spelt)
    for filters in ([], [on("weibo", "wechat-group")], [on("weibo") | {"kind": "is_not"}]):
        refused = await shop.put("share", filters=filters, **SHARE)
        assert (refused.status_code, refused.json()["code"]) == (422, "forbidden_channel"), filters
    await shop.saved("share", filters=[on("weibo")], **SHARE)
    assert said == await shop.office.done("GET", "share-channels")
    assert said == {"forbidden": ["wechat-group", "wechat-moments"]}


async def test_channels_have_names_in_any_script(shop: Shop) -> None:
    """One of which nothing is left, or too much, once it is folded is refused."""
    said = await shop.office.done("PUT", "share-channels", {"forbidden": ["朋友圈"]})
    assert said == {"forbidden": ["朋友圈"]}
    for channel in ("\u200b", "\ufdfa" * 100):
        refused = await shop.office.ask("PUT", "share-channels", {"forbidden": [channel]})
        assert (refused.status_code, refused.json()["field"]) == (422, "$.forbidden"), channel
    assert said == await shop.office.done("GET", "share-channels")


async def test_prerequisites_run_in_no_circle(shop: Shop) -> None:
    """A circle is refused where it is closed; a task that another needs stays."""
    await shop.saved("first")
    await shop.saved("second", prerequisites=["first"])
    refused = await shop.put("first", prerequisites=["second"])
    assert (refused.status_code, refused.json()["field"]) == (422, "$.prerequisites")
    kept = await shop.office.ask("DELETE", f"{shop.path}/first")
    assert (kept.status_code, kept.json()["code"]) == (409, "task_needed")
    await shop.office.done("DELETE", f"{shop.path}/second")
    await shop.office.done("DELETE", f"{shop.path}/first")
    missing = await shop.office.ask("DELETE", f"{shop.path}/first")
    assert (missing.status_code, missing.json()["code"]) == (404, "task_not_found")


async def test_nothing_changes_after_the_launch(shop: Shop) -> None:
    """Tasks are frozen with their campaign."""
    await shop.saved()
    await shop.launch()
    for answer in (await shop.put(target=2), await shop.office.ask("DELETE", f"{shop.path}/buy")):
        assert (answer.status_code, answer.json()["code"]) == (409, "campaign_state")


async def test_the_launch_demands_what_tasks_can_pay(shop: Shop) -> None:
    """Points and codes of all places together; a task that is gone costs nothing."""
    await shop.saved("rich", times_overall=1_000_000)
    short = await shop.office.ask("POST", f"campaigns/{shop.campaign_id}/launch")
    assert (short.status_code, short.json()["code"]) == (409, "underfunded")
    await shop.office.done("DELETE", f"{shop.path}/rich")
    await shop.saved("codes", times_overall=91, reward={"kind": "voucher", "amount": 1, "item": "tea"})
    short = await shop.office.ask("POST", f"campaigns/{shop.campaign_id}/launch")
    assert (short.json()["code"], short.json()["needed"]) == ("vouchers_missing", 101)
    await shop.saved("codes", times_overall=90, reward={"kind": "voucher", "amount": 1, "item": "tea"})
    await shop.launch()


async def test_each_edit_is_on_record(shop: Shop) -> None:
    """The change log has who saved and who deleted what."""
    await shop.saved(target=1)
    await shop.saved(target=2)
    await shop.office.done("DELETE", f"{shop.path}/buy")
    found = (await shop.office.done("GET", f"campaigns/{shop.campaign_id}/changes"))["changes"]
    edits = [each for each in found if each["action"].startswith("task.")]
    assert [each["action"] for each in edits] == ["task.save", "task.save", "task.delete"]
    assert [each["old"].get("buy", {}).get("target") for each in edits] == [None, 1, 2]
    assert {each["actor"] for each in edits} == {"mia"}


async def test_whose_tasks_they_are(shop: Shop) -> None:
    """Another brand's campaign is not there, and players write nothing."""
    other = await shop.office.ask("GET", "campaigns/aaaaaaaaaaaa/tasks")
    assert (other.status_code, other.json()["code"]) == (404, "campaign_not_found")
    refused = await shop.office.ask("PUT", f"{shop.path}/buy", task(), role="player")
    assert refused.status_code == 403
