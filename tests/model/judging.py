"""What must never be so of a play, and what its end is."""

from typing import Final

from game.plays.rules import FINISHED
from game.plays.settling import RELEASED
from tests.model.play import Part

CHARGES: Final = frozenset({"debit", "debit again"})
CREDITS: Final = frozenset({"credit", "credit again"})
REFUND: Final = frozenset({"refund"})
CHARGED: Final = frozenset({"paid", "settled"})
ENDS: Final = frozenset({"absent", "settled"}) | RELEASED


def wrong_with(part: Part) -> str | None:
    """What is wrong with a play as its row and the ledger have it; None: nothing.

    What is owed back counts as given back, so that a refund is judged by what it gives.
    """
    charges, prizes = _applied(part, CHARGES), _applied(part, CREDITS)
    owed_back = sum(name in REFUND for name, _ in part.outbox)
    never = {
        "charged twice": charges > 1,
        "its prize is credited twice": prizes > 1,
        "drawn twice": part.draws > 1,
        "given back without having been charged": _applied(part, REFUND) > charges,
        f"told {part.row}, and charged": part.row in RELEASED and charges > owed_back,
        f"{part.row} without a charge": part.row in CHARGED and charges != 1,
        "settled without a draw": part.row == "settled" and part.draws != 1,
        f"its end was written {part.ends} times, and it is {part.row}": part.ends != (part.row in FINISHED),
        "a prize without a settled play": prizes > 0 and part.row != "settled",
        "a person has to look at it": part.row == "review",
    }
    return next((what for what, is_so in never.items() if is_so), None)


def is_at_end(part: Part, *, has_prize: bool) -> bool:
    """Whether the play is decided for good, and everything that it owes has been paid."""
    if part.row not in ENDS or any(state != "applied" for _, state in part.outbox):
        return False
    return part.row != "settled" or _applied(part, CREDITS) == int(has_prize)


def _applied(part: Part, operations: frozenset[str]) -> int:
    return sum(name in operations and outcome == "applied" for name, outcome in part.records)
