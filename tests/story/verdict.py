"""Whether the rows and the ledger's entries at the end of a tale are what the oracle says."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import asyncpg
import msgspec

from ledger_client import budget
from ledger_client.outcomes import Entry
from tests.invariants.check import Books, feed
from tests.story.oracle import Stand, season, stand_of
from tests.story.tale import BOARDS, TASKS, Tale

What = tuple[str, str, str | None]
ROWS: Final = {
    "events": """
        SELECT p.subject, e.type, e.occurrence, e.state FROM event AS e JOIN player AS p USING (player_id)
        WHERE p.subject = ANY ($2) AND $1 <> ''""",
    "progress": """
        SELECT p.subject, w.task_id, w.window_start, w.progress FROM task_progress AS w
        JOIN player AS p USING (player_id) WHERE w.campaign_id = $1 AND p.subject = ANY ($2)
        AND w.progress <> 0""",
    "completions": """
        SELECT p.subject, c.task_id, c.nth, c.state, c.has_place FROM task_completion AS c
        JOIN player AS p USING (player_id) WHERE c.campaign_id = $1 AND p.subject = ANY ($2)""",
    "rewards": """
        SELECT p.subject, r.source, r.kind, r.item, r.amount, r.state FROM reward AS r
        JOIN player AS p USING (player_id) WHERE r.campaign_id = $1 AND p.subject = ANY ($2)
        AND (r.source LIKE 'task:%' OR r.source LIKE 'streak:%')""",
    "debts": """
        SELECT p.subject, d.kind, d.item, d.amount FROM debt AS d
        JOIN player AS p USING (player_id) WHERE d.campaign_id = $1 AND p.subject = ANY ($2)""",
    # What is, or was, in a player's hands of what tasks gave, less what came back; debts paid by gifts too.
    "had": """
        SELECT p.subject, h.kind, h.item, sum(h.amount)::int8 AS amount FROM (
            SELECT player_id, 'chances' AS kind, NULL AS item, granted - taken_back AS amount
            FROM chance_lot WHERE campaign_id = $1 AND source ~ '^reward:(task|streak):'
            UNION ALL SELECT r.player_id, 'voucher', v.voucher_batch, 1
            FROM voucher AS v JOIN reward AS r USING (campaign_id, reward_id) WHERE campaign_id = $1
            UNION ALL SELECT player_id, 'badge', badge_id, 1
            FROM badge_award WHERE campaign_id = $1 AND source ~ '^(task|streak):' AND state <> 'reversed'
            UNION ALL SELECT player_id, kind, item, withheld
            FROM reward WHERE campaign_id = $1 AND source LIKE 'gift:%' AND withheld > 0
        ) AS h JOIN player AS p USING (player_id) WHERE p.subject = ANY ($2) GROUP BY 1, 2, 3""",
    "standings": """
        SELECT p.subject, s.board_id, s.season, s.score, s.reached_ms FROM board_standing AS s
        JOIN player AS p USING (player_id)
        WHERE s.campaign_id = $1 AND p.subject = ANY ($2) AND s.score > 0
        ORDER BY s.score DESC, s.reached_ms, s.player_id""",
    "seasons": """
        SELECT board_id, min(season) AS first, max(season) AS last FROM board_season
        WHERE campaign_id = $1 AND $2::text[] IS NOT NULL GROUP BY board_id""",
    "caps": "SELECT task_id, places, taken FROM task_cap WHERE campaign_id = $1 AND $2::text[] IS NOT NULL",
}
_ENDS: Final = dict.fromkeys(("rewarded", "capped"), "approved")


class Ended(msgspec.Struct, frozen=True):
    """All that is judged: rows by what they are, and the ledger's entries."""

    tale: Tale
    stand: Stand
    rows: Mapping[str, Sequence[Any]]
    entries: Sequence[Entry]
    campaign_id: str


