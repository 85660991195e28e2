"""The rows of plays that wait for a person, and of what was decided about them. Connection first."""

from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.ledger.explaining import PlayDecision
from game.plays.rules import Play
from game.plays.store import SQL


class InReview(msgspec.Struct, frozen=True, kw_only=True):
    """A play that waits for a person."""

    campaign_id: str
    play_id: UUID
    pool_id: str
    draws: int
    price_points: int
    accepted_ms: int


class NewInReview(msgspec.Struct, frozen=True, kw_only=True):
    """A play that nobody was told of."""

    campaign_id: str
    play_id: UUID
    player_id: UUID
    pool_id: str


async def reopen(conn: Connection, play: Play, *, next_attempt_ms: int) -> None:
    """Let a locked play in review be driven on, with the seat that it has now."""
    moved = await conn.fetchval(SQL.reopen, play.campaign_id, play.play_id, play.seat_id, next_attempt_ms)
    assert moved is not None, "the caller holds the play's lock, and has seen it in review"


async def write_decision(conn: Connection, play: Play, made: PlayDecision) -> None:
    """Add to what was decided."""
    await conn.execute(SQL.write_decision, play.campaign_id, play.play_id, *msgspec.structs.astuple(made))


async def last_decision(conn: Connection, play: Play) -> PlayDecision | None:
    """What was decided last; None: nothing was."""
    row = await conn.fetchrow(SQL.last_decision, play.campaign_id, play.play_id)
    return None if row is None else PlayDecision(**row)


async def in_review(
    conn: Connection, *, brand_id: str, after: tuple[str, UUID], limit: int
) -> list[InReview]:
    """A brand's plays that wait for a person, after one."""
    return [InReview(**row) for row in await conn.fetch(SQL.plays_in_review, brand_id, *after, limit)]


async def newly_in_review(conn: Connection, *, limit: int) -> list[NewInReview]:
    """Plays in review that nobody was told of, marked as told."""
    return [NewInReview(**row) for row in await conn.fetch(SQL.tell_of_reviews, limit)]


async def forget_told(conn: Connection, *, limit: int) -> None:
    """Unmark plays that are in review no more."""
    await conn.execute(SQL.forget_reviews, limit)
