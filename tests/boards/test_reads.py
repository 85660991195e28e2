"""Public reads from the cache: what is the same, who gets what, and how often it is read."""

import asyncio
from itertools import product
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import Receive, Scope, Send

from game.app import PLAYERS_POLLS, PUBLIC_READS
from game.campaigns.chances import grant_chances
from game.polls import Polls
from game.reads import KEEP_MS, Reads
from tests.boards.hall import Hall, ended
from tests.campaigns.office import DAY_MS
from tests.support.stage import MANAGER
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio

PATHS = (
    "/v1/campaigns?brand=acme",
    "/v1/campaigns/{}",
    "/v1/campaigns/{}/pools/main/wheel",
    "/v1/campaigns/{}/boards",
    "/v1/campaigns/{}/boards/best/top",
    "/v1/campaigns/{}/boards/best/top?limit=2&season=all",
)


class Framework:
    """The application without the cache, and what it was asked for."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        query = scope["query_string"].decode()
        self.asked.append(f"{scope['path']}?{query}" if query else scope["path"])
        await Litestar.__call__(self._app, scope, receive, send)


@pytest_asyncio.fixture
async def framework(app: Litestar, hall: Hall) -> Framework:
    """What is asked of the framework, once a board's campaign is launched and two players are ranked."""
    await hall.saved()
    await hall.shop.launch()
    for subject in ("ann", "bob"):
        await hall.shop.bought(subject)
    await hall.counted()
    framework = Framework(app)
    polls = Polls(hall.shop.resources, framework, PLAYERS_POLLS)
    app.state.ahead = (Reads(framework, PUBLIC_READS, to_players=polls, clock=hall.shop.office.clock),)
    return framework


def otherwise(path: str) -> str:
    """The same address in a way that only the framework knows."""
    before, mark, query = path.partition("?")
    return f"{before}/{mark}{query}"


async def shown(hall: Hall, path: str, **headers: str) -> httpx.Response:
    """What is at a path of the campaign."""
    return await hall.shop.office.client.get(path.format(hall.shop.campaign_id), headers=headers)


