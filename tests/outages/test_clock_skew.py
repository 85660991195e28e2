"""Three processes serve the same campaigns: one on time, one ten minutes ahead, one ten minutes behind."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import msgspec
import pytest

from game.auth import Role
from game.embedded.issuer import mint
from game.embedded.ports import LOOPBACK, accepts, free_port
from game.tour.client import Client
from game.tour.guests import Guest, Seated
from tests.crash.bets import CARDS, WHEEL, Bet, People
from tests.crash.site import LAUNCHER, Process, Site
from tests.invariants.check import assert_hold
from tests.invariants.told import Heard
from tests.outages.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

SKEW_MS = 600_000
# A token must be valid by all three clocks.
TOKEN_AGE_SECONDS = 900
ANY_SKEW_SECONDS = 3_600
TURNS = 2
# The reading may take a while, which is not counted.
SKEW_TOLERANCE_SECONDS = 60
ENDS_SECONDS = 90.0
OPENED_AN_HOUR_AGO = "UPDATE pool SET opens_ms = opens_ms - 3600000 WHERE campaign_id = ANY ($1)"
UNFINISHED = "SELECT count(*) FROM play WHERE campaign_id = ANY ($1) AND finished_ms IS NULL"
TIMES = """
SELECT count(*) FROM log_entry AS a JOIN log_entry AS b
ON a.campaign_id = b.campaign_id AND b.entry_index = a.entry_index + 1
WHERE a.campaign_id = ANY ($1)
  AND (convert_from(a.entry, 'UTF8')::json ->> 't') > (convert_from(b.entry, 'UTF8')::json ->> 't')
"""


class Door(msgspec.Struct, frozen=True):
    """A process of the service, by its port."""

    port: int
    session: aiohttp.ClientSession

    async def ready(self) -> tuple[int, str]:
        """The status of its readiness, and what it says of its clock."""
        async with self.session.get("/health/ready") as answer:
            return answer.status, (await answer.json())["clock"]

    async def skew_seconds(self) -> float:
        """What its metric says."""
        async with self.session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return float(
            next(line for line in lines if line.startswith("playfair_clock_skew_seconds ")).split()[1]
        )


@asynccontextmanager
async def shifted(site: Site, ms: int, **environment: str) -> AsyncIterator[Door]:
    """A process of the service whose clock is so far ahead."""
    port = free_port()
    process = Process(
        f"The service {ms} ms ahead", log=site.folder / f"{ms}.log", ready=lambda: accepts(port)
    )
    variables = {"PLAYFAIR_PORT": str(port)} | {
        f"PLAYFAIR_{name}": value for name, value in environment.items()
    }
    await process.start((LAUNCHER, "later", str(ms)), site.environment | variables)
    try:
        async with aiohttp.ClientSession(f"http://{LOOPBACK}:{port}") as session:
            yield Door(port, session)
    finally:
        await process.gone()


async def test_clocks_ten_minutes_apart_lose_and_double_nothing(site: Site, people: People) -> None:
    """Even where nobody heeds readiness: logs verify, nothing is stuck, who is told "not charged" is not."""
    await site.start_service()
    places = [await people.place(plan) for plan in (WHEEL, CARDS)]
    ids = [place.campaign_id for place in places]
    await people.resources.pool.execute(OPENED_AN_HOUR_AGO, ids)
    seated = [await people.seated(place, "on-time", "ahead", "behind") for place in places]
    heard = Heard()
    async with AsyncExitStack() as stack:
        doors = [
            Door(site.port, people.session),
            *[
                await stack.enter_async_context(shifted(site, ms, CLOCK_SKEW_SECONDS=str(ANY_SKEW_SECONDS)))
                for ms in (SKEW_MS, -SKEW_MS)
            ],
        ]
        players = [_at(door, site, who) for group in seated for who, door in zip(group, doors, strict=True)]
        states = await asyncio.gather(*(_play(player, heard) for player in players))

        async def all_over() -> bool:
            return not await people.resources.pool.fetchval(UNFINISHED, ids)

        await until(all_over, seconds=ENDS_SECONDS)
        told = Counter(state for each in states for state in each)
    assert told["settled"] > 0
    assert set(told) <= {"settled", "cancelled"}
    assert {*states[2], *states[5]} == {"cancelled"}  # by the ledger's clock, those behind came too late
    assert await people.resources.pool.fetchval(TIMES, ids) == 0
    await site.restart_later()
    await until(lambda: _credits_are_paid(people), seconds=ENDS_SECONDS)
    await assert_hold(people.resources.pool, people.resources.ledger, campaign_ids=ids, told=heard)


@pytest.mark.parametrize("ms", [SKEW_MS, -SKEW_MS])
async def test_a_process_ten_minutes_apart_is_not_ready(site: Site, ms: int) -> None:
    """It says so, and by how much."""
    async with shifted(site, ms) as door:
        assert await door.ready() == (503, "apart")
        assert abs(await door.skew_seconds() - ms / 1_000) < SKEW_TOLERANCE_SECONDS


async def _play(player: Seated, heard: Heard) -> list[str]:
    """A few plays one after the other, each until it is over; their states."""
    states = []
    for turn in range(TURNS):
        made = await Bet(seated=player, count=1, turn=turn).end()
        view = msgspec.to_builtins(made.view)
        heard.hear(view, subject=player.guest.name, key=made.key)
        states.append(str(view["state"]))
    return states


async def _credits_are_paid(people: People) -> bool:
    return not await people.resources.pool.fetchval("SELECT count(*) FROM operation WHERE state = 'due'")


def _at(door: Door, site: Site, seated: Seated) -> Seated:
    """The same player, at another process."""
    token = mint(
        site.issuer_key,
        subject=seated.guest.name,
        role=Role.PLAYER,
        audience=site.settings.token_audience,
        now_seconds=int(time.time()) - TOKEN_AGE_SECONDS,
    )
    guest = Guest(seated.guest.name, Client(door.session, token), seated.guest.start_points)
    return msgspec.structs.replace(seated, guest=guest)
