"""Badges and sets as their manager writes them; read from the wire and from the database alike."""

from typing import Annotated, Final, Literal

import msgspec

from game.campaigns.drafts import NameDraft
from game.wire import Instant, Slug

SET_BADGES_MAX: Final = 12
UNITS_MAX: Final = 1_000_000
AMOUNT_MAX: Final = 1_000_000
PRICE_MAX: Final = 100

Units = Annotated[int, msgspec.Meta(ge=1, le=UNITS_MAX)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class BadgeDraft(_Input, frozen=True, kw_only=True):
    """What a badge is called, what it stands for, how it is earned, and its picture.

    The picture is an address, never markup: nothing that a manager pastes runs in a player's app.
    """

    name: NameDraft
    description: NameDraft
    criteria: NameDraft
    image_url: Annotated[str, msgspec.Meta(pattern=r"^https://[!-~]{1,500}$(?!\n)")]


class PrizeTerms(_Input, frozen=True, kw_only=True):
    """What a full set is redeemed for, so many times; a voucher is a code of a batch."""

    kind: Literal["points", "voucher", "goods"]
    amount: Amount = 1
    voucher_batch: Slug | None = None
    name: NameDraft
    units: Units


class AlternativeTerms(_Input, frozen=True, kw_only=True):
    """What a full set is redeemed for once the prize is gone, so many times."""

    kind: Literal["points", "chances"]
    amount: Amount
    units: Units


class ConvertTerms(_Input, frozen=True, kw_only=True):
    """The points for one spare badge, so many times."""

    points: Amount
    units: Units


class SetDraft(_Input, frozen=True, kw_only=True):
    """The badges of a set, and what becomes of full sets and of spare badges.

    So many spare badges of the set as `exchange_price` says buy a missing one of choice. After every
    `guarantee_draws` draws in the campaign a player may claim a missing badge of choice: the path to a full
    set that needs no luck. With `gifts`, spare badges may be given to other players. All of it is possible
    until `redeem_until`.
    """

    name: NameDraft
    badges: Annotated[tuple[Slug, ...], msgspec.Meta(min_length=2, max_length=SET_BADGES_MAX)]
    prize: PrizeTerms
    alternative: AlternativeTerms
    exchange_price: Annotated[int, msgspec.Meta(ge=2, le=PRICE_MAX)] | None = None
    convert: ConvertTerms | None = None
    guarantee_draws: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    gifts: bool = False
    redeem_until: Instant
