"""A break that a person has seen stays listed and alarms nobody, until it changes."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from game import telemetry
from game.ledger.measuring import measure
from game.ledger.report import report
from game.reconcile import told
from game.resources import Resources
from tests.reconcile import entries, rows
from tests.reconcile.world import PRICE, World
from tests.support.app import client_of, standing_still
from tests.support.tokens import Issuer

REPORT = "/v1/manage/reconciliation"
REASON = "The partner took it back by hand."

pytestmark = pytest.mark.asyncio


class Desk:
    """The brand's people, over HTTP."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self.issuer = issuer

    async def shown(self) -> dict[str, Any]:
        """The report."""
        answer = await self.client.get(REPORT, headers=self.issuer.headers("ada", "auditor"))
        found: dict[str, Any] = answer.json()
        return found

    async def acknowledge(
        self, break_id: int, points: int, *, who: str = "mia", role: str = "manager", reason: str = REASON
    ) -> httpx.Response:
        """Say why a break may stand."""
        return await self.client.post(
            f"{REPORT}/breaks/{break_id}/acknowledge",
            json={"points": points, "reason": reason},
            headers=self.issuer.headers(who, role),
        )


@pytest_asyncio.fixture
async def desk(resources: Resources, issuer: Issuer) -> AsyncIterator[Desk]:
    """The people of `acme`; no step of the application reconciles beside the test."""
    async with standing_still(resources) as app, client_of(app) as client:
        yield Desk(client, issuer)


async def broken(world: World) -> int:
    """A break that stays for ever: somebody took from the budget."""
    await entries.somebody_took_from_the_budget(world)
    (found,) = await world.breaks()
    return found.break_id


async def test_it_stays_listed_and_is_no_alarm(world: World, desk: Desk) -> None:
    """Who, when and why stand beside it; sums and metrics leave it out."""
    break_id = await broken(world)
    with capture_logs() as logs:
        answer = await desk.acknowledge(break_id, 99)
    assert answer.status_code == 200, answer.text
    known = answer.json()["acknowledged"]
    assert (known["by"], known["reason"]) == ("mia", REASON)
    assert [(line["event"], line["actor"]) for line in logs] == [("break.acknowledged", "mia")]
    shown = await desk.shown()
    assert [each["acknowledged"] for each in shown["breaks"]] == [known]
    (kind,) = shown["kinds"]
    assert (kind["breaks"], kind["points"], kind["oldest_at"], kind["acknowledged"]) == (0, 0, None, 1)
    await measure(world.resources)
    assert telemetry.BREAKS.labels("theirs_only")._value.get() == 0
    assert telemetry.BREAK_AGE._value.get() == 0
    assert telemetry.BREAKS_ACKNOWLEDGED.labels("theirs_only")._value.get() == 1


async def test_the_command_tells_it_apart(world: World, desk: Desk) -> None:
    """Nothing is open in its sums; what it is and that somebody knows still stands there."""
    await desk.acknowledge(await broken(world), 99)
    shown = told(await report(world.resources, brand_id=None, after=0, limit=1))
    assert re.search(r"^theirs_only +0 open +0 points, and 1 acknowledged$", shown, re.MULTILINE)
    assert "gift  theirs_only: Somebody else moved 99" in shown
    assert not shown.endswith("more.")


async def test_another_pass_leaves_it_acknowledged(world: World, desk: Desk) -> None:
    """It is found again as it was."""
    await desk.acknowledge(await broken(world), 99)
    (found,) = await world.breaks(full=True)
    assert found.acknowledged_by == "mia"


async def test_it_alarms_again_when_its_value_changes(world: World, desk: Desk) -> None:
    """What was seen is not what is there."""
    break_id = await broken(world)
    await desk.acknowledge(break_id, 99)
    world.falsify("gift", amount=100)
    (found,) = await world.breaks(full=True)
    assert (found.break_id, found.points, found.acknowledged_ms) == (break_id, 100, None)
    world.clock.advance(1)
    assert (await desk.acknowledge(break_id, 100)).status_code == 200
    history = await world.resources.pool.fetch("SELECT points FROM break_acknowledgement ORDER BY at_ms")
    assert [row["points"] for row in history] == [99, 100]


async def test_it_alarms_again_when_it_breaks_anew(world: World, desk: Desk) -> None:
    """It had healed in between."""
    await rows.debit_is_held_for_refused(world)
    (found,) = await world.breaks()
    await desk.acknowledge(found.break_id, PRICE)
    await world.operation("state = 'applied', ledger_seq = 1", world.debits[0])
    assert await world.breaks() == []
    await rows.debit_is_held_for_refused(world)
    (again,) = await world.breaks(full=True)
    assert (again.break_id, again.acknowledged_ms) == (found.break_id, None)


async def test_sent_again_it_does_nothing_more(world: World, desk: Desk) -> None:
    """The same answer; somebody else, or another reason, is told who was first."""
    break_id = await broken(world)
    first = await desk.acknowledge(break_id, 99)
    world.clock.advance(5)
    assert (await desk.acknowledge(break_id, 99)).json() == first.json()
    for change in ({"who": "max"}, {"reason": "Something else."}):
        answer = await desk.acknowledge(break_id, 99, **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "break_acknowledged")
        assert answer.json()["by"] == "mia"


async def test_of_two_at_once_one_is_first(world: World, desk: Desk) -> None:
    """And the history has one line."""
    break_id = await broken(world)
    people = ("mia", "max", "may", "moe")
    answers = await asyncio.gather(*(desk.acknowledge(break_id, 99, who=who) for who in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await world.resources.pool.fetchval("SELECT count(*) FROM break_acknowledgement") == 1


async def test_what_has_changed_or_healed_is_not_acknowledged(world: World, desk: Desk) -> None:
    """The value that was seen must be the value that is there."""
    await rows.debit_is_held_for_refused(world)
    (found,) = await world.breaks()
    changed = await desk.acknowledge(found.break_id, PRICE + 1)
    assert (changed.status_code, changed.json()["code"]) == (409, "break_changed")
    assert changed.json()["points"] == PRICE
    await world.operation("state = 'applied', ledger_seq = 1", world.debits[0])
    await world.breaks()
    healed = await desk.acknowledge(found.break_id, PRICE)
    assert (healed.status_code, healed.json()["code"]) == (409, "break_healed")


@pytest.mark.parametrize("role", ["player", "auditor", "approver"])
async def test_others_may_not(world: World, desk: Desk, role: str) -> None:
    """Managers, support and admins only."""
    break_id = await broken(world)
    assert (await desk.acknowledge(break_id, 99, role=role)).status_code == 403
    assert (await desk.acknowledge(break_id, 99, role="support")).status_code == 200


async def test_another_brands_break_is_not_there(
    world: World, app_client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """Nor is one that never was."""
    theirs = Desk(app_client, other_issuer)
    for break_id in (await broken(world), 2**53 - 1):
        answer = await theirs.acknowledge(break_id, 99)
        assert (answer.status_code, answer.json()["code"]) == (404, "break_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"points": 99},
        {"points": 99, "reason": ""},
        {"points": 99, "reason": "x" * 201},
        {"points": -1, "reason": "x"},
    ],
)
async def test_a_reason_is_asked_for(world: World, desk: Desk, body: dict[str, Any]) -> None:
    """One line of it."""
    path = f"{REPORT}/breaks/{await broken(world)}/acknowledge"
    answer = await desk.client.post(path, json=body, headers=desk.issuer.headers("mia", "manager"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
