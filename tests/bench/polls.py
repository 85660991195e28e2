"""What it costs when apps ask again and again for what a player has, against a trivial GET."""

import asyncio
import http.client
import time
from functools import partial

import asyncpg
import msgspec

from game import demo
from game.auth import Role
from game.embedded.issuer import mint
from game.embedded.ports import LOOPBACK
from game.instants import to_datetime
from game.resources import system_clock
from game.tasks.streak_drafts import StreakDraft
from game.tasks.streak_store import save_streak
from tests.bench.events import subject_of
from tests.bench.fill import Filling, campaign_id
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved

PLAYERS, CALLERS = 10_000, 64
TASKS = 10
STREAK, DAYS = "daily", 30
CONNECTIONS = 64
POLLS = 3_000
YARDSTICK = "trivial GET"
SECRET = b"-" * 32
# A campaign of the demonstration with a set of badges.
COLLECTED = "lanterns-1"
# Every second day of the last month, so that there are runs, freezes and a day to repair.
CHECKED = """
INSERT INTO streak_day (campaign_id, player_id, streak_id, day, events)
SELECT $1, player_id, $2, $3::date - n, 1 FROM player CROSS JOIN generate_series(1, $4::integer, 2) AS n
"""


async def polled(installation: Installation, scale: Scale) -> Section:
    """Rounds with everything sent, with nothing new, and of the yardstick."""
    campaigns = await demo.load(installation.site.settings, webhook_secret=SECRET)
    places = {"tasks": campaign_id(0), "streaks": campaign_id(0), "badges": campaigns[COLLECTED]}
    conn = await asyncpg.connect(installation.site.settings.database_url)
    filling = Filling(conn, scale.tell)
    await filling.grow_tasks(TASKS)
    await filling.grow_players(PLAYERS)
    await _keep_streaks(conn)
    await conn.close()
    async with installation.serving() as service:
        headers = [player_headers(installation, number) for number in range(CALLERS)]
        turns: dict[str, Turn] = {YARDSTICK: partial(_poll, installation.trivial, headers, "/trivial", "200")}
        for what, place in places.items():
            path = f"/v1/campaigns/{place}/me/{what}"
            known = await asyncio.to_thread(lambda at: [_known(service, each, at) for each in headers], path)
            turns[f"{what}, all of it"] = partial(_poll, service, headers, path, "200")
            turns[f"{what}, nothing new"] = partial(_poll, service, known, path, "304")
        for turn in turns.values():
            await turn()
        yardstick, *ours = await interleaved(turns, scale)
    return Section(
        title=f"Polls of a player's {TASKS} tasks, of a streak of {DAYS} days, and of badges",
        rows=[compared(f"{each.name}, {CONNECTIONS} connections", each, yardstick) for each in ours],
    )


async def _keep_streaks(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    fields = {
        "name": {"zh": "签到", "en": "Check in"},
        "text": {"zh": "签到", "en": "Every day"},
        "policy": {"freeze_every": 3, "freezes_held": 2, "repair_points": 10, "repair_days": 3},
        "repairs_overall": 1_000,
        "milestones": [],
    }
    where = {"campaign_id": campaign_id(0), "streak_id": STREAK}
    await save_streak(conn, msgspec.convert(fields, StreakDraft), **where, brand_id=demo.BRAND)
    await conn.execute(CHECKED, *where.values(), to_datetime(system_clock()).date(), DAYS)
    await conn.execute("VACUUM ANALYZE")


def player_headers(installation: Installation, number: int) -> dict[str, str]:
    """The token of a player, as it is sent."""
    site = installation.site
    token = mint(
        site.issuer_key,
        subject=subject_of(number),
        role=Role.PLAYER,
        audience=site.settings.token_audience,
        now_seconds=int(time.time()),
    )
    return {"authorization": f"Bearer {token}"}


def _known(service: Server, headers: dict[str, str], path: str) -> dict[str, str]:
    """The headers of a player who has the answer."""
    connection = http.client.HTTPConnection(LOOPBACK, service.port)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()
    return headers | {"if-none-match": answer.headers["etag"]}


async def _poll(server: Server, callers: list[dict[str, str]], path: str, status: str) -> Round:
    requests = [request("GET", path, headers=callers[n % len(callers)]) for n in range(POLLS)]
    return await server.answered(requests, connections=CONNECTIONS, status=status)
