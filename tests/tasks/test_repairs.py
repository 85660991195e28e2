"""Missed days repaired for points: charged once, told plainly, refunded where they were checked after all."""

import asyncio
from typing import Any

import pytest

from game.resources import Resources
from game.tasks.repairing import CLAIM_MAX, LEASE_MS, sweep_repairs
from ledger_client.testing import FakeLedger, Fault
from tests.campaigns.office import CLOSES_MS
from tests.support.locks import until_waiting
from tests.support.service import ManualClock
from tests.tasks.diary import POLICY, Diary, day, milestone
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

PRICE = 50
NO_FREEZES = POLICY | {"freezes_held": 0}
OPERATION_TTL_MS = 60_000


@pytest.fixture
def diary(shop: Shop) -> Diary:
    """The shop, as far as streaks go, and ann with a few points."""
    made = Diary(shop)
    made.fund(120)
    return made


async def missed(diary: Diary, **changes: Any) -> None:
    """Ann came on the days 0 and 1, missed day 2, and it is noon of day 3."""
    await diary.opened(**{"milestones": [milestone(4)], "policy": NO_FREEZES} | changes)
    diary.now_is(3)
    await diary.kept(0, 1)


async def places(diary: Diary) -> int:
    """How many places of repairs are taken."""
    sql = "SELECT repairs_taken FROM streak WHERE campaign_id = $1"
    return int(await diary.shop.resources.pool.fetchval(sql, diary.shop.campaign_id))


async def test_a_repaired_day_joins_the_runs(diary: Diary) -> None:
    """It costs its price, which goes to the house, and milestones are reached by it."""
    await missed(diary)
    offer = (await diary.mine())["repair"]
    assert (offer["day"], offer["price_points"], offer["until"]) == (day(2), PRICE, "2026-09-26T16:00:00Z")
    done = await diary.repaired(2)
    assert (done["day"], done["price_points"], done["balance_points"]) == (day(2), PRICE, 70)
    assert diary.shop.ledger.balances[f"house:{diary.shop.campaign_id}"] == PRICE
    await diary.kept(3)
    assert await diary.states() == "ccrc"
    assert (await diary.mine())["current"] == 4
    assert await diary.shop.rewards() == {"streak:daily:4": "given"}
    assert diary.shop.points() == 120 - PRICE + 40


async def test_a_key_is_one_repair(diary: Diary) -> None:
    """However often it comes; for another day it is refused."""
    await missed(diary)
    first = await diary.repaired(2)
    for _ in range(2):
        assert await diary.repaired(2) == first
    other = await diary.repair(1)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert diary.shop.points() == 120 - PRICE


async def test_too_few_points(diary: Diary) -> None:
    """What is there and what is asked for is told; the place is free, and a new key tries again."""
    await missed(diary, policy=NO_FREEZES | {"repair_points": 121})
    refused = await diary.repair(2)
    assert (refused.status_code, refused.json()["state"]) == (201, "rejected")
    assert refused.json()["refusal"] == {"code": "insufficient_funds", "have": 120, "need": 121}
    assert (await diary.states(), await places(diary)) == ("ccmo", 0)
    diary.fund(1)
    assert (await diary.repair(2)).json()["state"] == "rejected"
    assert (await diary.repaired(2, "again"))["balance_points"] == 0
    assert await places(diary) == 1


async def test_only_the_last_missed_day(diary: Diary) -> None:
    """Another day is refused with the one that can be repaired."""
    await missed(diary)
    for number in (1, 3, 9):
        refused = await diary.repair(number)
        assert (refused.status_code, refused.json()["code"]) == (409, "repair_day")
        assert refused.json()["repairable"] == day(2)
    unknown = await diary.repair(2, streak_id="none")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "streak_not_found")


@pytest.mark.parametrize(
    ("changes", "now", "reason"),
    [
        ({"policy": NO_FREEZES | {"repair_days": 0}, "repairs_overall": None}, 3, "not_offered"),
        ({}, 1, "nothing_missed"),
        ({"policy": POLICY | {"freeze_every": 2}}, 3, "nothing_missed"),
        ({"policy": NO_FREEZES | {"repair_days": 1}}, 5, None),
    ],
)
async def test_why_nothing_can_be_repaired(
    diary: Diary, changes: dict[str, Any], now: int, reason: str | None
) -> None:
    """The player is told the same reason before and after asking."""
    await missed(diary, **changes)
    diary.now_is(now)
    assert (await diary.mine())["no_repair"] == reason
    refused = await diary.repair(2)
    code = "repair_unavailable" if reason else "repair_day"
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert refused.json().get("reason") == reason


async def test_paused_and_ended(diary: Diary, clock: ManualClock) -> None:
    """Nothing is sold while the campaign is paused, and after it."""
    await missed(diary)
    path = f"campaigns/{diary.shop.campaign_id}"
    await diary.shop.office.done("POST", f"{path}/pause")
    assert (await diary.mine())["no_repair"] == "paused"
    assert (await diary.repair(2)).json()["reason"] == "paused"
    await diary.shop.office.done("POST", f"{path}/resume")
    clock.now_ms = CLOSES_MS
    assert (await diary.repair(2)).json()["reason"] == "campaign_ended"


async def test_the_last_repair_of_all(diary: Diary) -> None:
    """Then none is left for others, who are told so."""
    await missed(diary, repairs_overall=1)
    await diary.kept(0, 1, subject="bob")
    await diary.repaired(2)
    assert (await diary.mine(subject="bob"))["no_repair"] == "used_up"
    assert (await diary.repair(2, subject="bob")).json()["reason"] == "used_up"


