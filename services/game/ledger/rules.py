"""Credits: operations of the outbox, and the exact bytes that the core ledger is sent for each."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final
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


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a draw won, on their way to the player.

    `subject` is the player's account in the core ledger; `body` is what is sent, the same every time.
    `attempt` counts the ids of one prize, from 1 on: the next one is used when the last was refused for good.
    """

    campaign_id: str
    play_id: UUID
    entry_index: int
    operation_id: str
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
    operation = Operation(
        id=f"draw:{campaign_id}:{entry_index}", apply_before=NEVER_MS, legs=(leg,), ref=f"entry {entry_index}"
    )
    return Credit(
        campaign_id=campaign_id,
        play_id=play_id,
        entry_index=entry_index,
        operation_id=operation.id,
        subject=account,
        body=encode(operation),
        attempt=1,
    )


def reissued(refused: Credit) -> Credit:
    """The same points under the next id, for a credit that the ledger will never apply."""
    attempt = refused.attempt + 1
    id_ = f"draw:{refused.campaign_id}:{refused.entry_index}:{attempt}"
    body = encode(msgspec.structs.replace(decode(refused.body), id=id_))
    return msgspec.structs.replace(refused, operation_id=id_, body=body, attempt=attempt)


def reissue_after_ms(attempt: int) -> int:
    """How long a refused credit waits: twice as long each time, because more than its budget may be wrong."""
    return min(REISSUE_MS << min(attempt - 1, _DOUBLINGS_MAX), REISSUE_MS_MAX)


def payable(refused: Sequence[Credit], available_points: int) -> list[Credit]:
    """The first credits of a campaign, in the order of its log, that its budget pays."""
    queue = sorted(refused, key=lambda credit: credit.entry_index)
    sums = accumulate(_points(credit) for credit in queue)
    return [credit for credit, points in zip(queue, sums, strict=True) if points <= available_points]


def _points(credit: Credit) -> int:
    return sum(leg.amount for leg in decode(credit.body).legs)
