"""Boards over HTTP: managers write them, everybody sees the first, players where they are."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, put
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from game.auth import PUBLIC, AppRequest, Role, require
from game.boards import defining, reading
from game.boards.among import among
from game.boards.drafts import BoardDraft
from game.boards.rules import AROUND_MAX, TOP_MAX
from game.boards.views import (
    BoardList,
    GroupRanking,
    ManagedBoard,
    ManagedBoardList,
    MyRank,
    TopView,
    board_list,
    group_ranking,
    managed_board,
    managed_list,
    my_rank,
    top_view,
)
from game.campaigns.api import CampaignId
from game.polling import SAME, polled
from game.problems import problem_responses
from game.reads import Route

SEASON = r"^(all|\d{4}-\d{2}-\d{2})$"
BOARDS = "/v1/campaigns/{campaign_id}/boards"
READS = (
    Route(template=BOARDS, parameters={}),
    Route(template=f"{BOARDS}/{{board_id}}/top", parameters={"season": SEASON, "limit": "[1-9][0-9]?|100"}),
)

BoardId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
SeasonName = Annotated[
    str | None,
    QueryParameter(pattern=SEASON, description="Its first day; absent: the present one"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=TOP_MAX, description="How many ranks")]
Around = Annotated[int, QueryParameter(ge=0, le=AROUND_MAX, description="How many before you, and after you")]

READ = problem_responses(401, 403, 404, 422)
PUBLICLY = problem_responses(401, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
WRITERS = [require(Role.MANAGER, Role.ADMIN)]


class ManagedBoards(Controller):
    """What players are ranked by. Nothing of it changes once the campaign is launched."""

    path = "/v1/manage/campaigns/{campaign_id:str}/boards"
    tags = ("Boards",)

    @get("/", guards=READERS, responses=READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> ManagedBoardList:
        """The boards of a campaign."""
        found = await defining.boards(request.resources, request.caller, campaign_id=campaign_id)
        return managed_list(found, now_ms=request.resources.clock())

    @get("/{board_id:str}", guards=READERS, responses=READ)
    async def show(self, request: AppRequest, campaign_id: CampaignId, board_id: BoardId) -> ManagedBoard:
        """A board as it was written."""
        found = await defining.boards(request.resources, request.caller, campaign_id=campaign_id)
        return managed_board(defining.board_of(found, board_id), now_ms=request.resources.clock())

    @put("/{board_id:str}", guards=WRITERS, responses=WRITE)
    async def save(
        self, request: AppRequest, campaign_id: CampaignId, board_id: BoardId, data: JSONBody[BoardDraft]
    ) -> ManagedBoard:
        """Write a board of a draft campaign, or write it anew. Its seasons fix the campaign's schedule."""
        saved = await defining.save_board(
            request.resources, request.caller, data, campaign_id=campaign_id, board_id=board_id
        )
        return managed_board(saved, now_ms=request.resources.clock())

    @delete("/{board_id:str}", guards=WRITERS, responses=READ | problem_responses(409))
    async def remove(self, request: AppRequest, campaign_id: CampaignId, board_id: BoardId) -> None:
        """Remove a board of a draft campaign."""
        await defining.delete_board(
            request.resources, request.caller, campaign_id=campaign_id, board_id=board_id
        )


class Boards(Controller):
    """Boards of launched campaigns."""

    path = "/v1/campaigns/{campaign_id:str}/boards"
    tags = ("Boards",)
    opt = PUBLIC

    @get("/", responses=SAME | PUBLICLY)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> Response[BoardList | None]:
        """The boards of a campaign with their seasons."""
        found = await reading.boards(request.resources, request.user, campaign_id=campaign_id)
        return polled(request, board_list(found, now_ms=request.resources.clock()))

    @get("/{board_id:str}/top", responses=SAME | PUBLICLY)
    async def top(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        board_id: BoardId,
        season: SeasonName = None,
        limit: Limit = 10,
    ) -> Response[TopView | None]:
        """The first of a season. Ask again with `If-None-Match`: what has not changed is not sent."""
        resources = request.resources
        where = await reading.asked_anew(
            resources, request.user, campaign_id=campaign_id, board_id=board_id, season=season
        )
        found = await reading.top(resources, where, limit=limit)
        return polled(request, top_view(where, found, now_ms=resources.clock()))


class MyBoards(Controller):
    """A player on boards."""

    path = "/v1/campaigns/{campaign_id:str}/me/boards"
    tags = ("Boards",)
    guards = (require(Role.PLAYER),)

    @get("/{board_id:str}", responses=SAME | READ)
    async def show(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        board_id: BoardId,
        season: SeasonName = None,
        around: Around = 3,
    ) -> Response[MyRank | None]:
        """Your rank, what the next one takes, and who is around you."""
        resources, caller = request.resources, request.caller
        where = await reading.asked(
            resources, caller, campaign_id=campaign_id, board_id=board_id, season=season
        )
        found = await reading.mine(resources, caller, where, around=around)
        return polled(request, my_rank(where, found, now_ms=resources.clock()))

    @get("/{board_id:str}/groups/{group_id:uuid}", responses=SAME | READ)
    async def group(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        board_id: BoardId,
        group_id: FromPath[UUID],
        season: SeasonName = None,
    ) -> Response[GroupRanking | None]:
        """The members of one of your groups among themselves, by nickname."""
        resources, caller = request.resources, request.caller
        where = await reading.asked(
            resources, caller, campaign_id=campaign_id, board_id=board_id, season=season
        )
        found = await among(resources, caller, where, group_id=group_id)
        return polled(request, group_ranking(where, found, now_ms=resources.clock()))
