"""Each judge is silent where all is as the oracle says, and speaks up about a fault of its own."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from ledger_client import budget
from ledger_client.outcomes import Entry
from tests.story.oracle import Stand, season, stand_of
from tests.story.tale import STREAK, TASKS, Tale, tale_of
from tests.story.verdict import Ended, wrong
from tests.support.service import STARTED_MS

CAMPAIGN = "campaign0001"
SUBJECTS = ("ann", "bob")
EVENTS = 60
DAYS = ("2026-09-21", "2026-09-30")
Rows = dict[str, list[dict[str, Any]]]
Plant = Callable[[Rows], object]


def as_it_should_be() -> Ended:
    """The end of a tale, made up of what the oracle says."""
    tale = tale_of("verdict", subjects=SUBJECTS, events=EVENTS, opens_ms=STARTED_MS)
    stand = stand_of(tale.kept, opens_ms=tale.opens_ms, campaign_opens_ms=tale.opens_ms)
    rewards = [*_task_rewards(stand), *_milestones(stand)]
    return Ended(tale, stand, _rows(tale, stand, rewards), _entries(rewards), CAMPAIGN)


def _rows(tale: Tale, stand: Stand, rewards: list[dict[str, Any]]) -> Rows:
    had = Counter({(each["subject"], each["kind"], each["item"]): 0 for each in rewards})
    for each in rewards:
        had[each["subject"], each["kind"], each["item"]] += each["amount"] * (each["kind"] != "points")
    return {
        "events": _events(tale),
        "progress": [
            {"subject": who, "task_id": task_id, "window_start": day or date.min, "progress": worth}
            for (who, task_id, day), worth in stand.progress.items()
        ],
        "completions": [
            {"subject": who, "task_id": task_id, "nth": nth, "has_place": end == "approved",
             "state": "rewarded" if end == "approved" else end}
            for (who, task_id, nth), end in stand.completions.items()
        ],
        "rewards": rewards,
        "debts": [],
        "had": [{"subject": who, "kind": kind, "item": item, "amount": n}
                for (who, kind, item), n in had.items() if n],
        "standings": _standings(stand),
        "seasons": [{"board_id": "days", "first": DAYS[0], "last": DAYS[1]},
                    {"board_id": "spenders", "first": "all", "last": "all"}],
        "caps": [{"task_id": task_id, "places": task["times_overall"], "taken": task["times_overall"]}
                 for task_id, task in TASKS.items()],
    }  # fmt: skip


def _events(tale: Tale) -> list[dict[str, Any]]:
    originals = [
        {"subject": each.subject, "type": each.type, "occurrence": each.occurrence,
         "state": "reversed" if each.is_reversed else "processed"}
        for each in tale.events
    ]  # fmt: skip
    taken_back = [each for each in originals if each["state"] == "reversed"]
    return [*originals, *({**each, "type": f"{each['type']}.reversed"} for each in taken_back)]


def _task_rewards(stand: Stand) -> list[dict[str, Any]]:
    return [
        {"subject": who, "source": f"task:{task_id}:{nth}", "state": "given", **TASKS[task_id]["reward"]}
        for (who, task_id, nth), end in stand.completions.items()
        if end == "approved"
    ]


def _milestones(stand: Stand) -> list[dict[str, Any]]:
    paid = {each["days"]: each["reward"] for each in STREAK["milestones"]}
    return [
        {"subject": who, "source": f"streak:daily:{days}", "state": "given", **paid[days]}
        for who, days in stand.milestones
    ]


def _standings(stand: Stand) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for each in stand.scores:
        ends = DAYS if each.board_id == "days" else ("all", "all")
        in_season = season(each.board_id, each.at_ms, first=ends[0], last=ends[1])
        at = found.setdefault((each.board_id, in_season, each.subject), [0, 0])
        at[:] = at[0] + each.amount, max(at[1], each.at_ms)
    return [
        {"board_id": board_id, "season": in_season, "subject": who, "score": score, "reached_ms": reached_ms}
        for (board_id, in_season, who), (score, reached_ms) in found.items()
    ]


def _entries(rewards: list[dict[str, Any]]) -> list[Entry]:
    return [
        Entry(seq=seq, operation_id=f"reward:{CAMPAIGN}-{seq}", leg=0, debit=budget(CAMPAIGN),
              credit=f"player:acme.{each['subject']}", amount=each["amount"], posted_ms=1)
        for seq, each in enumerate(rewards, start=1) if each["kind"] == "points"
    ]  # fmt: skip


def test_a_tale_that_ended_well() -> None:
    """Nobody has anything to say; and there is something of everything that they look at."""
    found = as_it_should_be()
    assert wrong(found) == []
    assert {each["kind"] for each in found.rows["rewards"]} == {"points", "chances", "voucher", "badge"}
    assert {each["state"] for each in found.rows["completions"]} > {"rewarded"}
    assert all(rows for name, rows in found.rows.items() if name != "debts")


def twice(name: str) -> Plant:
    """A row that is there twice."""
    return lambda rows: rows[name].append(rows[name][0])


def gone(name: str) -> Plant:
    """A row that is not there."""
    return lambda rows: rows[name].pop(0)


def changed(name: str, **values: Any) -> Plant:
    """A row with other values."""
    return lambda rows: rows[name][0].update(values)


def capped_too_early(rows: Rows) -> None:
    """No place was taken of any cap, and yet there was none left."""
    rows["completions"][0].update(state="capped")
    for cap in rows["caps"]:
        cap["taken"] = 0


FAULTS: dict[str, tuple[str, Plant]] = {
    "an event is stored twice": ("every_event_ended_once", twice("events")),
    "an event is lost": ("every_event_ended_once", gone("events")),
    "an event waits": ("every_event_ended_once", changed("events", state="stored")),
    "a dead letter": ("every_event_ended_once", changed("events", state="dead")),
    "progress is lost": ("progress_is_the_oracles", gone("progress")),
    "progress is too much": ("progress_is_the_oracles", changed("progress", progress=99)),
    "a completion is lost": ("completions_are_the_oracles", gone("completions")),
    "a completion is not decided": ("completions_are_the_oracles", changed("completions", state="pending")),
    "a completion too many": ("completions_are_the_oracles", changed("completions", nth=99)),
    "a reward is lost": ("rewards_stand_for_completions", gone("rewards")),
    "a reward is given twice": ("rewards_stand_for_completions", twice("rewards")),
    "a reward of another amount": ("rewards_stand_for_completions", changed("rewards", amount=99)),
    "a milestone is lost": ("milestones_are_the_oracles", lambda rows: rows["rewards"].pop()),
    "a milestone is paid twice": (
        "milestones_are_the_oracles", lambda rows: rows["rewards"].append(rows["rewards"][-1])
    ),
    "a return that never ends": (
        "nothing_is_still_being_taken_back", changed("rewards", state="returning")
    ),
    "a board lacks somebody": ("boards_are_the_oracles", gone("standings")),
    "a score of another time": ("boards_are_the_oracles", changed("standings", reached_ms=1)),
    "more places than there are": ("only_a_full_cap_denies", changed("caps", places=0)),
    "capped while there are places": (
        "only_a_full_cap_denies",
        capped_too_early,
    ),
    "something for nothing": ("nothing_was_had_for_nothing", changed("had", amount=99)),
    "a debt of nothing": (
        "nothing_was_had_for_nothing",
        lambda rows: rows["debts"].append({"subject": "ann", "kind": "points", "item": None, "amount": 1}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str) -> None:
    """By the judge whose affair it is."""
    judge, plant = FAULTS[fault]
    found = as_it_should_be()
    rows = {name: [dict(row) for row in theirs] for name, theirs in found.rows.items()}
    plant(rows)
    said = wrong(msgspec.structs.replace(found, rows=rows))
    assert judge in {each.partition(":")[0] for each in said}
