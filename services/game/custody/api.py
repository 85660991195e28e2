"""Who has read a secret, for auditors."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from game.auth import AppRequest, Role, require
from game.campaigns.access import campaign_of
from game.campaigns.api import CampaignId
from game.custody import store
from game.custody.store import Reading
from game.instants import to_datetime
from game.problems import problem_responses
from game.readings import ReadingPurpose

PAGE: Final = 100
FIRST: Final = UUID(int=0)

After = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]


class ReadingView(msgspec.Struct, frozen=True, kw_only=True):
    """A process (`host:pid`) opened a secret, to draw, close or sign with it, or to seal it anew.

    `pool_id` is null of the log's key. What was opened stays in that process until it ends.
    """

    reading_id: UUID
    of: Literal["pool", "log"]
    pool_id: str | None
    purpose: ReadingPurpose
    process: str
    read_at: datetime


class ReadingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Readings, oldest first; `next` is the cursor (`after`) of the page that follows, null at the end."""

    readings: tuple[ReadingView, ...]
    next: UUID | None


class SecretReadings(Controller):
    """When secrets of a campaign were opened, and by whom."""

    path = "/v1/manage/campaigns/{campaign_id:str}/secret-readings"
    tags = ("Draw log",)
    guards = (require(Role.AUDITOR, Role.ADMIN),)

    @get("/", responses=problem_responses(401, 403, 404, 422))
    async def index(self, request: AppRequest, campaign_id: CampaignId, after: After = None) -> ReadingPage:
        """Each time that a process opened the secret of a pool or the log's key. Rows are never changed."""
        async with request.resources.pool.acquire() as conn:
            await campaign_of(conn, campaign_id=campaign_id, brand_id=request.caller.brand_id)
            found = await store.readings(conn, campaign_id=campaign_id, after=after or FIRST, limit=PAGE)
        views = tuple(map(_view, found))
        return ReadingPage(readings=views, next=views[-1].reading_id if len(views) == PAGE else None)


def _view(reading: Reading) -> ReadingView:
    return ReadingView(
        reading_id=reading.reading_id,
        of="log" if reading.pool_id is None else "pool",
        pool_id=reading.pool_id,
        purpose=reading.purpose,
        process=reading.process,
        read_at=to_datetime(reading.read_ms),
    )
