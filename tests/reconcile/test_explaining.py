"""What support is told of a play and of an operation: all that is known, in plain words."""

from datetime import datetime

import httpx
import pytest

from game.ids import wire_id
from game.instants import to_datetime
from game.texts import explanations
from ledger_client import Explanation, LedgerUnreachable
from tests.reconcile import corruptions, entries, rows
from tests.reconcile.world import PRICE, PRIZE, REWARD, SPENT, World
from tests.support.tokens import Issuer


@pytest.mark.asyncio
async def test_an_operation_is_explained(app_client: httpx.AsyncClient, world: World, issuer: Issuer) -> None:
    """What we know, what the ledger knows, and what was found."""
    await entries.credit_is_lost(world)
    await world.reconciled()
    path = f"/v1/manage/operations/{world.credits[0]}/explain"
    answer = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    (told_of,) = [each for each in answer["operations"] if each["operation_id"] == world.credits[0]]
    assert (told_of["ours"]["kind"], told_of["ours"]["state"]) == ("credit", "applied")
    assert told_of["ours"]["legs"][0]["amount"] == PRIZE
    assert (told_of["ledger"]["outcome"], told_of["ledger"]["legs"]) == ("applied", told_of["ours"]["legs"])
    assert [(each["kind"], each["healed_at"]) for each in told_of["breaks"]] == [("ours_only", None)]
    assert (told_of["entries"], told_of["summary"]["code"]) == ([], "operation_applied")


@pytest.mark.parametrize("by", ["play", "debit", "credit"])
@pytest.mark.asyncio
async def test_a_play_is_explained_by_any_of_its_ids(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer, by: str
) -> None:
    """The play, its debit first, its prizes' credits, with the entries that the feed told."""
    await world.reconciled()
    play_of = await world.resources.pool.fetchval(
        "SELECT play_id FROM operation WHERE operation_id = $1", world.credits[0]
    )
    play = wire_id(world.campaign_id, play_of)
    asked = {"play": play, "debit": f"play:{play}", "credit": world.credits[0]}[by]
    path = f"/v1/manage/operations/{asked}/explain"
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    assert (told_of["play"]["id"], told_of["play"]["summary"]["code"]) == (play, "play_settled")
    assert told_of["play"]["next_attempt_at"] is None
    debit, credit = told_of["operations"]
    assert (debit["operation_id"], credit["operation_id"]) == (f"play:{play}", world.credits[0])
    assert [entry["amount"] for entry in (*debit["entries"], *credit["entries"])] == [PRICE, PRIZE]
    assert {each["summary"]["code"] for each in (debit, credit)} == {"operation_applied"}
    assert told_of["play"]["summary"]["zh"].startswith("已开奖")


