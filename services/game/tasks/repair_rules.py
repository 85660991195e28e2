"""Whether a missed day can be repaired, and what a repair comes to: pure decisions."""

from collections.abc import Collection
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.errors import Conflict, Invalid, Unavailable
from game.ids import wire_id
from game.tasks.streak_records import StreakKey
from game.tasks.streaks import Streak, StreakPolicy

RepairState = Literal["funding", "applied", "rejected", "resolving", "cancelled"]
RepairReason = Literal[
    "not_open_yet", "campaign_ended", "paused", "not_offered", "nothing_missed", "under_way", "used_up"
]
UNDECIDED: Final[frozenset[RepairState]] = frozenset({"funding", "resolving"})


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A missed day that is repaired for points.

    `refusal` is why it was not charged. While `is_refunded` its day is checked by an event as well; `refunds`
    is the generation of the last refund.
    """

    campaign_id: str
    repair_id: UUID
    player_id: UUID
    streak_id: str
    day: date
    idempotency_key: str
    state: RepairState
    price_points: int
    asked_ms: int
    apply_before_ms: int
    finished_ms: int | None
    balance_points: int | None
    refusal: str | None
    refunds: int
    is_refunded: bool

    @property
    def key(self) -> StreakKey:
        """The player's part in the streak."""
        return StreakKey(self.campaign_id, self.player_id, self.streak_id)

    @property
    def wire_id(self) -> str:
        """The id that players see."""
        return wire_id(self.campaign_id, self.repair_id)

    @property
    def operation_id(self) -> str:
        """The id of its debit, whoever sends it and how often."""
        return f"repair:{self.wire_id}"


class Standpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether a day can be repaired now. `closed`: why nothing can be, None: something may be.

    `waiting` are the days of which a repair is under way; not `has_places`: all repairs that there may be are
    taken.
    """

    policy: StreakPolicy
    standing: Streak
    closed: Literal["not_open_yet", "campaign_ended", "paused"] | None
    waiting: Collection[date]
    has_places: bool


def unavailable(at: Standpoint) -> RepairReason | None:
    """Why no day can be repaired now; None: `standing.repairable` can. What lasts longest comes first."""
    if not at.policy.repair_days:
        return "not_offered"
    if at.closed:
        return at.closed
    if at.standing.repairable is None:
        return "nothing_missed"
    if at.standing.repairable in at.waiting:
        return "under_way"
    return None if at.has_places else "used_up"


def check_repair(at: Standpoint, day: date, *, ledger_available: bool, away_seconds: int) -> None:
    """Raise a refusal unless this day can be repaired now; nothing was stored."""
    if reason := unavailable(at):
        raise cannot(reason)
    if at.standing.repairable != day:
        raise Conflict(
            "repair_day",
            "Only the last missed day can be repaired.",
            day=day.isoformat(),
            repairable=str(at.standing.repairable),
        )
    if not ledger_available:
        raise Unavailable(
            "ledger_unavailable",
            "Points cannot be paid at the moment; you were not charged.",
            retry_after_seconds=away_seconds,
        )


def cannot(reason: RepairReason) -> Conflict:
    """The refusal while no day can be repaired."""
    return Conflict("repair_unavailable", "No missed day can be repaired now.", reason=reason)


def check_same(known: Repair, *, streak_id: str, day: date) -> None:
    """Raise Invalid where a key that is known came with another request."""
    if (known.streak_id, known.day) != (streak_id, day):
        raise Invalid("idempotency_mismatch", "This Idempotency-Key was used with another request body.")
