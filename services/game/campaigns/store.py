"""The rows of campaigns, and of what belongs to a campaign beside its pools."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game.campaigns.drafts import CampaignDraft
from game.campaigns.records import Campaign, Chances, Change, Summary
from game.campaigns.rules import CampaignState, Participation, Text
from game.db.connection import Connection
from game.db.statements import load
from game.instants import to_ms

_SQL = load("game.campaigns")


class LotKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where free plays come from, and whose they are: one lot each."""

    campaign_id: str
    player_id: UUID
    source: str


async def insert_campaign(
    conn: Connection, draft: CampaignDraft, *, campaign_id: str, brand_id: str, actor: str, now_ms: int
) -> None:
    """Store a new draft."""
    fields = _fields(draft)
    await conn.execute(_SQL.insert_campaign, campaign_id, brand_id, *fields, actor, now_ms)


async def update_campaign(conn: Connection, draft: CampaignDraft, *, campaign_id: str) -> None:
    """Edit a draft, which the caller has locked."""
    await conn.execute(_SQL.update_campaign, campaign_id, *_fields(draft))


def _fields(draft: CampaignDraft) -> tuple[Any, ...]:
    schedule, limits = draft.schedule, draft.limits
    texts = (draft.name.zh, draft.name.en, draft.rules.zh, draft.rules.en)
    times = (to_ms(schedule.opens), to_ms(schedule.closes), schedule.time_zone)
    return (*texts, *times, limits.per_day, limits.total)


async def find_campaign(conn: Connection, *, campaign_id: str, brand_id: str) -> Campaign | None:
    """A campaign of a brand; None: there is none, or it is another brand's."""
    row = await conn.fetchrow(_SQL.find_campaign, campaign_id, brand_id)
    if row is None:
        return None
    fields = dict(row)
    name = Text(zh=fields.pop("name_zh"), en=fields.pop("name_en"))
    rules = Text(zh=fields.pop("rules_zh"), en=fields.pop("rules_en"))
    return Campaign(**fields, name=name, rules=rules)


async def lock_campaign(conn: Connection, *, campaign_id: str, brand_id: str) -> Campaign | None:
    """The campaign, which no other manager and no background step changes until the transaction ends."""
    await conn.execute(_SQL.lock_campaign, campaign_id, brand_id)
    return await find_campaign(conn, campaign_id=campaign_id, brand_id=brand_id)


async def campaigns_of_brand(
    conn: Connection, *, brand_id: str, after: str, with_drafts: bool, limit: int
) -> list[Summary]:
    """One page, in the order of the ids."""
    rows = await conn.fetch(_SQL.campaigns_of_brand, brand_id, after, with_drafts, limit)
    return [
        Summary(
            campaign_id=row["campaign_id"],
            state=row["state"],
            name=Text(zh=row["name_zh"], en=row["name_en"]),
            opens_ms=row["opens_ms"],
            closes_ms=row["closes_ms"],
            time_zone=row["time_zone"],
        )
        for row in rows
    ]


async def bump_version(conn: Connection, *, campaign_id: str) -> None:
    """Count an edit."""
    await conn.execute(_SQL.bump_version, campaign_id)


async def set_campaign_state(
    conn: Connection, *, campaign_id: str, state: CampaignState, now_ms: int
) -> None:
    """Move a locked campaign to another state."""
    await conn.execute(_SQL.set_campaign_state, campaign_id, state, now_ms)


async def count_launched(conn: Connection, *, brand_id: str, after_ms: int) -> int:
    """How many launched campaigns of a brand close after a time."""
    return int(await conn.fetchval(_SQL.count_launched, brand_id, after_ms))


async def close_campaign(conn: Connection, *, campaign_id: str) -> bool:
    """Close a locked campaign if each of its pools is; False: one is not."""
    return await conn.fetchval(_SQL.close_campaign, campaign_id) is not None


async def insert_change(conn: Connection, change: Change, *, campaign_id: str) -> None:
    """Add to the change log."""
    old, new = (msgspec.json.encode(values).decode() for values in (change.old, change.new))
    await conn.execute(_SQL.insert_change, campaign_id, change.at_ms, change.actor, change.action, old, new)


async def changes_of_campaign(conn: Connection, *, campaign_id: str, start: int, limit: int) -> list[Change]:
    """One page of the change log, oldest first."""
    rows = await conn.fetch(_SQL.changes_of_campaign, campaign_id, start, limit)
    return [
        Change(
            at_ms=row["at_ms"],
            actor=row["actor"],
            action=row["action"],
            old=msgspec.json.decode(row["old_values"]),
            new=msgspec.json.decode(row["new_values"]),
        )
        for row in rows
    ]


async def insert_vouchers(
    conn: Connection, *, campaign_id: str, voucher_batch: str, codes: Sequence[str]
) -> int:
    """Add codes to a batch; how many were not there yet."""
    return int(await conn.fetchval(_SQL.insert_vouchers, campaign_id, voucher_batch, codes))


async def free_vouchers(conn: Connection, *, campaign_id: str) -> Mapping[str, int]:
    """How many codes of each batch nobody has won."""
    rows = await conn.fetch(_SQL.free_vouchers, campaign_id)
    return {row["voucher_batch"]: row["free"] for row in rows}


async def insert_chances(conn: Connection, chances: Chances, key: LotKey) -> bool:
    """Grant free plays; False: the source has granted some to the player already."""
    lot_id = await conn.fetchval(
        _SQL.insert_chances,
        key.campaign_id,
        chances.lot_id,
        key.player_id,
        key.source,
        chances.granted,
        chances.expires_ms,
    )
    return lot_id is not None


async def chances_of_source(conn: Connection, key: LotKey) -> Chances | None:
    """The free plays that a source has granted to a player; None: it has not."""
    row = await conn.fetchrow(_SQL.chances_of_source, key.campaign_id, key.player_id, key.source)
    return None if row is None else Chances(**row)


async def chances_left(
    conn: Connection, player_ids: Sequence[UUID], *, campaign_id: str, now_ms: int
) -> dict[UUID, int]:
    """How many free plays players can still use; who has none is left out."""
    rows = await conn.fetch(_SQL.chances_left, campaign_id, player_ids, now_ms)
    return {row["player_id"]: row["units_left"] for row in rows}


async def participations_of(
    conn: Connection, player_ids: Sequence[UUID], *, campaign_id: str
) -> dict[UUID, Participation]:
    """What players have taken in a campaign; who has nothing yet is left out."""
    rows = await conn.fetch(_SQL.participations_of, campaign_id, player_ids)
    return {row[0]: Participation(draws_total=row[1], day=row[2], draws_today=row[3]) for row in rows}


async def brand_exists(conn: Connection, *, brand_id: str) -> bool:
    """Whether there is such a brand."""
    return bool(await conn.fetchval(_SQL.brand_exists, brand_id))


async def brand_of_launched(conn: Connection, *, campaign_id: str) -> str | None:
    """The brand of a campaign; None: there is no such campaign, or it is a draft."""
    brand_id = await conn.fetchval(_SQL.brand_of_launched, campaign_id)
    return None if brand_id is None else str(brand_id)
