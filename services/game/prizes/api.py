"""Prizes over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Caller, Role, require
from game.campaigns.rules import PrizeKind, Text
from game.ids import wire_id
from game.instants import to_datetime
from game.polling import SAME, polled
from game.polls import whole
from game.prizes import service
from game.prizes.rules import Grant, PrizeState
from game.problems import problem_responses
from game.resources import Resources
from game.texts import rewards

PAGE, PAGE_MAX = 20, 50
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]
Before = Annotated[str | None, QueryParameter(max_length=100, description="The `next` of the page before.")]


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """A prize and the draw that won it, the log's entry with index `entry_index`; or a reward.

    Of a reward `source` says in words what it was given for, and all that is of a draw is null. `withheld` of
    it has settled what the player owed for rewards that were taken back (`returning`, `returned`).

    Points are `paying`, and owed, until the ledger has them, then `paid`; `review`: a person has to look. A
    voucher is `pending` while it waits for its code. `code` is null until the prize is redeemed.
    """

    id: str
    campaign: str
    pool: str | None
    play: str | None
    entry_index: int | None
    row: str | None
    source: Text | None
    kind: PrizeKind
    amount: int
    withheld: int
    name: Text
    state: PrizeState
    code: str | None
    granted_at: datetime
    redeemed_at: datetime | None


class PrizePage(msgspec.Struct, frozen=True, kw_only=True):
    """Prizes, newest first; `next` is the cursor of the page that follows, null at the end."""

    prizes: tuple[GrantView, ...]
    next: str | None


async def _page(
    resources: Resources, caller: Caller, *, campaign_id: str, before: str | None = None, limit: int = PAGE
) -> PrizePage:
    grants = await service.inbox(resources, caller, campaign_id=campaign_id, before=before, limit=limit)
    views = tuple(map(_view, grants))
    return PrizePage(prizes=views, next=views[-1].id if len(views) == limit else None)


POLLS = (whole("prizes", _page),)


class Prizes(Controller):
    """What a player has won. A prize under a covered ticket is told to nobody, its winner included."""

    path = "/v1"
    tags = ("Prizes",)
    guards = (require(Role.PLAYER),)

    @get("/campaigns/{campaign_id:str}/me/prizes", responses=SAME)
    async def inbox(
        self, request: AppRequest, campaign_id: FromPath[str], before: Before = None, limit: Limit = PAGE
    ) -> Response[PrizePage | None]:
        """Your prizes in a campaign, newest first.

        Ask again with `If-None-Match`: what has not changed is not sent.
        """
        page = await _page(
            request.resources, request.caller, campaign_id=campaign_id, before=before, limit=limit
        )
        return polled(request, page)

    @get("/prizes/{prize_id:str}")
    async def one(self, request: AppRequest, prize_id: FromPath[str]) -> GrantView:
        """One prize."""
        return _view(await service.find(request.resources, request.caller, prize_id))

    @post("/prizes/{prize_id:str}/redeem", status_code=HTTP_200_OK, responses=problem_responses(409))
    async def redeem(self, request: AppRequest, prize_id: FromPath[str]) -> GrantView:
        """Reveal the code of a voucher and mark it as redeemed. Repeat it as often as you like."""
        return _view(await service.redeem(request.resources, request.caller, prize_id))


def _view(grant: Grant) -> GrantView:
    return GrantView(
        id=wire_id(grant.campaign_id, grant.grant_id),
        campaign=grant.campaign_id,
        pool=grant.pool_id,
        play=None if grant.play_id is None else wire_id(grant.campaign_id, grant.play_id),
        entry_index=grant.entry_index,
        row=grant.row_id,
        source=None if grant.source is None else _words("sources", grant.source.partition(":")[0]),
        kind=grant.kind,
        amount=grant.amount,
        withheld=grant.withheld,
        name=grant.name or _words("kinds", grant.kind),
        state=grant.state,
        code=grant.shown_code,
        granted_at=to_datetime(grant.granted_ms),
        redeemed_at=None if grant.redeemed_ms is None else to_datetime(grant.redeemed_ms),
    )


def _words(group: str, key: str) -> Text:
    known = rewards()[group]
    words = known.get(key) or rewards()["sources"]["other"]
    return Text(zh=words["zh"], en=words["en"])
