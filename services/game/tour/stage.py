"""What a manager does before anybody can play: campaigns over the manager API, budgets over the ledger."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import msgspec

from game.campaigns.public_views import CampaignView
from game.campaigns.views import ManagedCampaign
from game.demo import fund
from game.fair.note import Verifier
from game.fair.receipt import Evidence
from game.resources import Resources
from game.tour.client import Client
from game.tour.download import checkpoint_of, entries_of
from ledger_client import budget

TIME_ZONE = "Asia/Shanghai"
DURATION = timedelta(days=30)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign with one pool; `vouchers` says how many codes there are of each batch.

    Badges, sets, tasks, streaks and boards are by id. What lasts as long as the campaign has no time here.
    """

    campaign: dict[str, Any]
    pool: dict[str, Any]
    vouchers: dict[str, int]
    opened_days_ago: int = 0
    badges: dict[str, dict[str, Any]] = {}
    sets: dict[str, dict[str, Any]] = {}
    tasks: dict[str, dict[str, Any]] = {}
    streaks: dict[str, dict[str, Any]] = {}
    boards: dict[str, dict[str, Any]] = {}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A launched campaign as its players find it.

    `pool` is the path of its pool, `early` the first checkpoint, `evidence` the pool's entry, `codes` its
    vouchers', `budget_points` what was put aside for point prizes.
    """

    name: str
    campaign_id: str
    pool: str
    price_points: int
    log_key: Verifier
    early: bytes
    evidence: Evidence
    codes: frozenset[str]
    budget_points: int


def plans() -> list[Plan]:
    """A wheel and scratch cards."""
    return msgspec.json.decode(_text("campaigns.json"), type=list[Plan])


def festival_plan() -> Plan:
    """A campaign with tasks and a set of badges."""
    return msgspec.json.decode(_text("festival.json"), type=Plan)


def _text(name: str) -> bytes:
    return files("game.tour").joinpath(name).read_bytes()


async def open_campaign(resources: Resources, manager: Client, plan: Plan) -> Place:
    """Create, fill, fund and launch a campaign."""
    campaign_id = await draft(manager, plan)
    path = f"/v1/manage/campaigns/{campaign_id}"
    codes = [await _upload(resources, manager, path, batch, count) for batch, count in plan.vouchers.items()]
    needed = (await manager.get(path)).read(ManagedCampaign, status=200).points_needed
    await fund(resources, budget(campaign_id), needed)
    (await manager.post(f"{path}/launch")).read(ManagedCampaign, status=200)
    return await _visited(manager, campaign_id, codes=frozenset[str]().union(*codes), budget_points=needed)


async def draft(manager: Client, plan: Plan) -> str:
    """Write a campaign with all that a plan has, not launched yet; its id."""
    opens = datetime.now(UTC) - timedelta(days=plan.opened_days_ago)
    closes = opens + DURATION
    schedule = {"opens": opens, "closes": closes, "time_zone": TIME_ZONE}
    answer = await manager.post("/v1/manage/campaigns", plan.campaign | {"schedule": schedule})
    campaign_id = answer.read(ManagedCampaign, status=201).campaign_id
    path = f"/v1/manage/campaigns/{campaign_id}"
    await _write(manager, f"{path}/badges", plan.badges)
    (await manager.post(f"{path}/pools", plan.pool)).read(ManagedCampaign, status=201)
    sets = {name: terms | {"redeem_until": closes} for name, terms in plan.sets.items()}
    await _write(manager, f"{path}/sets", sets)
    tasks = {name: task | {"reward": _dated(task["reward"], closes)} for name, task in plan.tasks.items()}
    await _write(manager, f"{path}/tasks", tasks)
    await _write(manager, f"{path}/streaks", plan.streaks)
    await _write(manager, f"{path}/boards", plan.boards)
    return campaign_id


async def _write(manager: Client, path: str, drafts: Mapping[str, object]) -> None:
    for name, body in drafts.items():
        (await manager.put(f"{path}/{name}", body)).done()


def _dated(reward: dict[str, Any], closes: datetime) -> dict[str, Any]:
    """A reward as it is written; chances are good as long as the campaign is open."""
    return reward | ({"expires_at": closes} if reward["kind"] == "chances" else {})


async def _upload(resources: Resources, manager: Client, path: str, batch: str, count: int) -> set[str]:
    codes = {f"{batch.upper()}-{resources.entropy(6).hex().upper()}" for _ in range(count)}
    body = {"voucher_batch": batch, "codes": sorted(codes)}
    (await manager.post(f"{path}/vouchers", body)).text()
    return codes


async def _visited(anybody: Client, campaign_id: str, *, codes: frozenset[str], budget_points: int) -> Place:
    """What is public of a campaign, its log included."""
    path = f"/v1/campaigns/{campaign_id}"
    shown = (await anybody.get(path)).read(CampaignView, status=200)
    (pool,) = shown.pools
    index = pool.commitment.entry_index
    early = await checkpoint_of(anybody, campaign_id)
    log_key = Verifier.parse(shown.log.vkey)
    entries, receipt = await asyncio.gather(
        entries_of(anybody, campaign_id, size=index + 1), anybody.get(f"{path}/log/receipts/{index}")
    )
    return Place(
        name=shown.name.en,
        campaign_id=campaign_id,
        pool=f"{path}/pools/{pool.pool_id}",
        price_points=pool.price_points,
        log_key=log_key,
        early=early,
        evidence=Evidence(entries[index], receipt.text().decode()),
        codes=codes,
        budget_points=budget_points,
    )
