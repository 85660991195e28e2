"""PostgreSQL has no connection left: nothing is stored, nothing is executed, and it passes by itself."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import aiohttp
import asyncpg
import msgspec
import pytest

from game.tour.client import Answer
from sandbox_ledger.wire import Account
from tests.crash.bets import WHEEL, Bet, People
from tests.crash.site import Site
from tests.invariants.check import assert_hold
from tests.outages.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

HEALS_SECONDS = 30.0
END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> ALL ($1::int[])
"""
STORED = "SELECT (SELECT count(*) FROM play) + (SELECT count(*) FROM operation)"
OPERATION = {
    "id": "late",
    "apply_before": 2**52,
    "legs": [{"debit": "issuer", "credit": "player:late", "amount": 1, "code": "test"}],
    "ref": "",
}


@asynccontextmanager
async def exhausted(site: Site) -> AsyncIterator[None]:
    """Hold every connection that PostgreSQL gives, those that the service and the ledger had among them."""
    async with AsyncExitStack() as stack:
        with _stopped(site.service.pid, site.ledger.pid):  # who would be faster than we are
            held = await _grab(site, stack)
            await held[0].execute(END_OTHERS, [connection.get_server_pid() for connection in held])
            await _grab(site, stack)
        yield


@contextmanager
def _stopped(*pids: int) -> Iterator[None]:
    """Stop processes for a while."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def _grab(site: Site, stack: AsyncExitStack) -> "list[asyncpg.Connection[asyncpg.Record]]":
    """Every connection that is to be had."""
    held: list[asyncpg.Connection[asyncpg.Record]] = []
    while True:
        try:
            held.append(await asyncpg.connect(site.settings.database_url))
        except asyncpg.TooManyConnectionsError:
            return held
        stack.callback(held[-1].terminate)


def code_of(answer: Answer | None) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer is not None
    return answer.status, msgspec.json.decode(answer.body)["code"]


async def test_others_hold_all_connections_of_postgres(site: Site, people: People) -> None:
    """A play is told to come back, the ledger says that it did nothing, and all goes on after it."""
    await site.start_service()
    place = await people.place(WHEEL)
    (seated,) = await people.seated(place, "ann")
    bet = Bet(seated=seated, count=1)
    stored = await people.resources.pool.fetchval(STORED)
    async with exhausted(site), _ledger(site) as ledger:
        refused = [
            code_of(await bet.send()),
            code_of(await people.anybody.get(f"/v1/campaigns/{place.campaign_id}")),
        ]
        ready = await people.anybody.get("/health/ready")
        async with ledger.post("/v1/operations", json=OPERATION) as answer:
            told = (answer.status, answer.headers["Ledger-Executed"], (await answer.json())["code"])
    assert set(refused) == {(503, "temporarily_unavailable")}
    assert (ready.status, told) == (503, (503, "no", "busy"))
    await until(lambda: _is_ready(people), seconds=HEALS_SECONDS)
    assert await people.resources.pool.fetchval(STORED) == stored
    assert (await _account(site, "player:late")).posted == 0
    made = await bet.end()
    assert made.view.state == "settled"
    await assert_hold(
        people.resources.pool,
        people.resources.ledger,
        campaign_ids=[place.campaign_id],
        in_flight_allowed=True,  # what was won may be on its way
    )


async def _is_ready(people: People) -> bool:
    return (await people.anybody.get("/health/ready")).status == 200


def _ledger(site: Site) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {site.settings.ledger_token}"}
    return aiohttp.ClientSession(f"http://127.0.0.1:{site.ledger_port}", headers=headers)


async def _account(site: Site, name: str) -> Account:
    async with _ledger(site) as ledger, ledger.get(f"/v1/accounts/{name}") as answer:
        return msgspec.json.decode(await answer.read(), type=Account)