async def test_two_want_the_last_repair_at_once(diary: Diary, resources: Resources) -> None:
    """Both saw that one was left; one has it, and the other is told that none is, and pays nothing."""
    await missed(diary, repairs_overall=1)
    await diary.kept(0, 1, subject="bob")
    diary.fund(120, "bob")
    async with resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM streak FOR UPDATE")
        both = [asyncio.create_task(diary.repair(2, subject=subject)) for subject in ("ann", "bob")]
        await until_waiting(resources, 2)
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (refused["code"], refused["reason"]) == ("repair_unavailable", "used_up")
    assert diary.shop.points("ann") + diary.shop.points("bob") == 240 - PRICE


async def test_nothing_is_stored_while_the_ledger_is_away(diary: Diary, ledger: FakeLedger) -> None:
    """The player is told when to come back, and that nothing was charged."""
    await missed(diary)
    ledger.reachable = False
    refused = await diary.repair(2)
    assert (refused.status_code, refused.json()["code"]) == (503, "ledger_unavailable")
    assert await diary.shop.resources.pool.fetchval("SELECT count(*) FROM streak_repair") == 0
    ledger.reachable = True
    await diary.repaired(2)


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.LOSE_REQUEST])
async def test_an_unknown_outcome_is_driven_on(
    diary: Diary, ledger: FakeLedger, resources: Resources, clock: ManualClock, fault: Fault
) -> None:
    """The same bytes are sent again; meanwhile the day waits, and nobody can repair it twice."""
    await missed(diary)
    ledger.faults.append(fault)
    waits = await diary.repair(2)
    assert (waits.status_code, waits.json()["state"]) == (202, "resolving")
    assert (await diary.mine())["no_repair"] == "under_way"
    assert (await diary.repair(2, "other")).json()["reason"] == "under_way"
    assert (await diary.repair(2)).status_code == 202
    clock.advance(LEASE_MS)
    assert await sweep_repairs(resources, CLAIM_MAX) == 1
    assert (await diary.repair(2)).json()["state"] == "applied"
    sent = {body for id_, body in ledger.received if id_.startswith("repair:")}
    assert (len(sent), diary.shop.points()) == (1, 120 - PRICE)
    assert await sweep_repairs(resources, CLAIM_MAX) == 0


@pytest.mark.parametrize(
    ("fault", "state", "points"), [(Fault.LOSE_REQUEST, "cancelled", 120), (Fault.LOSE_ANSWER, "applied", 70)]
)
async def test_once_its_time_is_over_the_ledger_decides(
    diary: Diary, resources: Resources, clock: ManualClock, fault: Fault, state: str, points: int
) -> None:
    """What never arrived can never arrive; what was charged counts."""
    await missed(diary)
    diary.shop.ledger.faults.append(fault)
    await diary.repair(2)
    clock.advance(max(OPERATION_TTL_MS, resources.settings.operation_ttl_ms))
    assert await sweep_repairs(resources, CLAIM_MAX) == 1
    told = (await diary.repair(2)).json()
    assert (told["state"], diary.shop.points(), await places(diary)) == (
        state,
        points,
        int(state == "applied"),
    )
    assert (told["refusal"] or {}).get("code") == ("not_charged" if state == "cancelled" else None)


async def test_two_keys_at_once(diary: Diary, ledger: FakeLedger) -> None:
    """One day is repaired once, whoever asks."""
    await missed(diary)
    answers = await asyncio.gather(*(diary.repair(2, f"key-{nth}") for nth in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert ledger.balances["player:acme.ann"] == 120 - PRICE


async def test_a_needless_repair_is_refunded(diary: Diary) -> None:
    """As long as an event checks the day as well; without it the repair stands again."""
    await missed(diary)
    await diary.repaired(2)
    await diary.kept(2)
    assert await diary.shop.rewards() == {"streak:daily:repair-20260924": "given"}
    assert (diary.shop.points(), await diary.states()) == (120, "ccco")
    assert (await diary.repaired(2))["is_refunded"] is True
    await diary.came_not(2)
    await diary.shop.settled()
    assert (diary.shop.points(), await diary.states()) == (70, "ccro")
    await diary.came(2, nth=1)
    await diary.shop.settled()
    assert await diary.shop.rewards() == {
        "streak:daily:repair-20260924": "returned",
        "streak:daily:repair-20260924.2": "given",
    }
    assert diary.shop.points() == 120


async def test_the_day_is_checked_while_the_repair_is_under_way(
    diary: Diary, resources: Resources, clock: ManualClock
) -> None:
    """It is charged, and refunded in the transaction in which that is known."""
    await missed(diary)
    diary.shop.ledger.faults.append(Fault.LOSE_ANSWER)
    await diary.repair(2)
    await diary.kept(2)
    assert diary.shop.points() == 120 - PRICE
    clock.advance(LEASE_MS)
    assert await sweep_repairs(resources, CLAIM_MAX) == 1
    assert diary.shop.points() == 120
    told = (await diary.repair(2)).json()
    assert (told["state"], told["is_refunded"]) == ("applied", True)


async def test_a_repair_counts_however_late_it_is_known(diary: Diary, resources: Resources) -> None:
    """Also when the day is long over on which it was asked for."""
    await missed(diary)
    diary.shop.ledger.faults.append(Fault.LOSE_ANSWER)
    await diary.repair(2)
    await diary.kept(3)
    diary.now_is(4)
    await diary.kept(4)
    assert await diary.shop.rewards() == {}
    assert await sweep_repairs(resources, CLAIM_MAX) == 1
    assert await diary.shop.rewards() == {"streak:daily:4": "given"}
    assert (await diary.mine())["current"] == 5
