"""The rows of pools and of their prize tables."""

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from uuid import UUID

import asyncpg
import msgspec

from game.campaigns.drafts import BeaconDraft, GuaranteeDraft, NameDraft, PoolDraft, PrizeDraft, RowDraft
from game.campaigns.records import LeftOver, LiveSeat, Pool, PublicState, Published, Units
from game.campaigns.rules import BadgeName, PoolStage, PoolState, PoolTerms, Prize, Text
from game.db.connection import Connection
from game.db.statements import load
from game.fair.entries import PoolEntry, decode, leaf_hash

_SQL = load("game.campaigns")
_ROW_COLUMNS = (
    attrgetter("id", "weight", "count", "stock", "limit", "from_", "else_"),
    attrgetter(
        "kind",
        "amount",
        "voucher_batch",
        "badge",
        "name.zh",
        "name.en",
        "value_fen",
        "value_source",
        "value_date",
    ),
)


class PoolKey(msgspec.Struct, frozen=True, kw_only=True):
    """A pool, and the brand that it belongs to."""

    campaign_id: str
    brand_id: str
    pool_id: str


async def insert_pool(conn: Connection, pool: Pool, *, campaign_id: str) -> None:
    """Store a draft. UniqueViolationError: the id is taken, or its predecessor has a successor already."""
    draft = pool.draft
    await conn.execute(
        _SQL.insert_pool,
        campaign_id,
        draft.pool_id,
        pool.lineage_id,
        pool.replaces_id,
        draft.game,
        draft.price_points,
        draft.seat_draws,
        draft.beacon.delay if draft.beacon else None,
        draft.guarantee.draws if draft.guarantee else None,
        draft.guarantee.rows if draft.guarantee else None,
        draft.cap,
    )
    table, prizes = _ROW_COLUMNS
    columns = zip(*((*table(row), *prizes(row.prize)) for row in draft.rows), strict=True)
    await conn.execute(_SQL.insert_pool_rows, campaign_id, draft.pool_id, *map(list, columns))


async def delete_draft_pool(conn: Connection, *, campaign_id: str, pool_id: str) -> bool:
    """Remove a draft; False: it is published, or there is none."""
    return await conn.fetchval(_SQL.delete_draft_pool, campaign_id, pool_id) is not None


async def lock_pools(conn: Connection, *, campaign_id: str) -> None:
    """Keep plays out of all pools of a campaign until the transaction ends."""
    await conn.fetch(_SQL.lock_pools, campaign_id)


async def pools_of_campaign(conn: Connection, *, campaign_id: str) -> list[Pool]:
    """Published pools in the order of the log, then drafts."""
    rows: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in await conn.fetch(_SQL.rows_of_campaign, campaign_id):
        rows[row["pool_id"]].append(row)
    pools = await conn.fetch(_SQL.pools_of_campaign, campaign_id)
    return [_pool(pool, rows[pool["pool_id"]]) for pool in pools]


def _pool(row: asyncpg.Record, rows: Sequence[asyncpg.Record]) -> Pool:
    return Pool(
        draft=_draft(row, rows),
        lineage_id=row["lineage_id"],
        replaces_id=row["replaces_id"],
        state=row["state"],
        accepting=row["accepting"],
        draws_reserved=row["draws_reserved"],
        opens_ms=row["opens_ms"],
        closes_ms=row["closes_ms"],
        entry_index=row["entry_index"],
        entry=row["entry"],
        close_index=row["close_index"],
        units=tuple(Units(left=each["units_left"], won=each["units_won"]) for each in rows),
    )


def _draft(row: asyncpg.Record, rows: Sequence[asyncpg.Record]) -> PoolDraft:
    delay, draws = row["beacon_delay"], row["guarantee_draws"]
    return PoolDraft(
        pool_id=row["pool_id"],
        game=row["game"],
        price_points=row["price_points"],
        seat_draws=row["seat_draws"],
        beacon=None if delay is None else BeaconDraft(delay=delay),
        guarantee=None if draws is None else GuaranteeDraft(draws=draws, rows=row["guarantee_rows"]),
        draws_cap=row["draws_cap"],
        rows=tuple(map(_draft_row, rows)),
    )


def _draft_row(row: asyncpg.Record) -> RowDraft:
    prize = PrizeDraft(
        kind=row["prize_kind"],
        amount=row["prize_amount"],
        voucher_batch=row["voucher_batch"],
        badge=row["badge_id"],
        name=NameDraft(zh=row["name_zh"], en=row["name_en"]),
        value_fen=row["value_fen"],
        value_source=row["value_source"],
        value_date=row["value_date"],
    )
    return RowDraft(
        id=row["row_id"],
        weight=row["weight"],
        count=row["count"],
        stock=row["stock"],
        limit=row["win_limit"],
        from_=row["from_draw"],
        else_=row["else_row"],
        prize=prize,
    )


async def published_pool(conn: Connection, *, campaign_id: str, pool_id: str) -> PoolTerms | None:
    """A pool that stands in the log; None: there is no such pool, or it is a draft."""
    row = await conn.fetchrow(_SQL.published_pool, campaign_id, pool_id)
    if row is None:
        return None
    prizes = await conn.fetch(_SQL.prizes_of_pool, campaign_id, pool_id)
    terms = {**row, "campaign_id": campaign_id}
    data = terms.pop("entry")
    entry = decode(data)
    assert isinstance(entry, PoolEntry)
    return PoolTerms(**terms, entry=entry, pool_hash=leaf_hash(data), prizes=tuple(map(_prize, prizes)))


