"""What is given for anything but a draw, and what becomes of it when it is taken back: pure decisions."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.prizes.rules import CreditState

RewardKind = Literal["points", "chances", "voucher", "badge", "goods"]

# How often points of one reward are asked for, each time no more than the player has; then all is owed.
RETURN_ATTEMPTS_MAX: Final = 8
REFUSED: Final = frozenset({"rejected", "expired", "fenced"})


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a player of a campaign is given, once for each `source`.

    `source` is a stable business key of up to 80 printable ASCII characters, such as `task:share-3:2`; what
    stands before the first colon is told to the player in words (texts/rewards.toml). `amount` counts points
    or chances, and is 1 of all else. `item` is the batch of a voucher, the id of a badge, or a name of goods,
    and None of others. `expires_ms` is until when chances are good, None of others.
    """

    campaign_id: str
    reward_id: UUID
    player_id: UUID
    source: str
    kind: RewardKind
    amount: int
    item: str | None
    expires_ms: int | None


class RewardKey(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What names a reward, whatever its id."""

    campaign_id: str
    player_id: UUID
    source: str


class DebtKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a debt is of; `item` is None of points and chances."""

    player_id: UUID
    kind: RewardKind
    item: str | None


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a reward that is taken back, and where its operations stand.

    `withheld` of the `amount` settled a debt and was never paid. `paid` is the state of the credit, None
    where there is none. `returned` is that of the last return, which asked for `recovered` points; it was
    the `attempt`-th, 0 and None: there was none yet.
    """

    campaign_id: str
    reward_id: UUID
    account: str
    source: str
    amount: int
    withheld: int
    recovered: int
    paid_id: str | None
    paid: CreditState | None
    returned_id: str | None
    returned: CreditState | None
    attempt: int


class Ask(msgspec.Struct, frozen=True):
    """Ask the ledger for so many points of the player."""

    points: int


class Close(msgspec.Struct, frozen=True):
    """It is over: so much came back, so much is owed. The refused operation `given_up` is let go."""

    recovered: int
    owed: int
    given_up: str | None


def debt_of(reward: Reward) -> DebtKey:
    """The debt that a reward settles."""
    return DebtKey(player_id=reward.player_id, kind=reward.kind, item=reward.item)


def withheld(rewards: Sequence[Reward], debts: Mapping[DebtKey, int]) -> dict[UUID, int]:
    """How much of which rewards settles debts, in their order, those of which something does."""
    left, found = dict(debts), {}
    for reward in rewards:
        key = debt_of(reward)
        if part := min(reward.amount, left.get(key, 0)):
            left[key] -= part
            found[reward.reward_id] = part
    return found


def next_step(taken: TakenBack, *, available_points: int | None) -> Ask | Close | None:
    """What to do next about points that are taken back; None: wait for the ledger.

    `available_points` is what the player has, None while that is not known. A credit that is under way is
    waited for; one that was refused is let go. A player who has too little is asked for what there is.
    """
    if taken.withheld == taken.amount:
        return Close(0, taken.amount, None)
    if taken.paid in REFUSED:
        return Close(0, taken.withheld, taken.paid_id)
    if taken.paid != "applied":
        return None
    if taken.returned is None:
        return Ask(taken.amount - taken.withheld)
    if taken.returned == "applied":
        return Close(taken.recovered, taken.amount - taken.recovered, None)
    return _after_refusal(taken, available_points) if taken.returned in REFUSED else None


def _after_refusal(taken: TakenBack, available_points: int | None) -> Ask | Close | None:
    if available_points is None:
        return None
    points = min(taken.recovered, available_points)
    if points < 1 or taken.attempt >= RETURN_ATTEMPTS_MAX:
        return Close(0, taken.amount, taken.returned_id)
    return Ask(points)
