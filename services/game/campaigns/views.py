"""What managers are shown."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from game.campaigns.drafts import PoolDraft, PrizeDraft, RowDraft
from game.campaigns.funding import demand
from game.campaigns.records import Campaign, Managed, Pool, Summary, Units
from game.campaigns.rules import BadgeName, CampaignState, Game, PoolStage, PrizeKind, Text
from game.instants import to_datetime


class ScheduleView(msgspec.Struct, frozen=True, kw_only=True):
    """When a campaign is open, in UTC; its days begin in the IANA time zone."""

    opens: datetime
    closes: datetime
    time_zone: str


class LimitsView(msgspec.Struct, frozen=True, kw_only=True):
    """How many draws one player may take; null: no limit."""

    per_day: int | None
    total: int | None


class SummaryView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in a list."""

    campaign_id: str
    state: CampaignState
    name: Text
    schedule: ScheduleView


class SummaryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Campaigns by id; `next` is the cursor (`after`) of the page that follows, null at the end."""

    campaigns: tuple[SummaryView, ...]
    next: str | None


class PrizeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a row pays, and its market value in fen (0.01 RMB) with the source and day of that price.

    `badge` is null of other prizes.
    """

    kind: PrizeKind
    amount: int
    badge: BadgeName | None
    name: Text
    value_fen: int
    value_source: str
    value_date: date


class ManagedRow(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from", "else_": "else"}):
    """A row of a prize table, as it was written, and how often it was won."""

    id: str
    weight: int | None
    count: int | None
    stock: int | None
    limit: int | None
    from_: int | None
    else_: str | None
    units_left: int | None
    units_won: int
    voucher_batch: str | None
    prize: PrizeView


class GuaranteeView(msgspec.Struct, frozen=True, kw_only=True):
    """At the latest every `draws`-th draw of a player is made among the first `rows` rows."""

    draws: int
    rows: int


class ManagedPool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool as its managers see it. What the log gives it is null before it is published."""

    pool_id: str
    lineage_id: str
    replaces: str | None
    game: Game
    state: PoolStage
    accepting: bool
    price_points: int
    seat_draws: int
    beacon_delay: int | None
    guarantee: GuaranteeView | None
    draws_cap: int | None
    draws_reserved: int
    draws_made: int
    opens: datetime | None
    closes: datetime | None
    entry_index: int | None
    close_index: int | None
    rows: tuple[ManagedRow, ...]


class VouchersNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """The most codes of a batch that can still be won, and how many nobody has won."""

    voucher_batch: str
    needed: int
    free: int


class ManagedCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as its managers see it; `points_needed` is the most that it can still pay out."""

    campaign_id: str
    brand_id: str
    state: CampaignState
    version: int
    name: Text
    rules: Text
    schedule: ScheduleView
    limits: LimitsView
    budget_account: str
    points_needed: int
    vouchers: tuple[VouchersNeeded, ...]
    created_by: str
    created_at: datetime
    launched_at: datetime | None
    pools: tuple[ManagedPool, ...]


def schedule_view(source: Campaign | Summary) -> ScheduleView:
    """The schedule of a campaign."""
    opens, closes = to_datetime(source.opens_ms), to_datetime(source.closes_ms)
    return ScheduleView(opens=opens, closes=closes, time_zone=source.time_zone)


def summary_page(summaries: list[Summary], *, limit: int) -> SummaryPage:
    """A page of at most `limit` campaigns."""
    views = tuple(
        SummaryView(
            campaign_id=summary.campaign_id,
            state=summary.state,
            name=summary.name,
            schedule=schedule_view(summary),
        )
        for summary in summaries
    )
    return SummaryPage(campaigns=views, next=views[-1].campaign_id if len(views) == limit else None)


def managed_view(managed: Managed) -> ManagedCampaign:
    """A campaign as its managers see it."""
    campaign, needed = managed.campaign, demand(managed.pools, managed.promises)
    badges = {each.badge_id: BadgeName(badge_id=each.badge_id, name=each.name) for each in managed.badges}
    return ManagedCampaign(
        campaign_id=campaign.campaign_id,
        brand_id=campaign.brand_id,
        state=campaign.state,
        version=campaign.version,
        name=campaign.name,
        rules=campaign.rules,
        schedule=schedule_view(campaign),
        limits=LimitsView(per_day=campaign.limit_per_day, total=campaign.limit_total),
        budget_account=campaign.budget_account,
        points_needed=needed.points,
        vouchers=_vouchers(needed.vouchers, managed.free_vouchers),
        created_by=campaign.created_by,
        created_at=to_datetime(campaign.created_ms),
        launched_at=_instant(campaign.launched_ms),
        pools=tuple(_pool(pool, badges) for pool in managed.pools),
    )


def _vouchers(needed: Mapping[str, int], free: Mapping[str, int]) -> tuple[VouchersNeeded, ...]:
    return tuple(
        VouchersNeeded(voucher_batch=batch, needed=needed.get(batch, 0), free=free.get(batch, 0))
        for batch in sorted(needed.keys() | free.keys())
    )


def _pool(pool: Pool, badges: Mapping[str, BadgeName]) -> ManagedPool:
    draft = pool.draft
    rows = zip(draft.rows, pool.units, strict=True)
    return ManagedPool(
        pool_id=pool.pool_id,
        lineage_id=pool.lineage_id,
        replaces=pool.replaces_id,
        game=draft.game,
        state=pool.state,
        accepting=pool.accepting,
        price_points=draft.price_points,
        seat_draws=draft.seat_draws,
        beacon_delay=draft.beacon.delay if draft.beacon else None,
        guarantee=_guarantee(draft),
        draws_cap=draft.cap,
        draws_reserved=pool.draws_reserved,
        draws_made=pool.draws_made,
        opens=_instant(pool.opens_ms),
        closes=_instant(pool.closes_ms),
        entry_index=pool.entry_index,
        close_index=pool.close_index,
        rows=tuple(_row(row, units, badges) for row, units in rows),
    )


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else to_datetime(ms)


def _guarantee(draft: PoolDraft) -> GuaranteeView | None:
    terms = draft.guarantee
    return None if terms is None else GuaranteeView(draws=terms.draws, rows=terms.rows)


def _row(row: RowDraft, units: Units, badges: Mapping[str, BadgeName]) -> ManagedRow:
    return ManagedRow(
        id=row.id,
        weight=row.weight,
        count=row.count,
        stock=row.stock,
        limit=row.limit,
        from_=row.from_,
        else_=row.else_,
        units_left=units.left,
        units_won=units.won,
        voucher_batch=row.prize.voucher_batch,
        prize=_prize(row.prize, badges),
    )


def _prize(prize: PrizeDraft, badges: Mapping[str, BadgeName]) -> PrizeView:
    return PrizeView(
        kind=prize.kind,
        amount=prize.amount,
        badge=None if prize.badge is None else badges[prize.badge],
        name=Text(zh=prize.name.zh, en=prize.name.en),
        value_fen=prize.value_fen,
        value_source=prize.value_source,
        value_date=prize.value_date,
    )