def _prize(row: asyncpg.Record) -> Prize:
    prize = dict(row)
    name = Text(zh=prize.pop("name_zh"), en=prize.pop("name_en"))
    badge_id, badge_name = prize.pop("badge_id"), Text(zh=prize.pop("badge_zh"), en=prize.pop("badge_en"))
    badge = None if badge_id is None else BadgeName(badge_id=badge_id, name=badge_name)
    return Prize(**prize, name=name, badge=badge)


async def pool_states(conn: Connection, *, campaign_id: str) -> list[PublicState]:
    """What changes of a campaign's published pools, in the order of the log."""
    return [_public_state(row) for row in await conn.fetch(_SQL.pool_states, campaign_id)]


def _public_state(row: asyncpg.Record) -> PublicState:
    fields = dict(row)
    pool_id, replaces_id = fields.pop("pool_id"), fields.pop("replaces_id")
    units_left = tuple(fields.pop("units_left"))
    counts = {name: fields.pop(name) for name in LeftOver.__struct_fields__}
    return PublicState(
        pool_id=pool_id,
        replaces_id=replaces_id,
        units_left=units_left,
        left_over=None if counts["seats_unused"] is None else LeftOver(**counts),
        state=PoolState(**fields),
    )


async def publish_pools(
    conn: Connection, published: Sequence[Published], *, campaign_id: str, accepting: bool
) -> None:
    """Make drafts that have just been logged live."""
    columns = {name: [getattr(pool, name) for pool in published] for name in Published.__struct_fields__}
    await conn.execute(
        _SQL.publish_pools,
        campaign_id,
        columns["pool_id"],
        columns["opens_ms"],
        columns["closes_ms"],
        columns["entry"],
        columns["entry_index"],
        accepting,
        columns["rules"],
        columns["secret_sealed"],
    )


async def set_accepting(conn: Connection, *, campaign_id: str, accepting: bool) -> None:
    """Open or shut the live pools of a campaign, which the caller has locked."""
    await conn.execute(_SQL.set_accepting, campaign_id, accepting)


async def set_pool_state(
    conn: Connection, *, campaign_id: str, pool_id: str, state: PoolStage, accepting: bool
) -> None:
    """Move a locked, published pool to another state."""
    await conn.execute(_SQL.set_pool_state, campaign_id, pool_id, state, accepting)


async def count_unfinished(conn: Connection, *, campaign_id: str, pool_id: str) -> int:
    """How many plays of a pool are accepted and not finished."""
    return int(await conn.fetchval(_SQL.count_unfinished, campaign_id, pool_id))


async def count_undrawn_sealed(conn: Connection, *, campaign_id: str, pool_id: str) -> int:
    """How many logged seats of a sealed pool have no draw yet."""
    return int(await conn.fetchval(_SQL.count_undrawn_sealed, campaign_id, pool_id))


async def lapse_seats(conn: Connection, *, campaign_id: str, pool_id: str) -> None:
    """End the live seats of a replaced pool; their unused draws are gone."""
    await conn.execute(_SQL.lapse_seats, campaign_id, pool_id)


async def points_due(conn: Connection, *, campaign_id: str) -> int:
    """Points that were won and that the ledger has not paid yet."""
    return int(await conn.fetchval(_SQL.points_due, campaign_id))


async def pending_replacements(conn: Connection, *, now_ms: int, limit: int) -> list[PoolKey]:
    """Drafts that may take the place of a draining pool now, or never will."""
    return [PoolKey(**row) for row in await conn.fetch(_SQL.pending_replacements, now_ms, limit)]


async def closable_pools(conn: Connection, *, now_ms: int, limit: int, only: PoolKey | None) -> list[PoolKey]:
    """Pools that may be closed; `only` asks about one pool, None about all."""
    asked = (only.campaign_id, only.pool_id) if only else (None, None)
    return [PoolKey(**row) for row in await conn.fetch(_SQL.closable_pools, now_ms, limit, *asked)]


async def close_pool(conn: Connection, *, campaign_id: str, pool_id: str, close_index: int) -> LeftOver:
    """Close a locked pool whose close entry has just been logged, and count what players left in it."""
    row = await conn.fetchrow(_SQL.close_pool, campaign_id, pool_id, close_index)
    assert row is not None, "a locked pool is there"
    return LeftOver(**row)


async def uncover_tickets(
    conn: Connection, *, campaign_id: str, pool_id: str, after: int, now_ms: int, limit: int
) -> list[int]:
    """Uncover a batch of tickets after an entry; their entries, none: no other was covered."""
    rows = await conn.fetch(_SQL.uncover_tickets, campaign_id, pool_id, after, now_ms, limit)
    return [row["entry_index"] for row in rows]


async def rules_of_pool(conn: Connection, *, campaign_id: str, pool_id: str) -> bytes | None:
    """The bytes that a published pool committed to; None: not published."""
    rules = await conn.fetchval(_SQL.rules_of_pool, campaign_id, pool_id)
    return None if rules is None else bytes(rules)


async def seats_of_players(
    conn: Connection, player_ids: Sequence[UUID], *, campaign_id: str, pool_ids: Sequence[str]
) -> dict[UUID, dict[str, LiveSeat]]:
    """Players' live seats by pool; who has none is left out."""
    seats: defaultdict[UUID, dict[str, LiveSeat]] = defaultdict(dict)
    for player_id, pool_id, seat_id, draws_left in await conn.fetch(
        _SQL.seats_of_players, campaign_id, pool_ids, player_ids
    ):
        seats[player_id][pool_id] = LiveSeat(seat_id=seat_id, draws_left=draws_left)
    return seats
