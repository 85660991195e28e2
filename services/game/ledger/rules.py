"""Credits: operations of the outbox, and the exact bytes that the core ledger is sent for each."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Literal
from uuid import UUID

import msgspec

from ledger_client import Leg, Operation, budget, encode
from ledger_client.operations import decode

# The end of the year 9999. A prize does not lapse because the ledger was away.
NEVER_MS: Final = 253_402_300_799_999
# How often the budget of a refused credit is looked at, and how seldom the credit is issued anew in the end.
REISSUE_MS: Final = 60_000
REISSUE_MS_MAX: Final = 6 * 3_600_000
_DOUBLINGS_MAX: Final = 10


CreditKind = Literal["credit", "reward", "return"]


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Points on their way between a campaign's budget and a player: one operation.

    A `credit` is what a draw won, a `reward` what else was given, a `return` what is taken back of that. A
    credit has the play and the log's index of its draw, the others have the reward. `subject` is the player's
    account in the core ledger; `body` is what is sent, the same every time. `attempt` counts the ids of one
    prize, from 1 on: the next one is used when the last was refused for good.
    """

    campaign_id: str
    kind: CreditKind
    operation_id: str
    play_id: UUID | None
    entry_index: int | None
    reward_id: UUID | None
    subject: str
    body: bytes
    attempt: int


def credit_of(
    *, campaign_id: str, play_id: UUID, entry_index: int, account: str, amount_points: int
) -> Credit:
    """The credit of the draw at `entry_index` of the log: from the campaign's budget to the player.

    One draw has one id, so that it is paid at most once, whoever sends it and how often.
    """
    leg = Leg(debit=budget(campaign_id), credit=account, amount=amount_points, code="prize")
    id_ = f"draw:{campaign_id}:{entry_index}"
    return Credit(
        campaign_id=campaign_id,
        kind="credit",
        operation_id=id_,
        play_id=play_id,
        entry_index=entry_index,
        reward_id=None,
        subject=account,
        body=_body(id_, leg, f"entry {entry_index}"),
        attempt=1,
    )


def reward_of(*, campaign_id: str, reward_id: UUID, account: str, amount_points: int, ref: str) -> Credit:
    """The credit of a reward: from the campaign's budget to the player, at most once."""
    leg = Leg(debit=budget(campaign_id), credit=account, amount=amount_points, code="reward")
    return _of_reward("reward", campaign_id, reward_id, account, leg, attempt=1, ref=ref)


def return_of(
    *, campaign_id: str, reward_id: UUID, account: str, amount_points: int, attempt: int, ref: str
) -> Credit:
    """The n-th attempt to take points of a reward back: from the player to the campaign's budget."""
    leg = Leg(debit=account, credit=budget(campaign_id), amount=amount_points, code="return")
    return _of_reward("return", campaign_id, reward_id, account, leg, attempt=attempt, ref=ref)


def _of_reward(
    kind: CreditKind, campaign_id: str, reward_id: UUID, account: str, leg: Leg, *, attempt: int, ref: str
) -> Credit:
    id_ = _numbered(f"{kind}:{campaign_id}-{reward_id.hex}", attempt)
    return Credit(
        campaign_id=campaign_id,
        kind=kind,
        operation_id=id_,
        play_id=None,
        entry_index=None,
        reward_id=reward_id,
        subject=account,
        body=_body(id_, leg, ref),
        attempt=attempt,
    )


def reissued(refused: Credit) -> Credit:
    """The same points under the next id, for a credit that the ledger will never apply."""
    attempt = refused.attempt + 1
    first_id = refused.operation_id
    if refused.attempt > 1:
        first_id = first_id.removesuffix(f":{refused.attempt}")
    id_ = _numbered(first_id, attempt)
    body = encode(msgspec.structs.replace(decode(refused.body), id=id_))
    return msgspec.structs.replace(refused, operation_id=id_, body=body, attempt=attempt)


def reissue_after_ms(attempt: int) -> int:
    """How long a refused credit waits: twice as long each time, because more than its budget may be wrong."""
    return min(REISSUE_MS << min(attempt - 1, _DOUBLINGS_MAX), REISSUE_MS_MAX)


def payable(refused: Sequence[Credit], available_points: int) -> list[Credit]:
    """The first credits of a campaign that its budget pays: draws in the order of the log, then rewards."""
    queue = sorted(refused, key=_turn)
    sums = accumulate(_points(credit) for credit in queue)
    return [credit for credit, points in zip(queue, sums, strict=True) if points <= available_points]


def _turn(credit: Credit) -> tuple[bool, int, str]:
    return credit.entry_index is None, credit.entry_index or 0, credit.operation_id


def _points(credit: Credit) -> int:
    return sum(leg.amount for leg in decode(credit.body).legs)


def _numbered(first_id: str, attempt: int) -> str:
    return first_id if attempt == 1 else f"{first_id}:{attempt}"


def _body(id_: str, leg: Leg, ref: str) -> bytes:
    return encode(Operation(id=id_, apply_before=NEVER_MS, legs=(leg,), ref=ref))
