"""The rows of what brands are told of badges and tasks, and of exported badges."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

import msgspec

from game.db.connection import Connection
from tests.invariants.row import Row


class Message(Row, frozen=True, kw_only=True):
    """A message of an endpoint; `about` is the award, or a generation of a completion, that it tells of."""

    SQL: ClassVar[str] = """
        SELECT data ->> 'campaign' AS campaign_id, endpoint_id, type, player_id,
               coalesce(data ->> 'award',
                        concat_ws('.', data ->> 'completion', data ->> 'generation')) AS about
        FROM webhook_delivery
        WHERE type IN ('badge.awarded', 'task.completed') AND data ->> 'campaign' = ANY ($1::text[])
        ORDER BY position"""
    endpoint_id: UUID
    type: str
    player_id: UUID
    about: str


class Credential(Row, frozen=True, kw_only=True):
    """An exported award: the brand that signs it, and the one whose campaign it is of."""

    SQL: ClassVar[str] = """
        SELECT c.campaign_id, c.award_id, c.brand_id AS signed_by, k.brand_id
        FROM badge_credential AS c JOIN campaign AS k USING (campaign_id)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, award_id"""
    award_id: UUID
    signed_by: str
    brand_id: str


class BadgeRows(msgspec.Struct, frozen=True):
    """All that others are told of badges and tasks."""

    messages: tuple[Message, ...]
    credentials: tuple[Credential, ...]


async def read_badge_rows(conn: Connection, campaign_ids: Sequence[str]) -> BadgeRows:
    """Read what others are told of campaigns."""
    messages = await conn.fetch(Message.SQL, campaign_ids)
    credentials = await conn.fetch(Credential.SQL, campaign_ids)
    return BadgeRows(
        tuple(Message(**row) for row in messages), tuple(Credential(**row) for row in credentials)
    )
