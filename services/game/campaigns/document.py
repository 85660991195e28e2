"""The rules text that a pool publishes: its SHA-256 is `rules` in the pool's entry."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from game.audit.verifier import SHA256 as VERIFIER_SHA256
from game.campaigns.drafts import PoolDraft, RowDraft
from game.campaigns.records import Campaign
from game.campaigns.rules import Game, PrizeKind, Text
from game.instants import to_datetime


class RulesRow(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from", "else_": "else"}):
    """A row of the table and what it pays. What does not apply is null, `badge` is absent of other prizes."""

    id: str
    weight: int | None
    count: int | None
    stock: int | None
    limit: int | None
    from_: int | None
    else_: str | None
    prize: PrizeKind
    amount: int
    badge: str | UnsetType = UNSET
    name: Text
    value_fen: int
    value_source: str
    value_date: date


class RulesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """All that was promised to players, in Chinese and English.

    `promised` has what features promise beside the pools, such as `set:spring` and `task`, as their managers
    wrote it; it is absent where there is nothing of that. `verifier_sha256` is the digest of the
    auditor's file, in the version that was served when the pool was published.
    """

    format: str
    campaign: str
    pool: str
    game: Game
    name: Text
    rules: Text
    opens: datetime
    closes: datetime
    time_zone: str
    limit_per_day: int | None
    limit_total: int | None
    price_points: int
    draws_cap: int | None
    seat_draws: int
    beacon_delay_rounds: int | None
    guarantee_draws: int | None
    guarantee_rows: int | None
    rows: tuple[RulesRow, ...]
    verifier_sha256: str
    promised: Mapping[str, Any] | UnsetType = UNSET


def rules_document(campaign: Campaign, draft: PoolDraft, terms: Mapping[str, Any], *, opens_ms: int) -> bytes:
    """The published rules in canonical JSON: sorted keys, no spaces, UTF-8 (RFC 8785)."""
    document = RulesDocument(
        format="playfair rules/1",
        campaign=campaign.campaign_id,
        pool=draft.pool_id,
        game=draft.game,
        name=campaign.name,
        rules=campaign.rules,
        opens=to_datetime(opens_ms),
        closes=to_datetime(campaign.closes_ms),
        time_zone=campaign.time_zone,
        limit_per_day=campaign.limit_per_day,
        limit_total=campaign.limit_total,
        price_points=draft.price_points,
        draws_cap=draft.cap,
        seat_draws=draft.seat_draws,
        beacon_delay_rounds=draft.beacon.delay if draft.beacon else None,
        guarantee_draws=draft.guarantee.draws if draft.guarantee else None,
        guarantee_rows=draft.guarantee.rows if draft.guarantee else None,
        rows=tuple(_row(row) for row in draft.rows),
        verifier_sha256=VERIFIER_SHA256.hex(),
        promised=terms or UNSET,
    )
    return msgspec.json.encode(document, order="sorted")


def _row(row: RowDraft) -> RulesRow:
    return RulesRow(
        id=row.id,
        weight=row.weight,
        count=row.count,
        stock=row.stock,
        limit=row.limit,
        from_=row.from_,
        else_=row.else_,
        prize=row.prize.kind,
        amount=row.prize.amount,
        badge=row.prize.badge or UNSET,
        name=Text(zh=row.prize.name.zh, en=row.prize.name.en),
        value_fen=row.prize.value_fen,
        value_source=row.prize.value_source,
        value_date=row.prize.value_date,
    )
