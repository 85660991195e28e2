"""What an explanation comes to, as a code whose words stand in `texts/explanations.toml`: pure."""

from collections.abc import Sequence
from typing import Final

from game.ledger.explaining import ExplainedOperation, Held, HeldPlay, HeldRepair, HeldReward
from ledger_client import Applied

_REFUSALS: Final = {
    "credit": "operation_refused_prize",
    "reward": "operation_refused_prize",
    "return": "operation_refused_return",
}


def of_play(play: HeldPlay, operations: Sequence[ExplainedOperation]) -> str:
    """Where a play stands; in review, what the ledger says of its debit decides what can be done."""
    if play.state != "review":
        return f"play_{play.state}"
    if not play.price_points or not operations:
        return "play_review_free"
    debit = operations[0]
    if isinstance(debit.ledger.outcome, Applied):
        return "play_review_charged"
    return "play_review_open" if debit.ledger.outcome is None or debit.entries else "play_review_uncharged"


def of_reward(reward: HeldReward) -> str:
    """Where a reward stands."""
    return "reward_withheld" if reward.withheld == reward.amount else f"reward_{reward.state}"


def of_repair(repair: HeldRepair) -> str:
    """Where a repair stands."""
    return "repair_refunded" if repair.is_refunded else f"repair_{repair.state}"


def of_operation(found: ExplainedOperation) -> str:
    """Whether we and the ledger agree on an operation, and if not, how we differ."""
    known = None if found.ledger.outcome is None else type(found.ledger.outcome).__name__.lower()
    if found.held is None:
        return "operation_nobodys" if known is None else "operation_not_ours"
    match found.held.state, known:
        case "due", None:
            return "operation_waits"
        case "due", _:
            return "operation_unrecorded"
        case _, None:
            return "operation_never_seen"
        case ours, theirs if ours == theirs:
            return "operation_applied" if theirs == "applied" else _refused(found.held)
        case _:
            return "operation_differs"


def _refused(held: Held) -> str:
    """A prize is owed all the same: its credit goes on under another id. Returns ask for less."""
    return _REFUSALS.get(held.kind, "operation_refused")