@pytest.mark.asyncio
async def test_a_debit_that_we_lost_is_explained(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """The ledger is asked about the debit that there should be."""
    await rows.debit_was_forgotten(world)
    path = f"/v1/manage/operations/{world.debits[0].removeprefix('play:')}/explain"
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    debit = told_of["operations"][0]
    assert (debit["operation_id"], debit["ours"]) == (world.debits[0], None)
    assert (debit["ledger"]["outcome"], debit["summary"]["code"]) == ("applied", "operation_not_ours")


@pytest.mark.asyncio
async def test_what_is_due_says_when_it_is_sent_again(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """Support can tell a winner when to look again."""
    await rows.credit_is_held_for_due(world)
    due_ms = world.clock() + 60_000
    await world.operation(f"next_attempt_ms = {due_ms}", world.credits[0])
    path = f"/v1/manage/operations/{world.credits[0]}/explain"
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    credit = told_of["operations"][-1]
    assert datetime.fromisoformat(credit["ours"]["next_attempt_at"]) == to_datetime(due_ms)
    assert credit["summary"]["code"] == "operation_unrecorded"


@pytest.mark.asyncio
async def test_an_operation_of_somebody_else_is_explained(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer, other_issuer: Issuer
) -> None:
    """We never made it, and reconciliation saw it; to another brand it is not there."""
    await entries.somebody_took_from_the_budget(world)
    await world.reconciled()
    path = "/v1/manage/operations/{}/explain"
    found = await app_client.get(path.format("gift"), headers=issuer.headers("sue", "support"))
    (gift,) = found.json()["operations"]
    assert (found.json()["play"], gift["ours"], gift["breaks"][0]["points"]) == (None, None, 99)
    assert gift["entries"][0]["amount"] == 99
    for operation_id, whose in (
        ("gift", other_issuer), (world.debits[0], other_issuer), ("nobodys", issuer)
    ):  # fmt: skip
        answer = await app_client.get(path.format(operation_id), headers=whose.headers("sue", "support"))
        assert (answer.status_code, answer.json()["code"]) == (404, "operation_not_found")


@pytest.mark.asyncio
async def test_a_ledger_that_is_away_explains_nothing(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """503, to be asked again."""
    explain, world.ledger.explain = world.ledger.explain, _away  # type: ignore[method-assign]
    path = f"/v1/manage/operations/{world.debits[0]}/explain"
    answer = await app_client.get(path, headers=issuer.headers("sue", "support"))
    world.ledger.explain = explain  # type: ignore[method-assign]
    assert answer.status_code == 503


async def _away(operation_id: str) -> Explanation:
    raise LedgerUnreachable(operation_id)


def test_every_state_has_words_in_both_languages() -> None:
    """Of a play, of a reward, of a repair and of an operation."""
    states = ("funding", "resolving", "paid", "settled", "rejected", "cancelled")
    assert {f"play_{state}" for state in states} <= explanations().keys()
    repairs = ("funding", "resolving", "applied", "rejected", "cancelled", "refunded")
    assert {f"repair_{state}" for state in repairs} <= explanations().keys()
    for code, words in explanations().items():
        assert code.startswith(("play_", "reward_", "repair_", "operation_"))
        assert words.keys() == {"zh", "en"}
        assert all(words.values())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (rows.debit_is_held_for_refused, "operation_differs"),
        (rows.debit_is_held_for_due, "operation_unrecorded"),
        (rows.debit_was_forgotten, "operation_not_ours"),
    ],
)
@pytest.mark.asyncio
async def test_how_we_and_the_ledger_differ_is_said(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer, wrong: corruptions.Corruption, code: str
) -> None:
    """By a stable code."""
    await wrong(world)
    path = f"/v1/manage/operations/{world.debits[0]}/explain"
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    assert told_of["operations"][0]["summary"]["code"] == code


@pytest.mark.asyncio
async def test_what_the_ledger_has_never_seen_is_said(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """Whether we wait for it, or hold it for decided."""
    path = f"/v1/manage/operations/{world.debits[0]}/explain"
    del world.ledger._records[world.debits[0]]
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    assert told_of["operations"][0]["summary"]["code"] == "operation_never_seen"
    await rows.debit_is_held_for_due(world)
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    assert told_of["operations"][0]["summary"]["code"] == "operation_waits"


@pytest.mark.asyncio
async def test_a_refused_debit_is_explained(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """Neither charged nor drawn, and why."""
    path = f"/v1/manage/operations/{world.refused}/explain"
    told_of = (await app_client.get(path, headers=issuer.headers("sue", "support"))).json()
    assert told_of["play"]["summary"]["code"] == "play_rejected"
    assert told_of["operations"][0]["summary"]["code"] == "operation_refused"


@pytest.mark.asyncio
async def test_a_reward_is_explained_by_any_of_its_ids(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """By its own, its credit's and a return's: what the ledger was asked for it, and what became of it."""
    first, again = world.returns[1:]
    own = first.removeprefix("return:")
    paths = [f"/v1/manage/operations/{id_}/explain" for id_ in (own, f"reward:{own}", first, again)]
    sue = issuer.headers("sue", "support")
    told = [(await app_client.get(path, headers=sue)).json() for path in paths]
    assert told[0]["play"] is None
    assert all(each["reward"] == told[0]["reward"] for each in told)
    reward = told[0]["reward"]
    assert (reward["id"], reward["state"], reward["source"]) == (own, "returned", "task:a:2")
    assert (reward["amount"], reward["recovered"], reward["owed"]) == (REWARD, REWARD - SPENT, SPENT)
    assert reward["summary"]["code"] == "reward_returned"
    codes = [(each["operation_id"], each["summary"]["code"]) for each in told[0]["operations"]]
    assert codes == [
        (f"reward:{own}", "operation_applied"),
        (first, "operation_refused_return"),
        (again, "operation_applied"),
    ]
    held = told[0]["operations"][0]["ours"]
    assert (held["kind"], held["play"], held["reward"]) == ("reward", None, own)
