"""What everybody is shown, and what a player is told of itself."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from game.campaigns.public import PublicCampaign, PublicPool, Standing
from game.campaigns.rules import CampaignState, Game, PoolStage, Prize, Text
from game.campaigns.views import GuaranteeView, LimitsView, PrizeView, ScheduleView, schedule_view
from game.errors import Refusal
from game.fair.entries import PoolEntry, WheelRow, urn_rows, wheel_rows
from game.instants import to_datetime


class Fraction(msgspec.Struct, frozen=True, kw_only=True):
    """An exact probability in the integers of the published table, not reduced."""

    numerator: int
    denominator: int


class RowView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from", "else_": "else"}):
    """A row: its odds in the published table, how many are left, and when it is closed to a player.

    `units_left` is null where there is no bound. A row that is closed (no unit left, won `limit` times,
    before the player's draw `from`) pays the row `else` in its place. Of scratch cards the odds move as
    tickets are sold: the next ticket's are `units_left` over the sum of all rows'.
    """

    id: str
    odds: Fraction
    units_left: int | None
    limit: int | None
    from_: int | None
    else_: str | None
    prize: PrizeView


class BeaconView(msgspec.Struct, frozen=True, kw_only=True):
    """The public beacon whose value enters each draw: its chain, and how many rounds ahead."""

    chain: str
    delay_rounds: int


class CommitmentView(msgspec.Struct, frozen=True, kw_only=True):
    """What binds the operator: hashes in hex, and where the pool's entry stands in the log."""

    commit: str
    pool_hash: str
    rules_sha256: str
    entry_index: int


class LeftOverView(msgspec.Struct, frozen=True, kw_only=True):
    """Seats in the log that were never used up, those of them without any draw, and the draws left in them.

    Whoever replays the log after the close finds the outcomes of these draws, which nobody took.
    """

    seats_unused: int
    seats_undrawn: int
    draws_untaken: int


class PoolView(msgspec.Struct, frozen=True, kw_only=True):
    """A published pool. `randomness` says what the operator cannot choose.

    That is a public beacon's value, or the player's seed. Sealed draws are paid before their beacon value
    exists. `draws_left` is null where there is no bound, `left_over` until the pool is closed.
    """

    pool_id: str
    game: Game
    state: PoolStage
    price_points: int
    opens: datetime
    closes: datetime
    seat_draws: int
    draws_left: int | None
    randomness: Literal["beacon", "seed"]
    is_sealed: bool
    beacon: BeaconView | None
    guarantee: GuaranteeView | None
    replaces: str | None
    replaced_by: str | None
    rows: tuple[RowView, ...]
    left_over: LeftOverView | None
    commitment: CommitmentView


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """The campaign's draw log: its origin line and the key that verifies its notes (C2SP signed-note)."""

    origin: str
    vkey: str


class UsedView(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a limit is used."""

    limit: int
    used: int
    left: int


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """Why something cannot be done now; `numbers` explain the code."""

    code: str
    detail: str
    numbers: dict[str, Any]


class SeatLeft(msgspec.Struct, frozen=True, kw_only=True):
    """The player's live seat: its id in hex, and how many of its draws are left."""

    seat_id: str
    draws_left: int


class YourPool(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the player may take a draw of a pool now; `reason` is null then, `seat` without a live one."""

    pool_id: str
    playable: bool
    reason: ReasonView | None
    seat: SeatLeft | None


class YouView(msgspec.Struct, frozen=True, kw_only=True):
    """The player in this campaign; a limit is null where there is none."""

    per_day: UsedView | None
    total: UsedView | None
    chances_left: int
    pools: tuple[YourPool, ...]


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A launched campaign. `you` is null without a player's token."""

    campaign_id: str
    brand_id: str
    state: CampaignState
    name: Text
    rules: Text
    schedule: ScheduleView
    limits: LimitsView
    log: LogView
    pools: tuple[PoolView, ...]
    you: YouView | None


def campaign_view(shown: PublicCampaign) -> CampaignView:
    """A launched campaign as it is shown."""
    campaign = shown.campaign
    return CampaignView(
        campaign_id=campaign.campaign_id,
        brand_id=campaign.brand_id,
        state=campaign.state,
        name=campaign.name,
        rules=campaign.rules,
        schedule=schedule_view(campaign),
        limits=LimitsView(per_day=campaign.limit_per_day, total=campaign.limit_total),
        log=LogView(origin=shown.log_origin, vkey=shown.log_vkey),
        pools=tuple(_pool(pool) for pool in shown.pools),
        you=_you(shown, shown.you) if shown.you else None,
    )


def _pool(pool: PublicPool) -> PoolView:
    terms, entry, now = pool.terms, pool.terms.entry, pool.now
    return PoolView(
        pool_id=terms.pool_id,
        game=terms.game,
        state=now.state.state,
        price_points=terms.price_points,
        opens=to_datetime(terms.opens_ms),
        closes=to_datetime(terms.closes_ms),
        seat_draws=terms.seat_draws,
        draws_left=now.state.draws_left,
        randomness="seed" if entry.beacon is None else "beacon",
        is_sealed=terms.is_sealed,
        beacon=_beacon(entry),
        guarantee=_guarantee(entry),
        replaces=now.replaces_id,
        replaced_by=now.state.replaced_by,
        rows=_rows(pool),
        left_over=_left_over(pool),
        commitment=CommitmentView(
            commit=entry.commit,
            pool_hash=terms.pool_hash.hex(),
            rules_sha256=entry.rules,
            entry_index=terms.entry_index,
        ),
    )


def _left_over(pool: PublicPool) -> LeftOverView | None:
    left = pool.now.left_over
    return None if left is None else LeftOverView(**msgspec.structs.asdict(left))


def _beacon(entry: PoolEntry) -> BeaconView | None:
    terms = entry.beacon
    return None if terms is None else BeaconView(chain=terms.chain, delay_rounds=terms.delay)


def _guarantee(entry: PoolEntry) -> GuaranteeView | None:
    terms = entry.guarantee
    return None if terms is None else GuaranteeView(draws=terms.draws, rows=terms.rows)


def _rows(pool: PublicPool) -> tuple[RowView, ...]:
    table = _table(pool.terms.entry)
    denominator = sum(row.weight for row in table)
    rows = zip(table, pool.terms.prizes, pool.now.units_left, strict=True)
    return tuple(_row(row, prize, left, denominator) for row, prize, left in rows)


def _table(entry: PoolEntry) -> tuple[WheelRow, ...]:
    if entry.game == "wheel":
        return wheel_rows(entry)
    return tuple(WheelRow(id=row.id, weight=row.count) for row in urn_rows(entry))


def _row(row: WheelRow, prize: Prize, units_left: int | None, denominator: int) -> RowView:
    return RowView(
        id=row.id,
        odds=Fraction(numerator=row.weight, denominator=denominator),
        units_left=units_left,
        limit=row.limit,
        from_=row.from_,
        else_=row.else_,
        prize=PrizeView(
            kind=prize.kind,
            amount=prize.amount,
            badge=prize.badge,
            name=prize.name,
            value_fen=prize.value_fen,
            value_source=prize.value_source,
            value_date=prize.value_date,
        ),
    )


def _you(shown: PublicCampaign, you: Standing) -> YouView:
    return YouView(
        per_day=_used(shown.campaign.limit_per_day, you.used_today),
        total=_used(shown.campaign.limit_total, you.taken.draws_total),
        chances_left=you.chances_left,
        pools=tuple(_your_pool(pool.terms.pool_id, you) for pool in shown.pools),
    )


def _used(limit: int | None, used: int) -> UsedView | None:
    return None if limit is None else UsedView(limit=limit, used=used, left=max(limit - used, 0))


def _your_pool(pool_id: str, you: Standing) -> YourPool:
    seat, reason = you.seats.get(pool_id), you.refusals.get(pool_id)
    return YourPool(
        pool_id=pool_id,
        playable=reason is None,
        reason=reason_view(reason) if reason else None,
        seat=SeatLeft(seat_id=seat.seat_id.hex(), draws_left=seat.draws_left) if seat else None,
    )


def reason_view(reason: Refusal) -> ReasonView:
    """A refusal as it is told beforehand."""
    return ReasonView(code=reason.code, detail=reason.detail, numbers=dict(reason.numbers))
