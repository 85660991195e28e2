"""The demonstration brand of the embedded run: a wheel, cards and a festival, live, funded and playable."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.resources import files
from typing import Any

import asyncpg
import msgspec
from redis.asyncio import Redis

from game.auth import Caller, Role
from game.badges.defining import save_badge, save_set
from game.badges.drafts import BadgeDraft, SetDraft
from game.boards.defining import save_board
from game.boards.drafts import BoardDraft
from game.campaigns import drafting, launch
from game.campaigns.drafts import CampaignDraft, LimitsDraft, NameDraft, PoolDraft, RulesDraft, ScheduleDraft
from game.db.pool import open_pool
from game.instants import to_datetime
from game.ledger.rules import NEVER_MS
from game.players import account_of
from game.resources import Resources, system_clock, system_entropy
from game.settings import Settings
from game.tasks.defining import save_task
from game.tasks.drafts import TaskDraft
from game.tasks.streak_defining import save_streak
from game.tasks.streak_drafts import StreakDraft
from game.vault import Vault
from game.webhooks import sources
from ledger_client import (
    Applied,
    Lane,
    Ledger,
    LedgerClient,
    Leg,
    Operation,
    Options,
    Outcome,
    budget,
    encode,
)  # fmt: skip
from ledger_client.operations import ISSUER as ISSUER_ACCOUNT

BRAND = "demo"
SOURCE = "demo"
PLAYER = "alice"
MANAGER = Caller(BRAND, "mei", frozenset({Role.MANAGER}))
PLAYER_POINTS = 10_000
BUDGET_POINTS = 50_000_000
DAY_MS = 24 * 60 * 60 * 1000
DURATION_DAYS = 90
FUNDING_SECONDS = 10.0
TIME_ZONE = "Asia/Shanghai"
KEEP_BRAND = """
INSERT INTO brand (brand_id, name_zh, name_en, issuer, jwks, operator_name, created_ms)
VALUES ($1, '喜鹊便利店', 'Magpie Stores', $2, $3, 'draws.magpie.example', $4)
ON CONFLICT (brand_id) DO UPDATE SET jwks = excluded.jwks
"""


class _Texts(msgspec.Struct, frozen=True):
    name: NameDraft
    rules: RulesDraft
    limits: LimitsDraft


class Demonstration(msgspec.Struct, frozen=True):
    """One campaign of `demo.json`; `vouchers` says how many codes there are of each batch.

    Badges, sets, tasks, streaks and boards are by their ids; a set can be redeemed until the campaign closes.
    """

    campaign: _Texts
    pool: PoolDraft
    vouchers: dict[str, int]
    badges: dict[str, BadgeDraft] = {}
    sets: dict[str, dict[str, Any]] = {}
    tasks: dict[str, TaskDraft] = {}
    streaks: dict[str, StreakDraft] = {}
    boards: dict[str, BoardDraft] = {}


async def load(settings: Settings, *, webhook_secret: bytes) -> dict[str, str]:
    """Bring the brand's campaigns and its webhook source in, as far as missing; the campaign of each pool."""
    async with open_resources(settings) as resources:
        await fund(resources, account_of(brand_id=BRAND, subject=PLAYER), PLAYER_POINTS)
        await keep_source(resources, webhook_secret)
        pools = {row["pool_id"] for row in await _live(resources)}
        for demonstration in demonstrations():
            if demonstration.pool.pool_id not in pools:
                await _stage(resources, demonstration)
        return {row["pool_id"]: row["campaign_id"] for row in await _live(resources)}


async def keep_source(resources: Resources, secret: bytes) -> None:
    """Store the brand's webhook source with its key, where it has none."""
    found = await sources.put_source(resources, MANAGER, source=SOURCE, title="Demonstration", types=None)
    if not found.keys:
        await sources.keep_secret(resources, MANAGER, secret, source=SOURCE, expires_ms=None)


