"""A service's resources over a real database, and campaigns whose logs the tests write."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from game.db.pool import open_pool
from game.resources import Resources
from game.settings import Settings
from game.vault import Vault
from ledger_client.testing import FakeLedger

NOW_MS = 1_800_000_000_000


@pytest.fixture
def entropy() -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    numbers = itertools.count()
    return lambda n: hashlib.shake_256(b"audit tests %d" % next(numbers)).digest(n)


@pytest_asyncio.fixture
async def resources(database_url: str, entropy: Callable[[int], bytes]) -> AsyncIterator[Resources]:
    """Everything the log needs; Redis and the ledger are never called."""
    environment = {
        "PLAYFAIR_DATABASE_URL": database_url,
        "PLAYFAIR_REDIS_URL": "redis://127.0.0.1:1",
        "PLAYFAIR_LEDGER_URL": "http://127.0.0.1:1",
        "PLAYFAIR_LEDGER_TOKEN": "a token of the tests",
        "PLAYFAIR_SECRET_KEYS": "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }
    settings = Settings.from_environment(environment)
    async with await open_pool(database_url, connections=4) as pool:
        yield Resources(
            settings=settings,
            pool=pool,
            redis=Redis.from_url(settings.redis_url),
            ledger=FakeLedger(now_ms=lambda: NOW_MS),
            vault=Vault(settings.secret_keys),
            clock=lambda: NOW_MS,
            entropy=entropy,
        )
