"""A prize that an empty budget refused: missed until it is paid under a new id, and then no more."""

import httpx
import pytest

from game.ledger.reissue import reissue_refused
from game.ledger.rules import REISSUE_MS
from ledger_client import budget
from tests.reconcile.world import PRIZE, World
from tests.support.stage import engine_of
from tests.support.tokens import Issuer

PLAYS = 12


async def refused(world: World) -> list[str]:
    """Plays with an empty budget; the ids of their credits, all of which were refused."""
    world.ledger.balances[budget(world.campaign_id)] = 0
    engine = engine_of(world.resources)
    for nth in range(PLAYS):
        await world.stage.play(engine, world.campaign_id, "ann", "wheel", key=f"poor-{nth}")
    await engine.close()
    rows = await world.resources.pool.fetch(
        "SELECT operation_id FROM operation WHERE state = 'rejected' AND kind = 'credit' ORDER BY entry_index"
    )
    assert rows
    return [row["operation_id"] for row in rows]


@pytest.mark.asyncio
async def test_it_is_missed_until_its_budget_is_funded(world: World) -> None:
    """From the refusal on, for as long as it takes; the prizes of one play may have several ids."""
    credits_ = await refused(world)
    missed = {("prize_without_credit", operation_id, PRIZE) for operation_id in credits_}
    assert await world.reconciled() == missed
    world.clock.advance(REISSUE_MS)
    assert await reissue_refused(world.resources) == 0
    assert await world.reconciled() == missed
    world.ledger.fund(budget(world.campaign_id), PRIZE * len(credits_))
    world.clock.advance(REISSUE_MS)
    assert await reissue_refused(world.resources) == len(credits_)
    assert await world.reconciled(full=True) == set()
    assert world.ledger.balances[budget(world.campaign_id)] == 0


@pytest.mark.asyncio
async def test_one_that_gave_way_and_was_paid_all_the_same_is_a_break(world: World) -> None:
    """The ledger broke its word: the prize was paid twice, and we hold one of the two for refused."""
    first, *_ = credits_ = await refused(world)
    account = budget(world.campaign_id)
    world.ledger.fund(account, PRIZE * len(credits_))
    world.clock.advance(REISSUE_MS)
    await reissue_refused(world.resources)
    world.post(first, account, world.entry(f"{first}:2").credit, PRIZE)
    assert await world.reconciled() == {("unrecorded", first, PRIZE)}


@pytest.mark.asyncio
async def test_support_is_told_what_helps(
    app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> None:
    """Refused for good, and paid under another id: both stand under the play."""
    first, *others = await refused(world)
    path = f"/v1/manage/operations/{first}/explain"
    headers = issuer.headers("sue", "support")
    told_of = (await app_client.get(path, headers=headers)).json()["operations"]
    codes = {each["operation_id"]: each["summary"]["code"] for each in told_of}
    assert codes[first] == "operation_refused_prize"
    world.ledger.fund(budget(world.campaign_id), PRIZE * (1 + len(others)))
    world.clock.advance(REISSUE_MS)
    await reissue_refused(world.resources)
    told_of = (await app_client.get(path, headers=headers)).json()["operations"]
    codes = {each["operation_id"]: each["summary"]["code"] for each in told_of}
    assert (codes[first], codes[f"{first}:2"]) == ("operation_refused_prize", "operation_applied")
