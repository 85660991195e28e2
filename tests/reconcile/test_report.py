"""Who is told of breaks: the brand's own people over HTTP, operators by the command and the metrics."""

import asyncio
import os
import re
import subprocess
import sys

import httpx
import pytest
from litestar import Litestar

from game import telemetry
from game.ledger.kinds import Kind
from game.ledger.measuring import measure
from game.ledger.report import report
from game.ledger.rules import NEVER_MS
from game.reconcile import told
from ledger_client import (
    Applied,
    Entry,
    Lane,
    LedgerClient,
    Leg,
    Operation,
    Options,
    encode,
)
from ledger_client.operations import decode
from sandbox_ledger.app import create_app
from tests.reconcile import entries, rows
from tests.reconcile.world import PRICE, PRIZE, World
from tests.support.server import serving
from tests.support.service import STARTED_MS
from tests.support.tokens import Issuer

LEDGER_TOKEN = "a-token-of-tests-only"
REPORT = "/v1/manage/reconciliation"


@pytest.mark.asyncio
async def test_a_brand_is_told_of_its_own_breaks(
    app: Litestar, app_client: httpx.AsyncClient, world: World, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Kinds, values and explanations; another brand sees none of it, and neither sees the totals of all."""
    del app
    world.ledger.feed.append(Entry(world.ledger.feed[-1].seq + 1, "x", 0, "issuer", "player:o", 5, 1))
    await world.reconciled()
    world.ledger.feed.pop()
    await entries.two_are_lost(world)
    await entries.somebody_took_from_the_budget(world)
    kinds = {each.kind.value for each in await world.breaks(full=True)}
    assert kinds == {"ours_only", "theirs_only", "totals_differ"}
    mine = (await app_client.get(REPORT, headers=issuer.headers("ada", "auditor"))).json()
    theirs = (await app_client.get(REPORT, headers=other_issuer.headers("bea", "manager"))).json()
    sums = [(kind["kind"], kind["breaks"], kind["points"]) for kind in mine["kinds"]]
    assert sums == [("ours_only", 2, PRICE + PRIZE), ("theirs_only", 1, 99)]
    assert {each["operation_id"] for each in mine["breaks"]} == {world.debits[-1], world.credits[-1], "gift"}
    assert {each["campaign_id"] for each in mine["breaks"]} == {world.campaign_id}
    assert (theirs["kinds"], theirs["breaks"], theirs["next"]) == ([], [], None)
    assert mine["reconciled_at"] is not None


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("manager", (200, 200)),
        ("auditor", (200, 200)),
        ("admin", (200, 403)),
        ("support", (403, 200)),
        ("approver", (403, 403)),
        ("player", (403, 403)),
    ],
)
@pytest.mark.asyncio
async def test_only_those_who_may_look_are_told(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer, role: str, statuses: tuple[int, int]
) -> None:
    """Managers, auditors and admins read the report; support looks single operations up."""
    headers = issuer.headers("somebody", role)
    explain = f"/v1/manage/operations/{world.debits[0]}/explain"
    answers = [await app_client.get(path, headers=headers) for path in (REPORT, explain)]
    assert tuple(answer.status_code for answer in answers) == statuses


@pytest.mark.asyncio
async def test_metrics_tell_of_breaks(world: World) -> None:
    """How many of each kind, their value, and the age of the oldest; all zero once they have healed."""
    await rows.debit_is_held_for_refused(world)
    await world.breaks()
    world.clock.advance(5_000)
    await measure(world.resources)
    assert _metrics() == {"breaks{unrecorded}": 1.0, "points{unrecorded}": float(PRICE), "age": 5.0}
    await world.operation("state = 'applied', ledger_seq = 1", world.debits[0])
    await world.breaks()
    await measure(world.resources)
    assert _metrics() == {}


@pytest.mark.asyncio
async def test_metrics_are_those_of_the_database(world: World) -> None:
    """A process that did not find a break, nor heal it, shows it as the others do; its age goes on."""
    await rows.debit_is_held_for_refused(world)
    await world.breaks()
    assert await measure(world.resources) == 0
    world.clock.advance(7_000)
    await measure(world.resources)
    assert _metrics()["age"] == 7.0
    shown = re.findall(r'^playfair_ledger_reconciled_seconds\{pass="recent"\} (.+)$', _text(), re.MULTILINE)
    assert [float(value) for value in shown] == [(world.clock() - 7_000) // 1000]


def _text() -> str:
    return telemetry.metrics().decode()


def _metrics() -> dict[str, float]:
    text = _text()
    breaks = re.findall(r'^playfair_ledger_breaks\{kind="(\w+)"\} (.+)$', text, re.MULTILINE)
    points = re.findall(r'^playfair_ledger_break_points\{kind="(\w+)"\} (.+)$', text, re.MULTILINE)
    (age,) = re.findall(r"^playfair_ledger_break_age_seconds (.+)$", text, re.MULTILINE)
    assert len(breaks) == len(points) == len(Kind)
    values = {f"breaks{{{kind}}}": float(value) for kind, value in breaks}
    values |= {f"points{{{kind}}}": float(value) for kind, value in points}
    return {name: value for name, value in (values | {"age": float(age)}).items() if value}


@pytest.mark.asyncio
async def test_the_report_can_be_read(world: World) -> None:
    """Sums first, then every break with what it means; and what there is no room for is counted."""
    await entries.two_are_lost(world)
    await world.breaks()
    shown = told(await report(world.resources, brand_id=None, after=0, limit=1))
    assert re.search(rf"ours_only +2 open +{PRICE + PRIZE} points, since ", shown)
    assert "and the ledger has no entry of it." in shown
    assert shown.endswith("… and 1 more.")


def _run(database_url: str, ledger_url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {
        "PLAYFAIR_DATABASE_URL": database_url,
        "PLAYFAIR_REDIS_URL": "redis://127.0.0.1:1",
        "PLAYFAIR_LEDGER_URL": ledger_url,
        "PLAYFAIR_LEDGER_TOKEN": LEDGER_TOKEN,
        "PLAYFAIR_SECRET_KEYS": "test:" + "A" * 43 + "=",
    }
    command = [sys.executable, "-m", "game", "reconcile", *options]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.asyncio
async def test_the_command_compares_with_a_ledger_over_http(
    world: World, database_url: str, empty_database_url: str
) -> None:
    """0 where all agrees, 1 with open breaks and what they are, 2 where nothing could be compared."""
    app = create_app(
        database_url=empty_database_url, token=LEDGER_TOKEN, faults=False, now_ms=lambda: STARTED_MS
    )
    with serving(app) as ledger_url:
        async with LedgerClient.open(ledger_url, LEDGER_TOKEN, Options()) as ledger:
            await _copy(world, ledger)
        agreed = await asyncio.to_thread(_run, database_url, ledger_url)
        await rows.rejected_play_was_charged(world)
        differs = await asyncio.to_thread(_run, database_url, ledger_url, "--full")
    away = await asyncio.to_thread(_run, database_url, "http://127.0.0.1:1")
    assert (agreed.returncode, agreed.stderr) == (0, ""), agreed.stdout
    assert agreed.stdout.endswith("Everything agrees.\n")
    assert differs.returncode == 1, differs.stderr
    assert f"{world.debits[0]}  charge_without_play: " in differs.stdout
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr.startswith("playfair reconcile: ")


async def _copy(world: World, ledger: LedgerClient) -> None:
    """Let the sandbox apply what the ledger in memory has applied, in its order."""
    for account, points in ((world.budget, 1_000_000), ("player:acme.ann", 1_000)):
        await _apply(
            ledger, Operation(f"fund-{account}", NEVER_MS, (Leg("issuer", account, points, "fund"),), "")
        )
    bodies = dict(world.ledger.received)
    for entry in (entry for entry in world.ledger.feed if entry.operation_id in bodies):
        operation = decode(bodies[entry.operation_id])
        applied = await _apply(ledger, operation)
        await world.resources.pool.execute(
            "UPDATE operation SET ledger_seq = $2 WHERE operation_id = $1", operation.id, applied.seq
        )


async def _apply(ledger: LedgerClient, operation: Operation) -> Applied:
    outcome = await ledger.apply(
        operation_id=operation.id,
        body=encode(operation),
        lane=Lane.BULK,
        subject=operation.legs[0].credit,
        deadline=asyncio.get_running_loop().time() + 10,
    )
    assert isinstance(outcome, Applied)
    return outcome
