"""One run for all tests here; each gets a copy of its database, its ledger and what was told."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import msgspec
import pytest
import pytest_asyncio

from tests.invariants.scene import FalseLedger, Run, Scene, played
from tests.support.databases import Databases, database_name
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import RELAYS
from tests.support.tokens import Issuer

Kept = tuple[str, Run]


@pytest.fixture(scope="session")
def kept_run(databases: Databases, migrated_template: str, redis_server_url: str) -> Iterator[Kept]:
    """The run, and the name of the database in which it was played."""
    with databases.made(migrated_template) as url:
        yield database_name(url), databases.wait_for(_run(url, redis_server_url))


async def _run(url: str, redis_url: str) -> Run:
    clock = ManualClock()
    ledger = FalseLedger(clock)
    await Issuer("acme", clock=clock).insert_brand(url)
    async with resources_of(url, redis_url, ledger=ledger, clock=clock) as opened:
        settings = msgspec.structs.replace(opened.settings, beacon_relays=tuple(RELAYS.split(",")))
        return await played(replace(opened, settings=settings), ledger, clock)


@pytest.fixture
def copy_url(databases: Databases, kept_run: Kept) -> Iterator[str]:
    """URL of a copy of the run's database."""
    with databases.made(kept_run[0]) as url:
        yield url


@pytest_asyncio.fixture
async def scene(copy_url: str, kept_run: Kept, redis_server_url: str) -> AsyncIterator[Scene]:
    """A copy of the run."""
    run, clock = kept_run[1], ManualClock()
    async with resources_of(copy_url, redis_server_url, ledger=run.ledger, clock=clock) as resources:
        made = Scene(resources, run, clock)
        await made.read_operations()
        yield made
