"""Where seeds play: a launched campaign in a database that every seed gets a copy of."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from redis.asyncio import Redis

from game.db.pool import open_pool
from game.resources import Resources
from game.vault import Vault
from ledger_client.testing import FakeLedger
from tests.support.app import settings_for
from tests.support.databases import Databases, database_name, migrated
from tests.support.pools import cards, pool, row, wheel
from tests.support.service import STARTED_MS, ManualClock
from tests.support.stage import Stage
from tests.support.tokens import Issuer

PLAYERS: Final = ("ann", "bob", "cat", "dan", "eve", "fay")
POOLS: Final = ("wheel", "cards", "few")
NO_REDIS: Final = "redis://127.0.0.1:1"
_FEW: Final = pool("few", row("gold", "points", 40, count=2), row("thanks", count=7), seat_draws=10)


class Setting:
    """Makes the databases of seeds; `campaign_id` is the campaign in each of them."""

    def __init__(self, databases: Databases, template: str, campaign_id: str) -> None:
        self.campaign_id = campaign_id
        self._databases = databases
        self._template = template

    @contextmanager
    def database(self) -> Iterator[str]:
        """URL of a database in which nobody has played yet."""
        with self._databases.made(self._template) as url:
            yield url


@contextmanager
def settings(databases: Databases) -> Iterator[Setting]:
    """The setting, made once for many seeds and the same every time."""
    with migrated(databases) as empty, databases.made(empty) as url:
        campaign_id = databases.wait_for(_launched(url))
        yield Setting(databases, database_name(url), campaign_id)


async def _launched(url: str) -> str:
    clock = ManualClock()
    await Issuer("acme").insert_brand(url)
    given, ledger = settings_for(url, NO_REDIS), FakeLedger(now_ms=clock)
    async with await open_pool(url, connections=1) as connections:
        stage = Stage(
            Resources(
                settings=given,
                pool=connections,
                redis=Redis.from_url(given.redis_url),
                ledger=ledger,
                vault=Vault(given.secret_keys),
                clock=clock,
                entropy=entropy_of("setting"),
            ),
            ledger,
            clock,
        )
        campaign_id = await stage.launch(wheel(seat_draws=12), cards(), _FEW)
        for subject in PLAYERS[:3]:
            await stage.grant(campaign_id, subject, 3)
    return campaign_id


def entropy_of(name: str) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    numbers = itertools.count()
    return lambda length: hashlib.shake_256(f"{name} {next(numbers)}".encode()).digest(length)


EPOCH_MS: Final = STARTED_MS + 1_000
