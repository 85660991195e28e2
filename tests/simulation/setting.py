"""Where seeds play: a launched campaign in a database that every seed gets a copy of."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from redis.asyncio import Redis

from game.badges.defining import save_badge
from game.badges.drafts import BadgeDraft
from game.boards.defining import save_board
from game.boards.drafts import BoardDraft
from game.campaigns.drafting import add_vouchers
from game.db.pool import open_pool
from game.resources import Resources
from game.tasks.defining import save_task
from game.tasks.drafts import TaskDraft
from game.tasks.streak_defining import save_streak
from game.tasks.streak_drafts import StreakDraft
from game.vault import Vault
from game.webhooks.signing import secret_text
from game.webhooks.sources import keep_secret, put_source
from ledger_client.testing import FakeLedger
from tests.story.tale import BADGE, BATCH, BOARDS, FAN, SPAN_MS, STREAK, Tale
from tests.support.app import settings_for
from tests.support.databases import Databases, database_name, migrated
from tests.support.pools import cards, pool, row, wheel
from tests.support.service import STARTED_MS, ManualClock
from tests.support.stage import DAY_MS, MANAGER, Stage
from tests.support.tokens import Issuer

# Some of them play, the others do nothing in the game but be told of.
IDLE: Final = ("gil", "hal")
PLAYERS: Final = ("ann", "bob", "cat", "dan", "eve", "fay")
POOLS: Final = ("wheel", "cards", "few")
EPOCH_MS: Final = STARTED_MS + 1_000
TASKS_OPEN_MS: Final = STARTED_MS - SPAN_MS
SOURCE: Final = "shop"
_SECRET: Final = bytes(range(32))
SOURCE_KEY: Final = secret_text(_SECRET)
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
        campaign_id = await stage.draft(wheel(seat_draws=12), cards(), _FEW, opens_ms=TASKS_OPEN_MS)
        await _have_tasks(stage.resources, campaign_id, closes_ms=clock() + 10 * DAY_MS)
        await stage.open(campaign_id)
        for subject in PLAYERS[:3]:
            await stage.grant(campaign_id, subject, 3)
    return campaign_id


async def _have_tasks(resources: Resources, campaign_id: str, *, closes_ms: int) -> None:
    """Let the draft have the tasks of tales, and the brand a source that may tell them."""
    await save_badge(
        resources, MANAGER, msgspec.convert(FAN, BadgeDraft), campaign_id=campaign_id, badge_id=BADGE
    )
    codes = [f"GIFT-{number:03}" for number in range(100)]
    await add_vouchers(resources, MANAGER, codes, campaign_id=campaign_id, voucher_batch=BATCH)
    for task_id, task in Tale(TASKS_OPEN_MS, ()).tasks(closes_ms=closes_ms).items():
        draft = msgspec.convert(task, TaskDraft)
        await save_task(resources, MANAGER, draft, campaign_id=campaign_id, task_id=task_id)
    daily = msgspec.convert(STREAK, StreakDraft)
    await save_streak(resources, MANAGER, daily, campaign_id=campaign_id, streak_id="daily")
    for board_id, board in BOARDS.items():
        ranked = msgspec.convert(board, BoardDraft)
        await save_board(resources, MANAGER, ranked, campaign_id=campaign_id, board_id=board_id)
    await put_source(resources, MANAGER, source=SOURCE, title="Shop", types=None)
    await keep_secret(resources, MANAGER, _SECRET, source=SOURCE, expires_ms=None)


def entropy_of(name: str) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    numbers = itertools.count()
    return lambda length: hashlib.shake_256(f"{name} {next(numbers)}".encode()).digest(length)
