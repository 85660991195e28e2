"""The statements of paid plays as the service sends them, recorded once, to be sent again.

Nothing is written down twice: whatever the service comes to do, a recording has. Its hashes, locks and
rows are real, since real plays made it; only the ledger was not asked.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from asyncpg.connection import LoggedQuery

from game import demo
from game.audit.service import log_signer
from game.auth import Caller, Role
from game.campaigns.rules import PoolTerms
from game.campaigns.service import pool_secret, pool_terms
from game.players import account_of, player_ids_of
from game.plays.accept import Driven, accept_batch
from game.plays.clerk import Clerk, WantDraws, WantSeat, write_batch
from game.plays.rules import Asked
from game.plays.settling import Funded
from game.resources import Resources
from game.settings import Settings
from tests.bench.events import subject_of
from tests.bench.plays import POINTS, staged

PLAYERS = 256
# Asked by asyncpg once for each connection.
OF_THE_DRIVER = ("typeinfo_tree", "'jit'")
SEED = bytes(range(16))
SESSION = r"""
SELECT name, setting FROM pg_settings
WHERE source = 'client' AND name NOT LIKE '%timeout' AND setting !~ '\s' ORDER BY name
"""


class Step(msgspec.Struct, frozen=True):
    """A statement, and which time it is sent in its batch."""

    text: str
    nth: int


# What each statement of a batch was given, in their order.
Batch = Mapping[Step, Sequence[Any]]


class Scene(msgspec.Struct, frozen=True):
    """Campaigns where everybody has a seat."""

    terms: list[PoolTerms]
    player_ids: list[UUID]


async def seated(settings: Settings, *, campaigns: int, plays: int) -> Scene:
    """Launch campaigns where everybody sits down and plays some times, and analyze the tables then."""
    async with demo.open_resources(settings) as resources:
        callers = [Caller(demo.BRAND, subject_of(n), frozenset({Role.PLAYER})) for n in range(PLAYERS)]
        player_ids = await player_ids_of(resources, callers)
        scene = Scene([await _launched(resources) for _ in range(campaigns)], player_ids)
        for terms in scene.terms:
            await _seat(resources, scene, terms)
            for batch in range(plays):
                await _play(resources, scene, terms, _numbers(batch, PLAYERS), key="before")
        await resources.pool.execute("ANALYZE")
    return scene


async def recorded(
    settings: Settings, scene: Scene, *, lanes: int, size: int, batches: int
) -> list[list[Batch]]:
    """Let batches of so many plays be accepted and settled, in one campaign for each lane; by lane."""
    found: list[list[Batch]] = []
    async with demo.open_resources(settings) as resources, _heard(resources) as heard:
        for terms in scene.terms[:lanes]:
            # Once for each process: the terms are read, and what is sealed is opened, which is noted.
            await pool_terms(resources, campaign_id=terms.campaign_id, pool_id=terms.pool_id)
            await pool_secret(resources, terms, "draw")
            await log_signer(resources, terms.campaign_id)
            found.append([])
            for batch in range(batches):
                heard.clear()
                await _play(resources, scene, terms, _numbers(batch, size), key="play")
                await asyncio.sleep(0)  # what was sent is told in the loop's next turn
                found[-1].append(_batch(heard))
    return found


async def options_of(settings: Settings) -> str:
    """What the service asks of each session but its patience, as PGOPTIONS."""
    async with demo.open_resources(settings) as resources:
        rows = await resources.pool.fetch(SESSION)
    return " ".join(f"-c {row['name']}={row['setting']}" for row in rows)


def _numbers(batch: int, size: int) -> range:
    return range(batch * size, (batch + 1) * size)


async def _launched(resources: Resources) -> PoolTerms:
    *_, campaign_id, _, pool_id = (await staged(resources)).split("/")
    return await pool_terms(resources, campaign_id=campaign_id, pool_id=pool_id)


async def _seat(resources: Resources, scene: Scene, terms: PoolTerms) -> None:
    for seed in (None, SEED):
        wants = [WantSeat(terms=terms, player_id=each, seed=seed) for each in scene.player_ids]
        await write_batch(resources, terms.campaign_id, wants)


async def _play(resources: Resources, scene: Scene, terms: PoolTerms, numbers: range, *, key: str) -> None:
    """Accept plays and settle them as charged."""
    asked = [
        Asked(
            terms=terms,
            play_id=resources.new_id(),
            player_id=scene.player_ids[number % PLAYERS],
            account=account_of(brand_id=demo.BRAND, subject=subject_of(number % PLAYERS)),
            idempotency_key=f"{key}-{number}",
            draws=1,
            paid_with="points",
        )
        for number in numbers
    ]
    driven = await accept_batch(resources, asked)
    charged = Funded(ledger_seq=1, balance_points=POINTS)
    wants = [WantDraws(play=each.play, funded=charged) for each in driven if isinstance(each, Driven)]
    assert len(wants) == len(asked), driven
    await Clerk(resources).write({terms.campaign_id: wants})


@asynccontextmanager
async def _heard(resources: Resources) -> AsyncIterator[list[tuple[str, Sequence[Any]]]]:
    """What is sent over the connections from now on."""
    heard: list[tuple[str, Sequence[Any]]] = []

    def hear(query: LoggedQuery) -> None:
        assert query.exception is None, query
        if not any(word in query.query for word in OF_THE_DRIVER):
            heard.append((query.query, query.args or ()))

    async with resources.pool.acquire() as one, resources.pool.acquire() as other:
        one.add_query_logger(hear)
        other.add_query_logger(hear)
    yield heard


def _batch(heard: Sequence[tuple[str, Sequence[Any]]]) -> Batch:
    times: Counter[str] = Counter()
    batch: dict[Step, Sequence[Any]] = {}
    for text, arguments in heard:
        batch[Step(text, times[text])] = arguments
        times[text] += 1
    return batch
