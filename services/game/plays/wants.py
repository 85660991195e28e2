"""What a campaign's clerk is asked for, and what it answers."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from game.campaigns.rules import PoolTerms
from game.errors import Refusal
from game.ledger.service import Credit
from game.plays.drawing import Drawn
from game.plays.rules import Play, Seat
from game.plays.settling import Funded


class WantSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A player wants a seat, or without a seed its anchor alone. With a beacon the seed may be empty."""

    terms: PoolTerms
    player_id: UUID
    seed: bytes | None


class WantDraws(msgspec.Struct, frozen=True, kw_only=True):
    """A play to be driven on; `funded` where its debit was just found to have been applied."""

    play: Play
    funded: Funded | None


class WantBeacon(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a round, and the pools whose seats wait for it."""

    round: int
    signature: bytes
    pool_ids: tuple[str, ...]


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as it stands. `entry` and `receipt` are None for an anchor that is only offered."""

    seat: Seat
    tag: bytes
    entry: bytes | None
    receipt: str | None


class Advanced(msgspec.Struct, frozen=True, kw_only=True):
    """A play as it stands; `draws` and `receipts` (by entry index) where it was settled just now."""

    play: Play
    seat: Seat | None
    tag: bytes | None
    draws: tuple[Drawn, ...]
    receipts: Mapping[int, str]


# What players want.
Errand = WantSeat | WantDraws
Want = Errand | WantBeacon
Answer = Sitting | Advanced | Refusal | None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to a campaign's batch, in its order, and the credits that are due from it."""

    answers: tuple[Answer, ...]
    credits: tuple[Credit, ...]


def pools_of(want: Want) -> tuple[str, ...]:
    """The pools that something is wanted of."""
    match want:
        case WantSeat():
            return (want.terms.pool_id,)
        case WantDraws():
            return (want.play.pool_id,)
        case WantBeacon():
            return want.pool_ids


def campaign_of(errand: Errand) -> str:
    """The campaign that something is wanted of."""
    return errand.terms.campaign_id if isinstance(errand, WantSeat) else errand.play.campaign_id
