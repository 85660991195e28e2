"""What must hold of points: over the ledger's entries, and between them and our plays and prizes."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from ledger_client import Applied, budget, house
from ledger_client.operations import ISSUER, decode
from tests.invariants.facts import RELEASED, Facts
from tests.invariants.rows import Grant, Operation, Play


def legs_sum_to_zero(facts: Facts) -> Iterator[str]:
    """Every leg takes from one account what it gives to another."""
    for entry in facts.feed:
        if entry.amount < 1 or entry.debit == entry.credit:
            yield f"entry {entry.seq} moves {entry.amount} from {entry.debit} to {entry.credit}"


def feed_is_in_order(facts: Facts) -> Iterator[str]:
    """Each entry has a place of its own, after the one before."""
    for before, entry in pairwise(facts.feed):
        if entry.seq <= before.seq:
            yield f"entry {entry.seq} follows {before.seq}"


def balances_follow_from_entries(facts: Facts) -> Iterator[str]:
    """What the ledger says an account holds, now and after each operation, is what its entries add up to."""
    for account, points in facts.posted.items():
        if (sum_ := facts.walk.balances.get(account, 0)) != points:
            yield f"{account} holds {points}, its entries add up to {sum_}"
    for operation_id, outcome in facts.outcomes.items():
        after = facts.walk.after.get(operation_id, {})
        for account, points in outcome.balances.items() if isinstance(outcome, Applied) else ():
            if after.get(account, points) != points:
                yield f"{operation_id} left {after[account]} in {account}, the ledger said {points}"


def guarded_are_never_negative(facts: Facts) -> Iterator[str]:
    """No player's account and no budget falls below zero, not even between two legs."""
    for dip in facts.walk.dips:
        yield f"{dip.account} stands at {dip.points} after entry {dip.entry.seq} of {dip.entry.operation_id}"


def applied_at_most_once(facts: Facts) -> Iterator[str]:
    """One operation id has each of its legs once, from the first to the last."""
    for operation_id, entries in facts.posted_by.items():
        legs = [entry.leg for entry in entries]
        if legs != list(range(len(legs))):
            yield f"{operation_id} was posted with the legs {legs}"


def outcomes_are_those_posted(facts: Facts) -> Iterator[str]:
    """The ledger has entries of exactly those of our operations of which it says so, at the place it says."""
    for operation_id, outcome in facts.outcomes.items():
        entries = facts.posted_by.get(operation_id, [])
        place = outcome.seq if isinstance(outcome, Applied) else None
        if (entries[0].seq if entries else None) != place:
            yield f"{operation_id} has entries {[entry.seq for entry in entries]}, the ledger says {outcome}"


def entries_are_as_stored(facts: Facts) -> Iterator[str]:
    """What was posted is what the stored bytes say, and our row knows whose it is and where it stands."""
    for operation in facts.rows.operations:
        if operation.subject != facts.account_of(operation):
            yield f"{operation.operation_id} is held for {operation.subject}'s"
        entries = facts.posted_by.get(operation.operation_id, [])
        posted = [(entry.debit, entry.credit, entry.amount) for entry in entries]
        if posted and posted != _legs(operation):
            yield f"{operation.operation_id} posted {posted}, we hold {_legs(operation)}"
        place = entries[0].seq if entries else None
        if operation.state == "applied" and operation.ledger_seq != place:
            yield f"{operation.operation_id} is held for applied at {operation.ledger_seq}, not at {place}"
        if entries and operation.state in {"rejected", "expired", "fenced"}:
            yield f"{operation.operation_id} was posted and is held for {operation.state}"


def _legs(operation: Operation) -> list[tuple[str, str, int]]:
    try:
        body = decode(operation.body)
    except msgspec.DecodeError:
        return []
    if body.id != operation.operation_id:
        return []
    return [(leg.debit, leg.credit, leg.amount) for leg in body.legs]


def nobody_else_moves_our_points(facts: Facts) -> Iterator[str]:
    """On the accounts of campaigns there are our operations, the programme's funding, and nothing else."""
    ours = {operation.operation_id for operation in facts.rows.operations}
    accounts = {name(log.campaign_id) for log in facts.rows.logs for name in (house, budget)}
    for entry in facts.feed:
        ends = {entry.debit, entry.credit}
        if ends & accounts and entry.operation_id not in ours and ISSUER not in ends:
            yield f"{entry.operation_id} moved {entry.amount} from {entry.debit} to {entry.credit}"


def refused_are_not_charged(facts: Facts) -> Iterator[str]:
    """A play that is rejected or cancelled, or was ever told to be, has no entries."""
    told = {told.play_id: told.view["state"] for told in facts.told if told.view["state"] in RELEASED}
    held = {play.wire_id: play.state for play in facts.rows.plays if play.state in RELEASED}
    for wire_id, state in (held | told).items():
        play = facts.plays_by_wire_id.get(wire_id)
        for operation in facts.debits.get(play.play_id, []) if play else ():
            if facts.is_applied(operation):
                yield f"{wire_id} is {state}, and {operation.operation_id} was posted"


