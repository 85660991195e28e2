"""What must hold of what players were told: it is kept, it is final, it is what the log says, each time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from game.fair.entries import leaf_hash
from game.fair.findings import Finding
from game.fair.receipt import verify_receipt
from tests.invariants.facts import FINAL, Facts
from tests.invariants.told import Told

# What a scratch card shows only once it is uncovered.
_COVERED = ("outcome", "face", "entry")


def told_plays_are_kept(facts: Facts) -> Iterator[str]:
    """A play of which a player was told is stored, as the player's own, with what was asked for.

    Of one who was erased only the play is left.
    """
    for told in facts.told:
        play = facts.plays_by_wire_id.get(told.play_id)
        if play is None:
            yield f"{told.subject} was told of {told.play_id}, which is not stored"
            continue
        if play.subject is None:
            continue
        stored = (play.subject, play.pool_id, play.draws, play.paid_with, play.price_points)
        shown = (told.subject, *(told.view[name] for name in ("pool", "count", "pay_with", "price_points")))
        if shown != stored or (told.key is not None and told.key != play.key):
            yield f"{told.play_id} was told as {shown} under {told.key}, stored is {stored} under {play.key}"


def keys_are_one_play_each(facts: Facts) -> Iterator[str]:
    """Whoever sends a key again hears of the same play."""
    plays: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for told in facts.told:
        if told.key is not None:
            plays[told.campaign_id, told.subject, told.key].add(told.play_id)
    for asked, play_ids in plays.items():
        if len(play_ids) > 1:
            yield f"{asked} was answered with {sorted(play_ids)}"


def final_states_stay(facts: Facts) -> Iterator[str]:
    """Once a play was told to be settled, rejected or cancelled, it is that for ever."""
    for play_id, answers in _by_play(facts).items():
        states = [told.view["state"] for told in answers]
        final = next((state for state in states if state in FINAL), None)
        play = facts.plays_by_wire_id.get(play_id)
        after = [*states[states.index(final) :], *([play.state] if play else [])] if final else []
        if set(after) - {final}:
            yield f"{play_id} was told to be {final}, then {after}"


def outcomes_are_shown_once(facts: Facts) -> Iterator[str]:
    """Every answer of a settled play is the same; only covered tickets come to light."""
    for play_id, answers in _by_play(facts).items():
        seen: dict[str, Any] = {}
        for told in answers:
            shown = dict(_shown(told)) if told.view["state"] == "settled" else {}
            differs = [name for name, value in shown.items() if seen.setdefault(name, value) != value]
            if differs:
                yield f"{play_id} was told anew with another {differs}"


def shown_is_as_logged(facts: Facts) -> Iterator[str]:
    """The draws that were told are those of the play, each with the bytes and the row of its log entry."""
    for told in facts.told:
        play = facts.plays_by_wire_id.get(told.play_id)
        if play is None or not told.view["draws"]:
            continue
        kept = [(draw.nth, draw.entry_index, draw.n) for draw in facts.draws.get(play.play_id, [])]
        shown = [(draw["ticket"], draw["entry_index"], draw["n"]) for draw in told.view["draws"]]
        if shown != kept or told.view["log_size"] != play.log_size:
            yield f"{told.play_id} was told with the draws {shown}, it has {kept}"
        for draw in told.view["draws"]:
            yield from _misquoted(facts, told, draw)


def _misquoted(facts: Facts, told: Told, draw: Mapping[str, Any]) -> Iterator[str]:
    entry = facts.log.get((told.campaign_id, draw["entry_index"]), b"")
    stored = facts.draws_by_place.get((told.campaign_id, draw["entry_index"]))
    prize = facts.prize_of(stored) if stored else None
    won = draw["outcome"]
    if draw["leaf_hash"] != leaf_hash(entry).hex() or draw["entry"] not in {None, entry.decode()}:
        yield f"{told.play_id} was told {draw['entry']}, the log says {entry.decode()}"
    paid = prize and (prize.row_id, prize.kind, prize.amount)
    if won is not None and (won["row"], won["kind"], won["amount"]) != paid:
        yield f"{told.play_id} was told {won}, its draw paid {paid}"


def receipts_hold(facts: Facts) -> Iterator[str]:
    """Every receipt proves its entry, covered or not, in a history that the log still continues."""
    checked = set()
    for told in facts.told:
        for draw in told.view["draws"]:
            place = (told.campaign_id, draw["entry_index"])
            if (place, draw["receipt"]) in checked or place not in facts.log:
                continue
            checked.add((place, draw["receipt"]))
            yield from (f"{told.play_id}, {place}: {says}" for says in _unproven(facts, told, draw))


def _unproven(facts: Facts, told: Told, draw: Mapping[str, Any]) -> Iterator[str]:
    entry = facts.log[told.campaign_id, draw["entry_index"]]
    try:
        checkpoint = verify_receipt(draw["receipt"], entry, facts.verifiers[told.campaign_id]).checkpoint
    except Finding as finding:
        yield finding.says
        return
    roots = facts.roots[told.campaign_id]
    if checkpoint.size >= len(roots) or checkpoint.root != roots[checkpoint.size]:
        yield f"the log of size {checkpoint.size} was another"


def balances_told_are_the_ledgers(facts: Facts) -> Iterator[str]:
    """The points that a play is said to have left are those that its debit left."""
    for told in facts.told:
        play = facts.plays_by_wire_id.get(told.play_id)
        points = told.view["balance_points"]
        if play is None or play.subject is None or points is None:
            continue
        debits = [each.operation_id for each in facts.debits.get(play.play_id, [])]
        left = {facts.walk.after[each].get(play.account) for each in debits if each in facts.walk.after}
        if left != {points}:
            yield f"{told.play_id} was told {points} points, its debits left {left}"


def _by_play(facts: Facts) -> dict[str, list[Told]]:
    answers: defaultdict[str, list[Told]] = defaultdict(list)
    for told in facts.told:
        answers[told.play_id].append(told)
    return dict(answers)


def _shown(told: Told) -> Iterator[tuple[str, Any]]:
    """Every field that is shown, by its path. A list of plays leaves out the seat and the draws."""
    yield from ((name, value) for name, value in told.view.items() if name not in {"seat", "draws"})
    if told.view["draws"]:
        yield "seat", told.view["seat"]
    for nth, draw in enumerate(told.view["draws"]):
        covered = {name for name in _COVERED if draw[name] is None}
        yield from ((f"draws[{nth}].{name}", value) for name, value in draw.items() if name not in covered)


ANSWERS = (
    told_plays_are_kept,
    keys_are_one_play_each,
    final_states_stay,
    outcomes_are_shown_once,
    shown_is_as_logged,
    receipts_hold,
    balances_told_are_the_ledgers,
)
