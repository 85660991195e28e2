"""A play in review is decided once, by those who may, whatever happens in between."""

import asyncio

import httpx
import pytest

from game.campaigns import access
from game.db.connection import Connection
from game.ids import parse_wire_id, wire_id
from game.plays import reviewing
from game.plays.sweep import LEASE_MS
from tests.reconcile.reviewer import REASON, Reviewer
from tests.support.stage import MANAGER, engine_of
from tests.support.tokens import Issuer

POLLS = 1_000
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
LOSE = "DELETE FROM operation WHERE operation_id = $1 RETURNING to_jsonb(operation)"
RESTORE = "INSERT INTO operation SELECT * FROM jsonb_populate_record(NULL::operation, $1::jsonb)"

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("decision", ["settle", "cancel"])
async def test_sent_again_it_does_nothing_more(reviewer: Reviewer, decision: str) -> None:
    """The same answer to the same person; anybody else is told what was decided."""
    play = await (reviewer.charged_after_all() if decision == "settle" else reviewer.released())
    first = await reviewer.decide(play, decision)
    assert first.status_code == 200, first.text
    assert (await reviewer.decide(play, decision)).json() == first.json()
    other = await reviewer.decide(play, decision, who="max")
    assert (other.status_code, other.json()["code"], other.json()["decided"]) == (409, "play_state", decision)
    count = "SELECT count(*) FROM play_decision"
    assert await reviewer.world.resources.pool.fetchval(count) == 1


async def until_all_wait(conn: Connection, transactions: int) -> None:
    """Wait until so many transactions wait for a lock: all of them have read the play before."""
    for _ in range(POLLS):
        if await conn.fetchval(WAITING) >= transactions:
            return
        await asyncio.sleep(0.01)
    pytest.fail("they do not wait for the lock")


async def test_of_many_managers_one_decides(reviewer: Reviewer) -> None:
    """However many press at once, there is one draw and one line in the history."""
    play = await reviewer.charged_after_all()
    pressed = [reviewer.decide(play, "settle", who=who) for who in ("mia", "max", "may", "moe")]
    pool = reviewer.world.resources.pool
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM campaign FOR NO KEY UPDATE")
        tasks = [asyncio.create_task(request) for request in pressed]
        await until_all_wait(holder, len(tasks))
    answers = await asyncio.gather(*tasks)
    codes = sorted(answer.json().get("code", "") for answer in answers)
    assert codes == ["", *["play_state"] * 3], [answer.text for answer in answers]
    assert await pool.fetchval("SELECT count(*) FROM play_decision") == 1
    assert await pool.fetchval("SELECT count(*) FROM draw WHERE play_id = $1", parse_wire_id(play)[1]) == 1  # type: ignore[index]


