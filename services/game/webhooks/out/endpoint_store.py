"""The rows of endpoints."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.out.rules import EndpointState, PauseReason

ENDPOINTS_MAX = 10

_SQL = load("game.webhooks.out")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a brand is told. It has failed since `failing_since_ms` (None: it does not fail)."""

    endpoint_id: UUID
    url: str
    types: Sequence[str]
    state: EndpointState
    pause_reason: PauseReason | None
    paused_ms: int | None
    failing_since_ms: int | None
    created_by: str
    created_ms: int


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint to add."""

    endpoint_id: UUID
    url: str
    types: Sequence[str]
    sealed: bytes


async def count(conn: Connection, *, brand_id: str) -> int:
    """How many endpoints a brand has, which nobody else adds to until the transaction ends."""
    await conn.execute(_SQL.lock_brand, brand_id)
    return int(await conn.fetchval(_SQL.count_endpoints, brand_id))


async def insert(conn: Connection, new: NewEndpoint, *, brand_id: str, actor: str, now_ms: int) -> None:
    """Add an endpoint."""
    await conn.execute(
        _SQL.insert_endpoint, brand_id, new.endpoint_id, new.url, new.types, new.sealed, actor, now_ms
    )


async def endpoints(conn: Connection, *, brand_id: str) -> list[Endpoint]:
    """A brand's endpoints."""
    rows = await conn.fetch(_SQL.endpoints_of_brand, brand_id, None, ENDPOINTS_MAX)
    return [Endpoint(**row) for row in rows]


async def find(conn: Connection, *, brand_id: str, endpoint_id: UUID) -> Endpoint | None:
    """An endpoint of a brand; None: there is none."""
    row = await conn.fetchrow(_SQL.endpoints_of_brand, brand_id, endpoint_id, 1)
    return None if row is None else Endpoint(**row)


async def rotate(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, sealed: bytes, before_until_ms: int
) -> bool:
    """Set a new secret, beside which the one before signs for a while; False: there is no such endpoint."""
    row = await conn.fetchval(_SQL.rotate_secret, brand_id, endpoint_id, sealed, before_until_ms)
    return row is not None


async def delete(conn: Connection, *, brand_id: str, endpoint_id: UUID) -> bool:
    """Send an endpoint nothing ever again; False: there is none."""
    return await conn.fetchval(_SQL.delete_endpoint, brand_id, endpoint_id) is not None


async def resume(conn: Connection, *, brand_id: str, endpoint_id: UUID, now_ms: int) -> None:
    """Send to a paused endpoint again, all that has waited at once; one that is not paused stays as it is."""
    await conn.execute(_SQL.resume_deliveries, brand_id, endpoint_id, now_ms)
    await conn.execute(_SQL.resume_endpoint, brand_id, endpoint_id)
