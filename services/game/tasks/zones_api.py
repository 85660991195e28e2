"""A player's time zone over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, Response, get, put
from litestar.params import JSONBody

from game.auth import AppRequest, Role, require
from game.instants import to_datetime
from game.polling import SAME, polled
from game.problems import problem_responses
from game.tasks.days import Zone, Zones, changeable_ms
from game.tasks.zones import choose_zone, my_zones


class TimeZoneIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The IANA time zone whose days are to be yours."""

    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["Asia/Shanghai"])]


class NextZone(msgspec.Struct, frozen=True, kw_only=True):
    """A time zone that comes into force at the end of your present day."""

    time_zone: str
    since: datetime


class TimeZoneView(msgspec.Struct, frozen=True, kw_only=True):
    """The time zone whose days are yours, null: you chose none, and each campaign's own counts there.

    The first one that you choose counts in each campaign from the end of its present day on. `next` waits for
    the end of your present day, null: nothing does. `changeable_at` is from when on you may ask for another,
    null: now.
    """

    time_zone: str | None
    next: NextZone | None
    changeable_at: datetime | None


class TimeZones(Controller):
    """Which days are a player's own: of tasks, check-ins and streaks."""

    path = "/v1/me/time-zone"
    tags = ("Tasks",)
    guards = (require(Role.PLAYER),)

    @get("/", responses=SAME | problem_responses(401, 403))
    async def show(self, request: AppRequest) -> Response[TimeZoneView | None]:
        """Your time zone. Ask again with `If-None-Match`: what has not changed is not sent."""
        chosen = await my_zones(request.resources, request.caller)
        return polled(request, _view(chosen, now_ms=request.resources.clock()))

    @put("/", responses=problem_responses(400, 401, 403, 409, 413, 415, 422))
    async def choose(self, request: AppRequest, data: JSONBody[TimeZoneIn]) -> TimeZoneView:
        """Choose a time zone. It is in force once your present day is over, and may change now and then."""
        chosen = await choose_zone(request.resources, request.caller, data.time_zone)
        return _view(chosen, now_ms=request.resources.clock())


def _view(chosen: Zones, *, now_ms: int) -> TimeZoneView:
    opens_ms = changeable_ms(chosen, now_ms=now_ms)
    in_force = [zone.name for zone in chosen if zone.since_ms <= now_ms]
    return TimeZoneView(
        time_zone=in_force[-1] if in_force else None,
        next=_next([zone for zone in chosen if zone.since_ms > now_ms]),
        changeable_at=None if opens_ms is None else to_datetime(opens_ms),
    )


def _next(waiting: Sequence[Zone]) -> NextZone | None:
    return NextZone(time_zone=waiting[-1].name, since=to_datetime(waiting[-1].since_ms)) if waiting else None
