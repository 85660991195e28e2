"""A circle of friends, joined by code, who see each other on a board by nickname; nobody else sees them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from game.boards.groups.api import GroupView, InvitedView, JoinIn
from game.boards.groups.rules import NewGroup, NewInvitation
from game.boards.views import GroupRanking
from game.tour.guests import Guest, ask_all
from game.tour.ranking import VISITORS, Scores
from game.tour.stage import Place

NO_SUCH_GROUP = (404, "group_not_found")


class Circle(msgspec.Struct, frozen=True, kw_only=True):
    """What members of a circle were told of each other, by guest; what somebody else was told.

    `made` was asked for twice under one key.
    """

    made: tuple[GroupView, GroupView]
    told: Mapping[str, GroupRanking]
    refused: tuple[int, str]


async def form_circle(friends: Sequence[Guest], place: Place) -> Circle:
    """The first of four makes it, the next two join, the last one only looks."""
    maker, *joiners, outsider = friends
    draft = NewGroup(name="庙会三人行", nickname=maker.name)
    made = [await maker.client.post("/v1/me/groups", draft, key="circle") for _ in range(2)]
    first, again = (answer.read(GroupView, status=201) for answer in made)
    invitation = NewInvitation(uses=len(joiners))
    invited = await maker.client.post(f"/v1/me/groups/{first.id}/invitations", invitation, key="invite")
    code = invited.read(InvitedView, status=201).code
    await asyncio.gather(*(_join(guest, code) for guest in joiners))
    path = f"/v1/campaigns/{place.campaign_id}/me/boards/{VISITORS}/groups/{first.id}"
    refused = await outsider.client.get(path)
    return Circle(
        made=(first, again),
        told=await ask_all([maker, *joiners], GroupRanking, path),
        refused=(refused.status, msgspec.json.decode(refused.body, type=dict[str, Any]).get("code", "")),
    )


def check_circle(circle: Circle, due: Scores) -> Iterator[str]:
    """All members see the same: everybody by nickname, with the score that is due, the first one first."""
    first, again = circle.made
    if first.id != again.id:
        yield f"the circle was made twice: {first.id} and {again.id}"
    if circle.refused != NO_SUCH_GROUP:
        yield f"the circle was shown to somebody else: {circle.refused}, not {NO_SUCH_GROUP}"
    wanted = _ranked(circle.told, due)
    for name, ranking in circle.told.items():
        shown = [(each.rank, each.nickname, each.score) for each in ranking.members]
        if shown != wanted:
            yield f"{name} sees the circle as {shown}, not {wanted}"
        if (mine := [each.nickname for each in ranking.members if each.is_me]) != [name]:
            yield f"{name} is told to be {mine}"


def _ranked(names: Mapping[str, object], due: Scores) -> list[tuple[int | None, str, int]]:
    """Ranks, nicknames and scores, as the tour counts."""
    order = sorted(names, key=lambda name: (-due[name].points, due[name].since))
    return [(rank, name, due[name].points) for rank, name in enumerate(order, start=1)]


async def _join(guest: Guest, code: str) -> None:
    (await guest.client.post("/v1/me/group-codes/join", JoinIn(code=code, nickname=guest.name))).done()