async def ended(
    pool: "asyncpg.Pool[asyncpg.Record]",
    ledger: Books,
    tale: Tale,
    *,
    campaign_id: str,
) -> Ended:
    """Read what there is at the end, and what the oracle says."""
    opens_ms = await pool.fetchval("SELECT opens_ms FROM campaign WHERE campaign_id = $1", campaign_id)
    stand = stand_of(tale.kept, opens_ms=tale.opens_ms, campaign_opens_ms=opens_ms)
    subjects = sorted({event.subject for event in tale.events})
    rows = {name: await pool.fetch(sql, campaign_id, subjects) for name, sql in ROWS.items()}
    return Ended(tale, stand, rows, await feed(ledger), campaign_id)


def wrong(found: Ended) -> list[str]:
    """Each `judgement: what is wrong`; empty where all is as the oracle says."""
    return [f"{judge.__name__}: {says}" for judge in JUDGES for says in judge(found)]


def every_event_ended_once(found: Ended) -> Iterator[str]:
    """Each was stored once, and processed, or taken back; so was its reversal, if it came to anything."""
    there = Counter((row["subject"], row["type"], row["occurrence"]) for row in found.rows["events"])
    states = {(row["subject"], row["type"], row["occurrence"]): row["state"] for row in found.rows["events"]}
    wanted: dict[tuple[str, str, str], set[str]] = {}
    for each in found.tale.events:
        ends = {"reversed"} if each.is_reversed else {"processed"}
        wanted[each.subject, each.type, each.occurrence] = ends
        if each.is_reversed:
            wanted[each.subject, f"{each.type}.reversed", each.occurrence] = {"processed", "reversed"}
    yield from (f"{each} was stored {times} times" for each, times in there.items() if times > 1)
    for which in sorted(states.keys() | wanted.keys()):
        if states.get(which) not in wanted.get(which, ()):
            yield f"{which} is {states.get(which)}, not {wanted.get(which)}"


def progress_is_the_oracles(found: Ended) -> Iterator[str]:
    """Every window holds what is left of its events."""
    there = {
        (row["subject"], row["task_id"], _day(row["window_start"])): row["progress"]
        for row in found.rows["progress"]
    }
    yield from _compared(there, found.stand.progress)


def completions_are_the_oracles(found: Ended) -> Iterator[str]:
    """Those that a player has, how they were decided, and no others; what is withdrawn is not had."""
    there = {
        (row["subject"], row["task_id"], row["nth"]): _ENDS.get(row["state"], row["state"])
        for row in found.rows["completions"]
        if row["state"] != "withdrawn"
    }
    yield from _compared(there, found.stand.completions)


def rewards_stand_for_completions(found: Ended) -> Iterator[str]:
    """One for each that was rewarded, of its task's kind; all others were taken back."""
    rewarded = Counter(
        (row["subject"], row["task_id"]) for row in found.rows["completions"] if row["state"] == "rewarded"
    )
    given: Counter[tuple[str, str]] = Counter()
    for row in _rewards(found, "task"):
        task_id = row["source"].split(":")[1]
        reward = TASKS[task_id]["reward"]
        given[row["subject"], task_id] += row["state"] == "given"
        if (row["kind"], row["amount"], row["item"]) != (reward["kind"], reward["amount"], reward["item"]):
            yield f"{dict(row)} is not what {task_id} pays"
    yield from _compared(+given, rewarded)


def milestones_are_the_oracles(found: Ended) -> Iterator[str]:
    """Each that a run of days has come to is paid once, while the days stand."""
    given = Counter(
        (row["subject"], int(row["source"].split(":")[2].split(".")[0]))
        for row in _rewards(found, "streak")
        if row["state"] == "given"
    )
    yield from _compared(given, dict.fromkeys(found.stand.milestones, 1))


def nothing_is_still_being_taken_back(found: Ended) -> Iterator[str]:
    """All has come to rest."""
    yield from (f"{dict(row)}" for row in found.rows["rewards"] if row["state"] == "returning")


