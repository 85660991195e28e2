"""Campaigns and pools as they are stored."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

import ledger_client
from game.campaigns.drafts import PoolDraft
from game.campaigns.rules import CampaignState, PoolStage, PoolState, Text
from game.fair.entries import PoolEntry


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign of a brand. `version` counts the edits; a limit is None where there is none.

    `operator_name` is the brand's name in the origin of its logs. `launched_ms` is None for a draft.
    """

    campaign_id: str
    brand_id: str
    operator_name: str
    state: CampaignState
    name: Text
    rules: Text
    opens_ms: int
    closes_ms: int
    time_zone: str
    limit_per_day: int | None
    limit_total: int | None
    version: int
    created_by: str
    created_ms: int
    launched_ms: int | None

    @property
    def budget_account(self) -> str:
        """The ledger account that pays the point prizes."""
        return ledger_client.budget(self.campaign_id)


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a row's prizes are left (None: no bound) and how often it was paid."""

    left: int | None
    won: int


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool, published or not. `units` stand in the order of the rows.

    `lineage_id` is the id of the first pool in a line of replacements, `replaces_id` the one before this.
    The index and bytes of the entry are None for a draft, the index of the close before the close.
    """

    draft: PoolDraft
    lineage_id: str
    replaces_id: str | None
    state: PoolStage
    accepting: bool
    draws_reserved: int
    opens_ms: int | None
    closes_ms: int | None
    entry_index: int | None
    entry: bytes | None
    close_index: int | None
    units: tuple[Units, ...]

    @property
    def pool_id(self) -> str:
        """Its id, unique in the campaign."""
        return self.draft.pool_id

    @property
    def draws_made(self) -> int:
        """How many draws of it stand in the log."""
        return sum(units.won for units in self.units)

    @property
    def draws_to_come(self) -> int | None:
        """The most draws that may still be made; None: no bound. A draining pool only finishes."""
        if self.state in ("replaced", "closed"):
            return 0
        if self.state == "draining":
            return self.draws_reserved - self.draws_made
        return None if self.draft.cap is None else self.draft.cap - self.draws_made


def new_pool(draft: PoolDraft, *, replaces: Pool | None) -> Pool:
    """A pool that was just written, in the line of the one that it replaces."""
    return Pool(
        draft=draft,
        lineage_id=replaces.lineage_id if replaces else draft.pool_id,
        replaces_id=replaces.pool_id if replaces else None,
        state="draft",
        accepting=False,
        draws_reserved=0,
        opens_ms=None,
        closes_ms=None,
        entry_index=None,
        entry=None,
        close_index=None,
        units=tuple(Units(left=row.stock if row.count is None else row.count, won=0) for row in draft.rows),
    )


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What a pool gains when it is logged: its table, the table's bytes, and the bytes of its rules."""

    pool_id: str
    opens_ms: int
    closes_ms: int
    table: PoolEntry
    entry: bytes
    entry_index: int
    rules: bytes
    secret_sealed: bytes


class LeftOver(msgspec.Struct, frozen=True, kw_only=True):
    """What players left in a pool that is closed: seats that stand in the log and were not used up.

    `seats_undrawn` of them have no draw at all; `draws_untaken` could still have been taken from them.
    """

    seats_unused: int
    seats_undrawn: int
    draws_untaken: int


class PublicState(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a published pool; `units_left` of each row, None where it has no bound.

    `left_over` is None until the close.
    """

    pool_id: str
    replaces_id: str | None
    units_left: tuple[int | None, ...]
    left_over: LeftOver | None
    state: PoolState


class LiveSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A player's live seat, and how many of its draws are not spoken for."""

    seat_id: bytes
    draws_left: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in a list."""

    campaign_id: str
    state: CampaignState
    name: Text
    opens_ms: int
    closes_ms: int
    time_zone: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did to a campaign, with the values before and after."""

    at_ms: int
    actor: str
    action: str
    old: dict[str, Any]
    new: dict[str, Any]


class Chances(msgspec.Struct, frozen=True, kw_only=True):
    """Free plays of one player, out of one source."""

    lot_id: UUID
    granted: int
    units_left: int
    expires_ms: int


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """A badge that can be awarded in a campaign."""

    badge_id: str
    name: Text
    description: Text


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a feature can give away beside the pools: points, and voucher codes by batch.

    It is kept only if one player can take so many `draws`, and if the campaign closes by `until_ms`; None:
    however that is. `terms` is what players are promised, in JSON's types; empty: nothing is published.
    """

    points: int
    vouchers: Mapping[str, int]
    draws: int | None = None
    until_ms: int | None = None
    terms: Mapping[str, Any] = {}


class Managed(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign with its pools and its badges.

    `promises` are what can be given away beside the pools, `free_vouchers` how many codes of each batch
    nobody has won.
    """

    campaign: Campaign
    pools: tuple[Pool, ...]
    badges: tuple[Badge, ...]
    promises: tuple[Promise, ...]
    free_vouchers: Mapping[str, int]
