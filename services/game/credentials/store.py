"""The rows of issuers and of exported awards."""

from typing import Any
from uuid import UUID

import msgspec

from game.campaigns.rules import Text
from game.credentials.rules import LIST_BITS, Award, Badge, Issuer
from game.credentials.signing import Key
from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.credentials")


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """The version of the issuer that signed an award, and the award's place in the brand's lists."""

    issuer: Issuer
    index: int


async def lock_brand(conn: Connection, brand_id: str) -> None:
    """Keep others who change the brand's issuer waiting."""
    await conn.execute(_SQL.lock_brand, brand_id)


async def newest_issuer(conn: Connection, *, brand_id: str) -> Issuer | None:
    """Who issues a brand's badges now; None: nobody was named."""
    row = await conn.fetchrow(_SQL.newest_issuer, brand_id)
    return None if row is None else Issuer(**row)


async def add_issuer(
    conn: Connection, issuer: Issuer, key: Key, *, key_sealed: bytes, actor: str, now_ms: int
) -> None:
    """Store a new version under the brand's lock."""
    await conn.execute(
        _SQL.add_issuer,
        issuer.brand_id, issuer.version, issuer.name, issuer.url, issuer.email, issuer.image_url,
        key_sealed, key.public, actor, now_ms,
    )  # fmt: skip


async def sealed_key(conn: Connection, *, brand_id: str, version: int) -> bytes:
    """The sealed key of a version that there is."""
    found = await conn.fetchval(_SQL.sealed_key, brand_id, version)
    assert isinstance(found, bytes), "versions are never deleted"
    return found


async def public_key(conn: Connection, *, brand_id: str, version: int) -> bytes | None:
    """The public key of a version; None: there is none."""
    found: bytes | None = await conn.fetchval(_SQL.public_key, brand_id, version)
    return found


async def published_badge(
    conn: Connection, *, brand_id: str, campaign_id: str, badge_id: str
) -> Badge | None:
    """A badge of a launched campaign of a brand; None: there is none."""
    row = await conn.fetchrow(_SQL.published_badge, brand_id, campaign_id, badge_id)
    return None if row is None else _badge(row)


async def awards(
    conn: Connection, *, campaign_id: str, player_id: UUID, before: UUID, only: UUID | None, limit: int
) -> list[Award]:
    """A player's awards before one, newest first; with `only` that one alone, if it is the player's."""
    rows = await conn.fetch(_SQL.awards_of_player, campaign_id, player_id, before, only, limit)
    return [
        Award(
            award_id=row["award_id"],
            badge=_badge(row),
            source=row["source"],
            state=row["state"],
            awarded_ms=row["awarded_ms"],
        )
        for row in rows
    ]


async def export(conn: Connection, award: Award, issuer: Issuer, *, now_ms: int) -> Exported:
    """Note that an award is exported; who signed it first signs it always."""
    key = award.badge.campaign_id, award.award_id
    row = await conn.fetchrow(_SQL.find_credential, *key)
    if row is None:
        await conn.execute(_SQL.add_credential, *key, issuer.brand_id, issuer.version, now_ms)
        row = await conn.fetchrow(_SQL.find_credential, *key)
    assert row is not None
    fields = dict(row)
    return Exported(index=fields.pop("status_index"), issuer=Issuer(**fields))


async def revoked(conn: Connection, *, brand_id: str, number: int) -> list[int]:
    """The places in a list of exported awards that are not their players' any more."""
    first = number * LIST_BITS
    rows = await conn.fetch(_SQL.revoked, brand_id, first, LIST_BITS)
    return [row["status_index"] - first for row in rows]


def _badge(row: Any) -> Badge:
    return Badge(
        campaign_id=row["campaign_id"],
        badge_id=row["badge_id"],
        name=Text(zh=row["name_zh"], en=row["name_en"]),
        description=Text(zh=row["description_zh"], en=row["description_en"]),
        criteria=Text(zh=row["criteria_zh"], en=row["criteria_en"]),
        image_url=row["image_url"],
    )