def boards_are_the_oracles(found: Ended) -> Iterator[str]:
    """Score, and when it was reached, of everybody in each season."""
    ends = {row["board_id"]: (row["first"], row["last"]) for row in found.rows["seasons"]}
    wanted: dict[tuple[str, str, str], tuple[int, int]] = {}
    for each in found.stand.scores:
        if each.board_id in ends:
            first, last = ends[each.board_id]
            key = each.board_id, season(each.board_id, each.at_ms, first=first, last=last), each.subject
            score, reached_ms = wanted.get(key, (0, 0))
            wanted[key] = score + each.amount, max(reached_ms, each.at_ms)
    there = {
        (row["board_id"], row["season"], row["subject"]): (row["score"], row["reached_ms"])
        for row in found.rows["standings"]
        if row["board_id"] in BOARDS
    }
    yield from _compared(there, wanted)


def only_a_full_cap_denies(found: Ended) -> Iterator[str]:
    """Whoever the places went to: not too many, and none is left while somebody has none."""
    caps = {row["task_id"]: row for row in found.rows["caps"]}
    held = Counter(row["task_id"] for row in found.rows["completions"] if row["has_place"])
    for task_id, cap in caps.items():
        if held[task_id] > cap["places"] or cap["taken"] < held[task_id]:
            yield f"{held[task_id]} have a place of {dict(cap)}"
    for row in found.rows["completions"]:
        cap = caps.get(row["task_id"])
        if row["state"] == "rewarded" and not row["has_place"] and cap is not None:
            yield f"{dict(row)} was rewarded without a place"
        if row["state"] == "capped" and (cap is None or cap["taken"] < cap["places"]):
            yield f"{dict(row)} was capped while there were places: {cap and dict(cap)}"


def nothing_was_had_for_nothing(found: Ended) -> Iterator[str]:
    """What players have or have used of each kind is what stands of their rewards and what they owe."""
    had: Counter[What] = Counter()
    due: Counter[What] = Counter()
    for row in found.rows["had"]:
        had[row["subject"], row["kind"], row["item"]] += row["amount"]
    for entry in found.entries:
        had[_points_of(entry, found.campaign_id)] += _sign(entry, found.campaign_id) * entry.amount
    for row in found.rows["rewards"]:
        due[row["subject"], row["kind"], row["item"]] += row["amount"] * (row["state"] == "given")
    for row in found.rows["debts"]:
        due[row["subject"], row["kind"], row["item"]] += row["amount"]
    theirs = {subject for subject, _, _ in due}
    yield from _compared({key: n for key, n in had.items() if n and key[0] in theirs}, +due)


JUDGES: Final = (
    every_event_ended_once,
    progress_is_the_oracles,
    completions_are_the_oracles,
    rewards_stand_for_completions,
    milestones_are_the_oracles,
    nothing_is_still_being_taken_back,
    boards_are_the_oracles,
    only_a_full_cap_denies,
    nothing_was_had_for_nothing,
)


def _rewards(found: Ended, feature: str) -> list[Any]:
    return [row for row in found.rows["rewards"] if row["source"].startswith(f"{feature}:")]


def _points_of(entry: Entry, campaign_id: str) -> What:
    player = entry.credit if entry.debit == budget(campaign_id) else entry.debit
    return player.rpartition(".")[2], "points", None


def _sign(entry: Entry, campaign_id: str) -> int:
    """1 of what a reward paid, -1 of what came back of it, 0 of all else."""
    if entry.operation_id.startswith(f"reward:{campaign_id}-"):
        return 1
    return -1 if entry.operation_id.startswith(f"return:{campaign_id}-") else 0


def _day(start: date) -> date | None:
    return None if start == date.min else start


def _compared(there: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted(there.keys() | wanted.keys(), key=repr):
        if there.get(key) != wanted.get(key):
            yield f"{key} is {there.get(key)}, not {wanted.get(key)}"
