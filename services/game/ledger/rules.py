"""Credits: operations of the outbox, and the exact bytes that the core ledger is sent for each."""

from typing import Final
from uuid import UUID

import msgspec

from ledger_client import Leg, Operation, budget, encode

# The end of the year 9999. A prize does not lapse because the ledger was away.
NEVER_MS: Final = 253_402_300_799_999


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a draw won, on their way to the player.

    `subject` is the player's account in the core ledger; `body` is what is sent, the same every time.
    """

    campaign_id: str
    play_id: UUID
    entry_index: int
    operation_id: str
    subject: str
    body: bytes


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
    )
