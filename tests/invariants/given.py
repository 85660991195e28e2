"""What must hold of rewards: each is handed out once, and what is taken back came back or is owed."""

from collections import Counter
from collections.abc import Iterator

from ledger_client import budget
from tests.invariants.facts import Facts
from tests.invariants.money import moved
from tests.invariants.reward_rows import Reward
from tests.invariants.rows import Operation


def _of(facts: Facts, kind: str, reward: Reward) -> tuple[list[Operation], list[Operation]]:
    """All operations of a kind, and those of them that the ledger has applied."""
    operations = facts.of_rewards.get((kind, reward.reward_id), [])
    return operations, [each for each in operations if facts.is_applied(each)]


def _told(reward: Reward) -> str:
    return f"{reward.source} of {reward.account}"


def rewards_are_credited_once(facts: Facts) -> Iterator[str]:
    """What is to be paid of a reward has exactly one applied credit, or an open one while it stands."""
    for reward in facts.rows.rewards:
        operations, applied = _of(facts, "reward", reward)
        due = reward.due if reward.kind == "points" else 0
        is_open = reward.state == "returned" or any(not each.is_reissued for each in operations)
        if len(applied) > 1 or (due and not applied and not is_open):
            yield f"{_told(reward)} was credited {len(applied)} times by {len(operations)} operations"
        if operations and not due:
            yield f"{[each.operation_id for each in operations]} pay {_told(reward)}, which pays no points"
        for each in applied:
            if due and moved(facts, each, budget(reward.campaign_id), reward.account) != due:
                yield f"{each.operation_id} did not pay the {due} points of {_told(reward)}"


def returns_are_of_what_is_taken_back(facts: Facts) -> Iterator[str]:
    """Points came back once, as many as we hold for recovered, and only of rewards that were taken back."""
    for reward in facts.rows.rewards:
        operations, applied = _of(facts, "return", reward)
        if operations and (reward.state == "given" or reward.kind != "points"):
            yield f"{[each.operation_id for each in operations]} return {_told(reward)}, which stands"
        points = sum(moved(facts, each, reward.account, budget(reward.campaign_id)) for each in applied)
        is_over = reward.state == "returned" and reward.kind == "points"
        if len(applied) > 1 or (is_over and points != reward.recovered):
            yield f"{points} points of {_told(reward)} came back by {len(applied)}, not {reward.recovered}"


def what_did_not_come_back_is_owed(facts: Facts) -> Iterator[str]:
    """Of a reward that was taken back, what was handed out came back or is owed, and the rest is owed."""
    for reward in facts.rows.rewards:
        if reward.state == "returned":
            was_paid = reward.kind != "points" or bool(_of(facts, "reward", reward)[1])
            owed = reward.amount - reward.recovered if was_paid else reward.withheld
            if reward.owed != owed:
                yield f"{reward.owed} is owed of {_told(reward)}, not {owed}"


def debts_are_what_is_owed(facts: Facts) -> Iterator[str]:
    """A debt is what is owed of rewards less what was withheld of others, of the same kind and item."""
    due: Counter[tuple[object, ...]] = Counter()
    for reward in facts.rows.rewards:
        due[reward.campaign_id, reward.player_id, reward.kind, reward.item] += reward.owed - reward.withheld
    held: Counter[tuple[object, ...]] = Counter(
        {(each.campaign_id, each.player_id, each.kind, each.item): each.amount for each in facts.rows.debts}
    )
    for key in due.keys() | held.keys():
        if held[key] != due[key]:
            yield f"{held[key]} is owed by {key}, not {due[key]}"


def chances_given_are_lots(facts: Facts) -> Iterator[str]:
    """Chances that were given are one lot of their player; what was taken back is out of it."""
    due = Counter(
        (each.campaign_id, each.reward_id, each.player_id, each.due, each.recovered)
        for each in facts.rows.rewards
        if each.kind == "chances" and each.due
    )
    held = Counter(
        (each.campaign_id, each.lot_id, each.player_id, each.granted, each.taken_back)
        for each in facts.rows.lots
        if each.source.startswith("reward:") or each.taken_back
    )
    yield from (f"{each} was given, and is no lot" for each in due - held)
    yield from (f"{each} is a lot, and was not given" for each in held - due)


def badges_are_awarded_once(facts: Facts) -> Iterator[str]:
    """A badge that was won or given is one award of its player; one that came back is reversed."""
    due = {
        (each.campaign_id, each.reward_id): (each.player_id, each.item, bool(each.recovered))
        for each in facts.rows.rewards
        if each.kind == "badge" and each.due
    } | {
        (each.campaign_id, each.grant_id): (each.player_id, None, False)
        for each in facts.rows.grants
        if each.kind == "badge"
    }
    held = {(each.campaign_id, each.award_id): each for each in facts.rows.awards}
    for key, (player_id, badge_id, is_reversed) in due.items():
        award = held.get(key)
        if award is None or award.player_id != player_id or badge_id not in (None, award.badge_id):
            yield f"the badge {key} was awarded as {award}"
        elif (award.state == "reversed") != is_reversed:
            yield f"the badge {key} is {award.state}"


GIVEN = (
    rewards_are_credited_once,
    returns_are_of_what_is_taken_back,
    what_did_not_come_back_is_owed,
    debts_are_what_is_owed,
    chances_given_are_lots,
    badges_are_awarded_once,
)
