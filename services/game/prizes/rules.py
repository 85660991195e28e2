"""What was won, where it stands, and whether it can be redeemed."""

from typing import Literal
from uuid import UUID

import msgspec

from game.campaigns.rules import Prize, PrizeKind, Text
from game.errors import Conflict, Refusal

PrizeState = Literal[
    "granted", "paying", "paid", "pending", "redeemed", "review", "withheld", "returning", "returned"
]
CreditState = Literal["due", "applied", "rejected", "expired", "fenced"]


class Won(msgspec.Struct, frozen=True, kw_only=True):
    """A draw and the prize of the row that it paid; chances are good until `closes_ms`."""

    campaign_id: str
    grant_id: UUID
    play_id: UUID
    player_id: UUID
    entry_index: int
    pool_id: str
    prize: Prize
    closes_ms: int


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A prize of a draw, or a reward, as it is stored.

    A reward has a `source`, and no play, pool, entry or row; its name is None unless it is a badge.
    `withheld` of it has settled a debt. `taken_back` is None while it stands.

    `credit` is where its points stand in the outbox, None for other kinds. `code` is the voucher's, to be
    shown only once it is redeemed; None for other kinds, and for a voucher whose batch had run out.
    `is_covered` holds for a scratch ticket whose outcome the player has not seen yet.
    """

    campaign_id: str
    grant_id: UUID
    player_id: UUID
    play_id: UUID | None
    pool_id: str | None
    entry_index: int | None
    row_id: str | None
    source: str | None
    kind: PrizeKind
    amount: int
    withheld: int
    name: Text | None
    credit: CreditState | None
    code: str | None
    is_covered: bool
    granted_ms: int
    redeemed_ms: int | None
    taken_back: Literal["returning", "returned"] | None

    @property
    def state(self) -> PrizeState:
        """Where the prize stands, as its winner is told."""
        if self.taken_back is not None:
            return self.taken_back
        if self.withheld == self.amount:
            return "withheld"
        if self.redeemed_ms is not None:
            return "redeemed"
        if self.kind == "voucher" and self.code is None:
            return "pending"
        if self.kind == "points":
            return _PAID.get(self.credit, "review")
        return "granted"

    @property
    def shown_code(self) -> str | None:
        """The voucher's code as far as its owner has asked for it."""
        return None if self.redeemed_ms is None else self.code


# What was refused is issued anew once it can be paid: it is owed all the same.
_PAID: dict[CreditState | None, PrizeState] = {
    "due": "paying",
    "applied": "paid",
    "rejected": "paying",
    "expired": "paying",
    "fenced": "paying",
}


def refusal(grant: Grant) -> Refusal | None:
    """Why the prize cannot be redeemed; None: it can, or it is already, which gives the same answer."""
    if grant.redeemed_ms is not None:
        return None
    if grant.taken_back is not None or grant.withheld == grant.amount:
        return prize_taken_back()
    if grant.kind != "voucher":
        return Conflict("not_redeemable", f"A prize of {grant.kind} needs no redeeming.", kind=grant.kind)
    if grant.code is None:
        return Conflict("prize_pending", "The voucher's code is on its way; the prize is yours.")
    return None


def prize_taken_back() -> Conflict:
    """What is asked for was given, and is not the player's any more."""
    return Conflict("prize_taken_back", "This reward was taken back, or settled something that was owed.")
