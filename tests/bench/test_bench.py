"""That what measures measures."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.bench.events import JSON, body
from tests.bench.generator import drive, request
from tests.bench.meters import works_for
from tests.bench.rounds import Round, Series, costs, percentiles_ms, ratios
from tests.bench.trivial import application
from tests.support.server import serving

NOW_MS = 1_790_000_000_000


def series(name: str, *seconds: float) -> Series:
    """Turns of a hundred units each."""
    rounds = [Round(units=100, seconds=each, cpu_us={"service": each}, latency_ms={}) for each in seconds]
    return Series(name=name, rounds=rounds)


@pytest.mark.asyncio
async def test_every_request_is_answered_and_timed() -> None:
    """Over fewer connections than there are requests, each gets its own answer."""
    requests = [request("POST", "/trivial", headers=JSON, body=body(number, NOW_MS)) for number in range(20)]
    with serving(application()) as url:
        load = await drive(urlsplit(url).port or 0, [*requests, requests[0]], connections=4)
    assert load.statuses == {"202": 21}
    assert len(load.latencies) == 21
    assert load.latencies == sorted(load.latencies)


@pytest.mark.asyncio
async def test_other_answers_are_told_apart() -> None:
    """What is refused is not counted as done."""
    with serving(application()) as url:
        wrong = [request("GET", "/nothing", headers={}), request("GET", "/trivial", headers={})]
        load = await drive(urlsplit(url).port or 0, wrong, connections=1)
    assert load.statuses == {"200": 1, "404": 1}


def test_ratios_are_of_the_same_round() -> None:
    """A machine that slows down for a while slows both, and the ratio stays."""
    stands = ratios(series("ours", 2.0, 4.0, 8.0), series("yardstick", 1.0, 2.0, 4.0))
    assert stands == [0.5, 0.5, 0.5]


def test_others_cost_us_nothing() -> None:
    """What is compared is what serves, all processes of it; not who asks, nor the ledger."""
    ours, yardstick = (
        Series(
            name="",
            rounds=[Round(units=1, seconds=1, cpu_us=cpu | {"generator": 99, "ledger": 9}, latency_ms={})],
        )
        for cpu in ({"service": 2.0, "postgres": 1.0}, {"service": 1.5})
    )
    assert costs(ours, yardstick) == [2.0]


@pytest.mark.asyncio
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="What processes are called is in /proc.")
@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="Another PostgreSQL's processes are not here.")
async def test_whose_work_a_process_of_postgresql_does(empty_database_url: str) -> None:
    """It is called by the database that it works for; what is done for the ledger is told apart by that."""
    conn = await asyncpg.connect(empty_database_url)
    pid, database = (
        await conn.fetchval("SELECT pg_backend_pid()"),
        await conn.fetchval("SELECT current_database()"),
    )
    stands = works_for(database, pid), works_for(f"{database}s", pid), works_for(database, os.getpid())
    await conn.close()
    assert stands == (True, False, False)


def test_percentiles_are_of_all_requests() -> None:
    """The last percent is seen, not only the middle."""
    latencies = [0.001] * 980 + [1.0] * 19 + [2.0]
    assert percentiles_ms(latencies) == {"p50": 1.0, "p99": 1000.0, "p99.9": 1000.0, "max": 2000.0}