def settled_are_charged_once(facts: Facts) -> Iterator[str]:
    """A play that is paid or settled has exactly one applied debit of its price, a free one none."""
    for play in facts.rows.plays:
        applied = [each for each in facts.debits.get(play.play_id, []) if facts.is_applied(each)]
        price = play.draws * play.draw_price_points if play.paid_with == "points" else 0
        if play.price_points != price:
            yield f"{play.wire_id} costs {price}, and we hold {play.price_points}"
        if len(applied) not in _charges(play):
            yield f"{play.wire_id} is {play.state}, costs {price} and was charged {len(applied)} times"
        charged = {moved(facts, each, play.account, house(play.campaign_id)) for each in applied}
        if charged - {play.price_points}:
            yield f"{play.wire_id} costs {play.price_points}, and {charged} was taken of {play.account}"


def _charges(play: Play) -> tuple[int, ...]:
    """How often a play may have been charged; `refused_are_not_charged` looks at those that were refused."""
    if play.price_points == 0:
        return (0,)
    return (1,) if play.state in {"paid", "settled"} else (0, 1)


def prizes_are_credited_once(facts: Facts) -> Iterator[str]:
    """Every point prize has exactly one applied credit, to its winner, or an open one; nothing else has."""
    grants = {
        (each.campaign_id, each.entry_index): each for each in facts.rows.grants if each.kind == "points"
    }
    for place in sorted(grants.keys() | facts.credits.keys()):
        grant = grants.get(place)
        credits_ = facts.credits.get(place, [])
        applied = [each for each in credits_ if facts.is_applied(each)]
        is_open = any(each.state != "applied" for each in credits_)
        if len(applied) > 1 or (grant is not None and not applied and not is_open):
            yield f"the prize of {place} was credited {len(applied)} times by {len(credits_)} operations"
        if grant is None:
            yield f"{[each.operation_id for each in credits_]} pay a prize that {place} did not win"
        elif any(not _pays(facts, each, grant) for each in applied):
            yield f"the credit of {place} is not {grant.amount} to its winner"


def _pays(facts: Facts, credit: Operation, grant: Grant) -> bool:
    winner = facts.accounts.get(grant.player_id, "")
    return moved(facts, credit, budget(grant.campaign_id), winner) == grant.amount


def moved(facts: Facts, operation: Operation, debit: str, credit: str) -> int:
    """Points that an operation moved from one account to another, less those that it moved elsewhere."""
    entries = facts.posted_by.get(operation.operation_id, [])
    return sum(
        entry.amount if (entry.debit, entry.credit) == (debit, credit) else -entry.amount for entry in entries
    )


def sums_are_prices_and_prizes(facts: Facts) -> Iterator[str]:
    """Players paid a campaign what plays and repairs cost, and got of it what was credited, less returns."""
    prices: Counter[str] = Counter()
    for play in facts.rows.plays:
        if any(facts.is_applied(each) for each in facts.debits.get(play.play_id, [])):
            prices[house(play.campaign_id)] += play.price_points
    for repair in facts.rows.repairs:
        if any(facts.is_applied(each) for each in facts.of_repairs.get(repair.repair_id, [])):
            prices[house(repair.campaign_id)] += repair.price_points
    won: Counter[str] = Counter()
    for grant in facts.rows.grants:
        credits_ = facts.credits.get((grant.campaign_id, grant.entry_index), [])
        won[budget(grant.campaign_id)] += grant.amount * any(facts.is_applied(each) for each in credits_)
    for reward in facts.rows.rewards:
        for kind, points in (("reward", reward.due), ("return", -reward.recovered)):
            operations = facts.of_rewards.get((kind, reward.reward_id), [])
            won[budget(reward.campaign_id)] += points * any(facts.is_applied(each) for each in operations)
    for log in facts.rows.logs:
        paid, spent = house(log.campaign_id), budget(log.campaign_id)
        taken = sum(e.amount for e in facts.feed if e.credit == paid and e.debit != ISSUER)
        given = sum(e.amount for e in facts.feed if e.debit == spent and e.credit != ISSUER)
        given -= sum(e.amount for e in facts.feed if e.credit == spent and e.debit != ISSUER)
        if taken != prices[paid]:
            yield f"{paid} was paid {taken}, its plays cost {prices[paid]}"
        if given != won[spent]:
            yield f"{spent} paid {given}, its prizes are {won[spent]}"


MONEY = (
    legs_sum_to_zero,
    feed_is_in_order,
    balances_follow_from_entries,
    guarded_are_never_negative,
    applied_at_most_once,
    outcomes_are_those_posted,
    entries_are_as_stored,
    nobody_else_moves_our_points,
    refused_are_not_charged,
    settled_are_charged_once,
    prizes_are_credited_once,
    sums_are_prices_and_prizes,
)