async def test_a_crash_before_the_commit_changes_nothing(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decision, reservation and change log are one transaction."""
    play = await reviewer.charged_after_all()
    before = await reviewer.row(play)
    engine = engine_of(reviewer.world.resources)

    async def dies(*_arguments: object, **_named: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr(access.Desk, "record", dies)
        with pytest.raises(ConnectionResetError):
            await reviewing.settle(engine, MANAGER, play, reason=REASON)
    assert await reviewer.row(play) == before
    assert await reviewer.world.resources.pool.fetchval("SELECT count(*) FROM play_decision") == 0
    assert (await reviewer.decide(play, "settle")).json()["state"] == "settled"


@pytest.mark.parametrize("decision", ["settle", "cancel"])
async def test_a_crash_after_the_commit_is_healed_by_a_sweeper(
    reviewer: Reviewer, decision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever decided is gone; the play comes to the end that the ledger proves."""
    play = await (reviewer.charged_after_all() if decision == "settle" else reviewer.held())
    engine = engine_of(reviewer.world.resources)

    async def dies(*_arguments: object, **_named: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr(reviewing, "_driven", dies)
        with pytest.raises(ConnectionResetError):
            await getattr(reviewing, decision)(engine, MANAGER, play, reason=REASON)
    await engine.close()
    due_ms = await reviewer.world.resources.pool.fetchval(
        "SELECT next_attempt_ms FROM play WHERE play_id = $1", parse_wire_id(play)[1]  # type: ignore[index]
    )  # fmt: skip
    assert due_ms <= reviewer.world.clock() + LEASE_MS  # a sweeper may have claimed it by now
    assert await reviewer.drive(play) == ("settled" if decision == "settle" else "cancelled")
    assert (await reviewer.decide(play, decision)).status_code == 200


async def test_a_ledger_that_is_away_decides_nothing(reviewer: Reviewer) -> None:
    """503, and the play waits on."""
    play = await reviewer.held()
    reviewer.ledger.reachable = False
    answer = await reviewer.decide(play, "cancel")
    assert answer.status_code == 503
    reviewer.ledger.reachable = True
    assert (await reviewer.row(play))[0] == "review"
    assert (await reviewer.decide(play, "cancel")).status_code == 200


@pytest.mark.parametrize("decision", ["settle", "cancel"])
async def test_only_what_waits_is_decided(reviewer: Reviewer, decision: str) -> None:
    """Above all, no debit that is under way is fenced by a slip of the hand."""
    world = reviewer.world
    for debit, state in ((world.debits[0], "settled"), (world.waiting, "paid"), (world.refused, "rejected")):
        answer = await reviewer.decide(debit.removeprefix("play:"), decision)
        assert (answer.status_code, answer.json()["code"]) == (409, "play_state")
        assert (answer.json()["state"], answer.json()["decided"]) == (state, None)
    play = await reviewer.lost("under way")
    assert (await reviewer.decide(play, decision)).json()["state"] == "resolving"
    assert (await reviewer.ledger.explain(f"play:{play}")).outcome is None
    assert await reviewer.drive(play) == "settled"


@pytest.mark.parametrize("role", ["player", "support", "auditor", "approver"])
@pytest.mark.parametrize("decision", ["settle", "cancel"])
async def test_others_may_not_decide(reviewer: Reviewer, role: str, decision: str) -> None:
    """Managers and admins only."""
    play = wire_id(reviewer.world.campaign_id, parse_wire_id(reviewer.world.debits[0][5:])[1])  # type: ignore[index]
    answer = await reviewer.decide(play, decision, role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_required")


async def test_another_brands_play_is_not_there(
    reviewer: Reviewer, app_client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """Nor is it listed to them."""
    play = await reviewer.held()
    theirs = Reviewer(reviewer.world, app_client, other_issuer)
    for decision in ("settle", "cancel"):
        for asked in (play, "nonsense", f"{'a' * 12}-{'0' * 32}"):
            answer = await theirs.decide(asked, decision)
            assert (answer.status_code, answer.json()["code"]) == (404, "play_not_found")
    listed = await theirs.send("GET", "/plays/review", who="bea", role="manager")
    assert listed.json() == {"plays": [], "next": None}
    assert (await reviewer.decide(play, "cancel")).status_code == 200


async def test_what_waits_is_listed(reviewer: Reviewer) -> None:
    """Until somebody has decided."""
    plays = [await reviewer.held(), await reviewer.charged_after_all()]
    listed = await reviewer.send("GET", "/plays/review", who="sue", role="support")
    assert {each["play"] for each in listed.json()["plays"]} == set(plays)
    after = await reviewer.send("GET", f"/plays/review?after={max(plays)}", who="sue", role="support")
    assert after.json() == {"plays": [], "next": None}
    for play, decision in zip(plays, ("cancel", "settle"), strict=True):
        assert (await reviewer.decide(play, decision)).status_code == 200
    listed = await reviewer.send("GET", "/plays/review", who="sue", role="support")
    assert listed.json()["plays"] == []


async def test_a_free_play_has_nothing_to_prove(reviewer: Reviewer) -> None:
    """The ledger was never asked about it."""
    world = reviewer.world
    engine = engine_of(world.resources)
    await world.stage.grant(world.campaign_id, "ann", 1)
    free = await world.stage.play(engine, world.campaign_id, "ann", "wheel", key="free", paid_with="chance")
    await engine.close()
    answer = await reviewer.decide(free.id, "settle")
    assert (answer.status_code, answer.json()["code"]) == (409, "play_free")


@pytest.mark.parametrize("decision", ["settle", "cancel"])
async def test_without_its_debit_a_play_proves_nothing(reviewer: Reviewer, decision: str) -> None:
    """Where the row was lost there is nothing to hold against the ledger's word: it stays in review."""
    play, pool = await reviewer.charged_after_all(), reviewer.world.resources.pool
    lost = await pool.fetchval(LOSE, f"play:{play}")
    answer = await reviewer.decide(play, decision)
    assert (answer.status_code, answer.json()["code"]) == (409, "debit_lost")
    assert (await reviewer.row(play))[0] == "review"
    await pool.execute(RESTORE, lost)
    assert (await reviewer.decide(play, "settle")).status_code == 200
