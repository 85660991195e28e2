"""Where auditors find all logs of an operator, and the history of a log's key."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, QueryParameter

from game.audit.listing import Listed, key_of_log, logs_of_operator
from game.auth import PUBLIC, AppRequest
from game.problems import problem_responses

PAGE = 100
BRIEFLY = CacheControlHeader(public=True, max_age=1)
FOR_AN_HOUR = CacheControlHeader(public=True, max_age=3_600)

Operator = Annotated[
    str, QueryParameter(pattern="^[A-Za-z0-9._/-]{1,100}$", description="What origins of its logs begin with")
]
After = Annotated[str, QueryParameter(pattern="^[a-z0-9]{0,12}$", description="`next` of the page before")]


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """One log: `path` is where its checkpoint and tiles are, `vkey` the key of its notes."""

    campaign: str
    origin: str
    size: int
    path: str
    vkey: str


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Logs by the campaign's id; `next` is the cursor (`after`) of the page that follows, null at the end."""

    logs: tuple[LogView, ...]
    next: str | None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key, and the sizes whose checkpoints it signs; `until_size` is null while it does."""

    vkey: str
    from_size: int
    until_size: int | None


class KeyHistory(msgspec.Struct, frozen=True, kw_only=True):
    """All keys that a log has had, the newest last."""

    origin: str
    keys: tuple[KeyView, ...]


class Logs(Controller):
    """Which logs there are. No token is needed; to one of another brand they are not there."""

    path = "/v1"
    tags = ("Draw log",)
    opt = PUBLIC

    @get("/logs", cache_control=BRIEFLY, responses=problem_responses(401, 404, 422))
    async def index(self, request: AppRequest, operator: Operator, after: After = "") -> LogPage:
        """All logs of an operator: what its origins say before the last `/`."""
        found = await logs_of_operator(
            request.resources, operator=operator, brand_id=request.brand_id, after=after, limit=PAGE
        )
        logs = tuple(_view(log) for log in found)
        return LogPage(logs=logs, next=logs[-1].campaign if len(logs) == PAGE else None)

    @get(
        "/campaigns/{campaign_id:str}/log/keys",
        cache_control=FOR_AN_HOUR,
        responses=problem_responses(401, 404),
    )
    async def keys(self, request: AppRequest, campaign_id: FromPath[str]) -> KeyHistory:
        """The log's keys: one, from the first entry to the last. Another key is another log."""
        origin, key = await key_of_log(request.resources, campaign_id=campaign_id, brand_id=request.brand_id)
        return KeyHistory(origin=origin, keys=(KeyView(vkey=key, from_size=0, until_size=None),))


def _view(log: Listed) -> LogView:
    return LogView(
        campaign=log.campaign_id,
        origin=log.origin,
        size=log.size,
        path=f"/v1/campaigns/{log.campaign_id}/log",
        vkey=log.vkey,
    )
