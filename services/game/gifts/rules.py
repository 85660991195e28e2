"""What may be given to another player, until when, and out of what. Pure."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from game.campaigns.rules import CampaignState
from game.errors import Conflict, Exhausted, NotFound, Refusal
from game.wire import Slug

CHANCES_MAX: Final = 10
DAYS_MAX: Final = 30
DAY_MS: Final = 86_400_000
# In 24 hours, whatever became of the gifts: what a farm of accounts can bring together.
GIVEN_MAX: Final = 10
RECEIVED_MAX: Final = 10

GiftState = Literal["open", "redeemed", "cancelled", "expired", "taken_back"]
Days = Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX, description="How long the code is good for at most")]


class GiveChances(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="chances", forbid_unknown_fields=True
):
    """Chances (free plays), those first that expire first. The code is good no longer than they are."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=CHANCES_MAX)]
    days: Days = 7


class GiveBadge(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="badge", forbid_unknown_fields=True
):
    """A spare badge, where the policy of its set has gifts. The code is good no longer than the set."""

    badge: Slug
    days: Days = 7


Give = GiveChances | GiveBadge


class Portion(msgspec.Struct, frozen=True):
    """So many chances of a lot, good until a time."""

    lot_id: UUID
    units: int
    expires_ms: int


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """A gift as it stands.

    `taken_back` of the amount was withdrawn while it was open. `recipient_id` is None until it is redeemed,
    `ended_ms` while it is open.
    """

    gift_id: UUID
    giver_id: UUID
    kind: Literal["chances", "badge"]
    amount: int
    badge_id: str | None
    state: GiftState
    taken_back: int
    recipient_id: UUID | None
    given_ms: int
    expires_ms: int
    ended_ms: int | None

    @property
    def units(self) -> int:
        """What is in it, or was until it ended."""
        return self.amount - self.taken_back


def opened(gift_id: UUID, giver_id: UUID, asked: Give, *, now_ms: int, until_ms: int) -> Gift:
    """A new gift; its code is good until its term is over, and no longer than what is in it."""
    return Gift(
        gift_id=gift_id,
        giver_id=giver_id,
        kind="chances" if isinstance(asked, GiveChances) else "badge",
        amount=asked.amount if isinstance(asked, GiveChances) else 1,
        badge_id=None if isinstance(asked, GiveChances) else asked.badge,
        state="open",
        taken_back=0,
        recipient_id=None,
        given_ms=now_ms,
        expires_ms=min(now_ms + asked.days * DAY_MS, until_ms),
        ended_ms=None,
    )


def portions(lots: Sequence[Portion], amount: int) -> list[Portion]:
    """The lots' units that make up an amount, in the order of the lots. Exhausted `too_few_chances`."""
    if (held := sum(lot.units for lot in lots)) < amount:
        raise Exhausted("too_few_chances", f"{held} chances are left.", have=held, need=amount)
    found: list[Portion] = []
    for lot in lots:
        if (units := min(lot.units, amount)) > 0:
            found.append(Portion(lot.lot_id, units, lot.expires_ms))
            amount -= units
    return found


def check_open(state: CampaignState, *, closes_ms: int, now_ms: int) -> None:
    """Raise Conflict unless chances of a launched campaign can be used now."""
    if state == "paused":
        raise Conflict("campaign_paused", "The campaign is paused.")
    if state != "live" or now_ms >= closes_ms:
        raise Conflict("campaign_ended", "The campaign has ended.")


def check_count(code: str, count: int, limit: int) -> None:
    """Raise Exhausted where so many gifts in 24 hours are all that is allowed."""
    if count >= limit:
        raise Exhausted(code, f"At most {limit} gifts in 24 hours.", limit=limit, used=count)


def check_recipient(gift: Gift | None, player_id: UUID, *, now_ms: int) -> Gift:
    """The gift that a player's code opens. NotFound, the same for all codes that open nothing; Conflict."""
    if gift is None or gift.state != "open" or now_ms >= gift.expires_ms:
        raise no_such_gift()
    if gift.giver_id == player_id:
        raise Conflict("own_gift", "A gift is for somebody else.")
    return gift


def no_such_gift() -> NotFound:
    """The one answer for a gift or a code that is wrong, over, or not of this player and campaign."""
    return NotFound("gift_not_found", "There is no such gift, or it is not open any more.")


def ended(gift: Gift) -> Refusal:
    """Why a gift cannot be cancelled."""
    return Conflict("gift_state", f"The gift is {gift.state}.", state=gift.state)