async def keep_brand(settings: Settings, *, issuer: str, jwks: dict[str, Any]) -> None:
    """Store the brand, or the keys of its issuer where it is stored already."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute(
            KEEP_BRAND, BRAND, issuer, msgspec.json.encode(jwks).decode(), system_clock()
        )
    finally:
        await connection.close()


async def fund(resources: Resources, account: str, points: int) -> None:
    """Issue points to an account, once for ever."""
    outcome = await issue(resources.ledger, account, points, operation_id=f"demo:{account}")
    assert isinstance(outcome, Applied), f"the sandbox ledger did not fund {account}: {outcome}"


async def issue(ledger: Ledger, account: str, points: int, *, operation_id: str) -> Outcome:
    """Issue points to an account of the sandbox ledger. ValidationError for what is no account or amount."""
    leg = Leg(debit=ISSUER_ACCOUNT, credit=account, amount=points, code="demo")
    operation = Operation(id=operation_id, apply_before=NEVER_MS, legs=(leg,), ref="demonstration")
    return await ledger.apply(
        operation_id=operation.id,
        body=encode(operation),
        lane=Lane.BULK,
        subject=account,
        deadline=asyncio.get_running_loop().time() + FUNDING_SECONDS,
    )


async def _live(resources: Resources) -> Any:
    return await resources.pool.fetch(
        "SELECT pool_id, campaign_id FROM pool JOIN campaign USING (campaign_id)"
        " WHERE brand_id = $1 AND accepting AND pool.closes_ms > $2 ORDER BY launched_ms",
        BRAND,
        resources.clock(),
    )


async def _stage(resources: Resources, demonstration: Demonstration) -> None:
    now_ms, texts = resources.clock(), demonstration.campaign
    closes = to_datetime(now_ms + DURATION_DAYS * DAY_MS)
    draft = CampaignDraft(
        name=texts.name,
        rules=texts.rules,
        limits=texts.limits,
        schedule=ScheduleDraft(opens=to_datetime(now_ms), closes=closes, time_zone=TIME_ZONE),
    )
    campaign_id = await drafting.create_campaign(resources, MANAGER, draft)
    for badge_id, badge in demonstration.badges.items():
        await save_badge(resources, MANAGER, badge, campaign_id=campaign_id, badge_id=badge_id)
    await drafting.add_pool(resources, MANAGER, demonstration.pool, campaign_id=campaign_id)
    await _stage_game(resources, demonstration, campaign_id, closes=closes)
    for batch, count in demonstration.vouchers.items():
        codes = [f"{batch.upper()}-{resources.entropy(6).hex().upper()}" for _ in range(count)]
        await drafting.add_vouchers(resources, MANAGER, codes, campaign_id=campaign_id, voucher_batch=batch)
    await fund(resources, budget(campaign_id), BUDGET_POINTS)
    await launch.launch(resources, MANAGER, campaign_id=campaign_id)


async def _stage_game(
    resources: Resources, demonstration: Demonstration, campaign_id: str, *, closes: datetime
) -> None:
    """What players can earn otherwise than by draws."""
    for set_id, terms in demonstration.sets.items():
        badge_set = msgspec.convert(terms | {"redeem_until": closes}, SetDraft)
        await save_set(resources, MANAGER, badge_set, campaign_id=campaign_id, set_id=set_id)
    for task_id, task in demonstration.tasks.items():
        await save_task(resources, MANAGER, task, campaign_id=campaign_id, task_id=task_id)
    for streak_id, streak in demonstration.streaks.items():
        await save_streak(resources, MANAGER, streak, campaign_id=campaign_id, streak_id=streak_id)
    for board_id, board in demonstration.boards.items():
        await save_board(resources, MANAGER, board, campaign_id=campaign_id, board_id=board_id)


def demonstrations() -> list[Demonstration]:
    """What `demo.json` says: the wheel first."""
    text = files("game").joinpath("demo.json").read_bytes()
    return msgspec.json.decode(text, type=list[Demonstration])


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """What the demonstration works with, closed at the end."""
    async with (
        await open_pool(settings.database_url, connections=2, application_name="playfair-demo") as pool,
        Redis.from_url(settings.redis_url) as redis,
        LedgerClient.open(settings.ledger_url, settings.ledger_token, Options()) as ledger,
    ):
        yield Resources(
            settings=settings,
            pool=pool,
            redis=redis,
            ledger=ledger,
            vault=Vault(settings.secret_keys),
            clock=system_clock,
            entropy=system_entropy,
        )
