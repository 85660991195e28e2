"""What it costs when apps ask again and again how far a player's tasks are, against a trivial GET."""

import asyncio
import http.client
import time
from functools import partial

import asyncpg

from game.auth import Role
from game.embedded.issuer import mint
from game.embedded.ports import LOOPBACK
from tests.bench.events import subject_of
from tests.bench.fill import Filling, campaign_id
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, interleaved

PLAYERS, CALLERS = 10_000, 64
TASKS = 10
CONNECTIONS = 64
POLLS = 3_000
PATH = f"/v1/campaigns/{campaign_id(0)}/me/tasks"


async def polled(installation: Installation, scale: Scale) -> Section:
    """Rounds with everything sent, with nothing new, and of the yardstick."""
    conn = await asyncpg.connect(installation.site.settings.database_url)
    filling = Filling(conn, scale.tell)
    await filling.grow_tasks(TASKS)
    await filling.grow_players(PLAYERS)
    await conn.close()
    async with installation.serving() as service:
        headers = [player_headers(installation, number) for number in range(CALLERS)]
        tags = await asyncio.to_thread(lambda: [_tag(service, each) for each in headers])
        known = [each | {"if-none-match": tag} for each, tag in zip(headers, tags, strict=True)]
        turns = {
            "tasks, all of it": partial(_poll, service, headers, PATH, "200"),
            "tasks, nothing new": partial(_poll, service, known, PATH, "304"),
            "trivial GET": partial(_poll, installation.trivial, headers, "/trivial", "200"),
        }
        for turn in turns.values():
            await turn()
        full, same, yardstick = await interleaved(turns, scale)
    label = f"a player's {TASKS} tasks, {CONNECTIONS} connections"
    return Section(
        title="Polls of a player's tasks",
        rows=[compared(label, full, yardstick), compared(f"{label}, If-None-Match", same, yardstick)],
    )


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


def _tag(service: Server, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, service.port)
    connection.request("GET", PATH, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()
    return answer.headers["etag"]


async def _poll(server: Server, callers: list[dict[str, str]], path: str, status: str) -> Round:
    requests = [request("GET", path, headers=callers[n % len(callers)]) for n in range(POLLS)]
    return await server.answered(requests, connections=CONNECTIONS, status=status)
