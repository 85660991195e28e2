"""The servers that tests and the dev run start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from game.embedded.child import ChildError
from game.embedded.postgres import database_url, postgres_server
from game.embedded.redis import redis_server, redis_url
from tests.support.processes import python_for_nobody

ASK = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from game.embedded.identity import unprivileged
from game.embedded.postgres import database_url, postgres_server

async def ask(url):
    connection = await asyncpg.connect(url)
    print(unprivileged().value, await connection.fetchval("SELECT 6 * 7"))
    await connection.close()

with postgres_server(Path(sys.argv[1]), durable=False):
    asyncio.run(ask(database_url(Path(sys.argv[1]), "postgres")))
"""


@pytest.mark.asyncio
async def test_a_test_has_an_empty_database_of_its_own(empty_database_url: str) -> None:
    """The database has no table, and takes one."""
    connection = await asyncpg.connect(empty_database_url)
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await connection.fetchval(tables) == 0
    await connection.execute("CREATE TABLE one (id int)")
    assert await connection.fetchval(tables) == 1
    await connection.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["first", "second"])
async def test_a_test_has_an_empty_redis_of_its_own(redis_url: str, word: str) -> None:
    """What the test before wrote is gone."""
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("word", word)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux can arrange it")
def test_postgres_runs_for_root_without_user_namespaces(open_folder: Path) -> None:
    """Where a container denies namespaces, the server runs as nobody."""
    command = [sys.executable, "-m", "tests.support.processes", sys.executable, "-c", ASK, str(open_folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("nobody 42\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_postgres_runs_for_an_ordinary_user(open_folder: Path) -> None:
    """Without root the server is an ordinary child."""
    python = python_for_nobody("game.embedded.postgres")
    command = [*python, "-c", ASK, str(open_folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, user="nobody", extra_groups=[])
    assert (ran.stdout, ran.stderr) == ("own 42\n", "")


def test_a_cluster_of_another_version_is_told(open_folder: Path) -> None:
    """The versions, and what can be done; the cluster is left as it is."""
    (open_folder / "cluster").mkdir()
    (open_folder / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ChildError, match=r"was written by PostgreSQL 9, and this is PostgreSQL 1\d.*--fresh"):
        postgres_server(open_folder, durable=False)


@pytest.mark.asyncio
async def test_a_durable_redis_keeps_its_data(tmp_path: Path) -> None:
    """What was written before a stop is there after the next start."""
    for expected in (None, b"kept"):
        with redis_server(tmp_path, durable=True):
            async with redis.asyncio.from_url(redis_url(tmp_path)) as client:
                assert await client.get("word") == expected
                await client.set("word", "kept")


@pytest.mark.asyncio
async def test_a_durable_postgres_survives_being_killed(open_folder: Path) -> None:
    """What was committed before SIGKILL is there after the next start."""
    reading, inherited = os.pipe()
    with postgres_server(open_folder, durable=True, inherited=(inherited,)) as child:
        os.close(inherited)
        connection = await asyncpg.connect(database_url(open_folder, "postgres"))
        await connection.execute("CREATE TABLE kept (word text)")
        os.kill(child.pid, signal.SIGKILL)
        connection.terminate()
    assert os.read(reading, 1) == b""  # the end of the file: its own children have followed it
    os.close(reading)
    with postgres_server(open_folder, durable=True):
        connection = await asyncpg.connect(database_url(open_folder, "postgres"))
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await connection.close()