def as_sent(answer: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """All of it."""
    return answer.status_code, sorted(answer.headers.raw), answer.content


async def units_left(hall: Hall, **headers: str) -> Any:
    """How many phones are left, as the campaign's page says."""
    return (await shown(hall, PATHS[1], **headers)).json()["pools"][0]["rows"][0]["units_left"]


async def take_phone(hall: Hall) -> None:
    """Somebody wins one of five."""
    await hall.shop.resources.pool.execute(
        "UPDATE pool_row SET units_left = units_left - 1, units_won = units_won + 1 WHERE row_id = 'phone'"
    )


async def test_all_that_is_kept_is_a_public_route(app: Litestar) -> None:
    """By its template."""
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    public = {route.path_format for route in routes if route.route_handlers[0].opt.get("public")}
    assert {route.template for route in PUBLIC_READS} <= public
    assert len(PUBLIC_READS) == 5


async def test_what_is_kept_is_what_the_framework_says(
    hall: Hall, framework: Framework, issuer: Issuer
) -> None:
    """Byte for byte and header for header, read and kept, with a token and without, sent or known already."""
    for path, headers in product(PATHS, ({}, issuer.headers("mia", "manager"))):
        true = as_sent(await shown(hall, otherwise(path), **headers))
        assert true[0] == 200
        for _ in range(2):
            assert as_sent(await shown(hall, path, **headers)) == true
        tag = dict(true[1])[b"etag"].decode()
        for known in (tag, f'"other", W/{tag}', "*"):
            same = await shown(hall, path, **headers, **{"If-None-Match": known})
            whole = await shown(hall, otherwise(path), **headers, **{"If-None-Match": known})
            assert as_sent(same) == as_sent(whole)
            assert (same.status_code, same.content) == (304, b"")
        changed = await shown(hall, path, **headers, **{"If-None-Match": '"other"'})
        assert as_sent(changed) == true
    assert len(framework.asked) == 2 * len(PATHS)


@pytest.mark.usefixtures("framework")
async def test_shared_caches_ask_each_time(hall: Hall, issuer: Issuer) -> None:
    """They may keep what needs no token, never what a token has asked for, and never without asking."""
    open_to_all = (await shown(hall, PATHS[1])).headers
    assert (open_to_all["cache-control"], open_to_all["vary"]) == ("public, no-cache", "Authorization")
    by_token = (await shown(hall, PATHS[1], **issuer.headers("mia", "manager"))).headers
    assert by_token["cache-control"] == "private, no-cache"


@pytest.mark.usefixtures("framework")
async def test_nothing_is_older_than_a_second(hall: Hall) -> None:
    """A phone that was won is still shown for less than a second after the page was read."""
    assert await units_left(hall) == 5
    await take_phone(hall)
    hall.shop.office.clock.advance(KEEP_MS - 1)
    assert await units_left(hall) == 5
    hall.shop.office.clock.advance(1)
    assert await units_left(hall) == 4


@pytest.mark.usefixtures("framework")
async def test_ranks_are_no_older(hall: Hall) -> None:
    """Nothing that is kept is made of what was kept before."""
    clock = hall.shop.office.clock
    read_ms = clock()
    assert len(await hall.top()) == 2
    await hall.shop.bought("cat")
    await hall.counted()
    clock.now_ms = read_ms + KEEP_MS - 1
    assert len(await hall.top()) == 2
    clock.advance(1)
    assert len(await hall.top()) == 3


@pytest.mark.usefixtures("framework")
async def test_the_end_of_a_season_is_no_older(hall: Hall) -> None:
    """What players were told of the season before is not what everybody is told."""
    hall.shop.office.clock.advance(11 * DAY_MS)
    assert (await hall.mine("ann"))["season"]["state"] == "over"
    assert await ended(hall.shop.resources) == 1
    assert (await shown(hall, PATHS[4])).json()["season"]["state"] == "final"


@pytest.mark.usefixtures("framework")
async def test_players_are_told_more_and_at_once(hall: Hall, issuer: Issuer) -> None:
    """With a player's token the page is the player's, and is not kept for anybody."""
    assert (await shown(hall, PATHS[1])).json()["you"] is None
    await take_phone(hall)
    ann = issuer.headers("ann")
    assert await units_left(hall, **ann) == 4
    assert (await shown(hall, PATHS[1], **ann)).json()["you"]["chances_left"] == 0
    assert (await shown(hall, PATHS[1])).json()["you"] is None


async def test_what_players_poll_is_what_the_framework_says(
    hall: Hall, framework: Framework, issuer: Issuer
) -> None:
    """Byte for byte and header for header, for all who ask at once, and not sent to whoever has it."""
    await grant_chances(
        hall.shop.resources,
        MANAGER,
        campaign_id=hall.shop.campaign_id,
        subject="ann",
        count=2,
        expires_ms=hall.shop.office.clock() + DAY_MS,
        source="spring",
    )
    people = [issuer.headers(name) for name in ("ann", "bob", "cat")]
    for poll in PLAYERS_POLLS:
        path = poll.template.replace("{campaign_id}", "{}")
        true = [as_sent(await shown(hall, otherwise(path), **each)) for each in people]
        asked = len(framework.asked)
        found = await asyncio.gather(*(shown(hall, path, **each) for each in people))
        assert list(map(as_sent, found)) == true
        for person, each in zip(people, found, strict=True):
            same = await shown(hall, path, **person, **{"If-None-Match": each.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
        assert len(framework.asked) == asked
    pages = [(await shown(hall, PATHS[1], **each)).json()["you"]["chances_left"] for each in people]
    assert pages == [2, 0, 0]


@pytest.mark.usefixtures("framework")
async def test_another_brand_sees_nothing(hall: Hall, issuer: Issuer, other_issuer: Issuer) -> None:
    """Before and after it is kept for everybody else, as before the cache, in its reader's language."""
    for path, language in product(PATHS, ("en", "zh-CN")):
        headers = other_issuer.headers("mia", "manager") | {"Accept-Language": language}
        refused = as_sent(await shown(hall, otherwise(path), **headers))
        assert refused[0] == 404
        assert as_sent(await shown(hall, path, **headers)) == refused
        assert (await shown(hall, path, **issuer.headers("ann"))).status_code == 200
        assert (await shown(hall, path)).status_code == 200
        assert as_sent(await shown(hall, path, **headers)) == refused


async def test_tokens_that_do_not_hold_are_refused(hall: Hall, framework: Framework) -> None:
    """Also for what everybody may see, and what is kept already."""
    for _ in range(2):
        assert (await shown(hall, PATHS[1], Authorization="Bearer nothing")).status_code == 401
        assert (await shown(hall, PATHS[1])).status_code == 200
    assert len(framework.asked) == 1


async def test_refusals_are_not_kept(hall: Hall) -> None:
    """A campaign is there as soon as it is launched."""
    await hall.saved()
    assert (await shown(hall, PATHS[1])).status_code == 404
    await hall.shop.launch()
    assert (await shown(hall, PATHS[1])).status_code == 200


async def test_many_at_once_ask_the_framework_once(hall: Hall, framework: Framework) -> None:
    """In whatever order they come in, and whether it is there or not."""
    for path, status in ((PATHS[4], 200), (PATHS[4].replace("best", "none"), 404)):
        framework.asked.clear()
        answers = await asyncio.gather(*(shown(hall, path) for _ in range(64)))
        assert {answer.status_code for answer in answers} == {status}
        assert len({answer.content for answer in answers}) == 1
        assert len(framework.asked) == 1


async def test_the_same_query_is_kept_once(hall: Hall, framework: Framework) -> None:
    """Whatever the order of its parameters, and the way in which the path is written."""
    path = PATHS[4]
    for asked in (
        f"{path}?limit=2&season=all",
        f"{path}?season=all&limit=2",
        f"{path[:-1]}%70?limit=2&season=all",
    ):
        assert (await shown(hall, asked)).status_code == 200
    assert len(framework.asked) == 1


INVENTED = (
    "/v1/campaigns?brand=acme&after=0",
    "/v1/campaigns?brand=acme&brand=acme",
    "/v1/campaigns?brand=%61cme",
    "/v1/campaigns/{}?x=1",
    "/v1/campaigns/{}/boards/best/top?limit=2&&",
    "/v1/campaigns/{}/boards/best/top?limit=2&limit=2",
)


async def test_what_callers_invent_is_not_kept(hall: Hall, framework: Framework) -> None:
    """There is no end to it; the framework answers, as it does without the cache."""
    for path in INVENTED:
        assert (await shown(hall, path)).status_code == 200, path
    assert framework.asked == []


async def test_only_gets_are_answered(hall: Hall, framework: Framework) -> None:
    """Other methods are the framework's to refuse."""
    await shown(hall, PATHS[1])
    path = PATHS[1].format(hall.shop.campaign_id)
    for method in ("HEAD", "POST", "DELETE"):
        assert (await hall.shop.office.client.request(method, path)).status_code == 405
    assert len(framework.asked) == 1
