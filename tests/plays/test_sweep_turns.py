"""Which plays a sweeper takes up, when, and how many."""

from collections import Counter

import pytest

from game.fair.rounds import round_time_ms
from game.plays import store
from game.plays.accept import accept_batch
from game.plays.clerk import WAITING_PLAYS_MAX
from game.plays.engine import Engine
from game.plays.rules import Play
from game.plays.settling import LATE_BEACON_MS
from game.plays.sweep import CLAIM_MAX, LEASE_MS, sweep
from tests.plays.left import GENEROUS, accepted, begun
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, wheel
from tests.support.stage import Stage


@pytest.mark.asyncio
async def test_what_a_round_does_not_drive_on_is_swept(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """A round drives on as many plays as one transaction may; a sweep draws those that are left over."""
    campaign_id = await backstage.launch(wheel(price_points=0, seat_draws=100, beacon=BEACON))
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    asked = [
        await backstage.asked(campaign_id, "ann", "wheel", key=f"{n}") for n in range(WAITING_PLAYS_MAX + 3)
    ]
    await accept_batch(backstage.resources, asked)
    backstage.clock.advance(LEASE_MS)
    await backstage.deliver(engines[0], campaign_id)
    states = await rows_of(backstage.resources, "SELECT state FROM play")
    assert Counter(row["state"] for row in states) == {"settled": WAITING_PLAYS_MAX, "paid": 3}
    assert [await sweep(engine) for engine in engines] == [3, 0]


async def claimed(stage: Stage, *, until_ms: int) -> list[Play]:
    """What a sweeper would take up now; nobody else gets it before `until_ms`."""
    async with stage.resources.pool.acquire() as conn:
        return await store.claim_unfinished(
            conn, now_ms=stage.clock(), until_ms=until_ms, limit=9, with_uncharged=True
        )


@pytest.mark.asyncio
async def test_free_plays_do_not_wait_for_the_ledger(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """While it is away, plays in doubt keep their turn, and those that are paid are drawn."""
    asked = await begun(backstage, engines[0])
    campaign_id = asked.terms.campaign_id
    await accepted(backstage, asked)
    await backstage.grant(campaign_id, "ann", 1)
    free = await backstage.asked(campaign_id, "ann", "wheel", key="free", paid_with="chance")
    await accepted(backstage, free)
    backstage.clock.advance(LEASE_MS)
    backstage.ledger.reachable = False
    assert await sweep(engines[0]) == 1
    states = await rows_of(backstage.resources, "SELECT paid_with, state FROM play ORDER BY paid_with")
    assert states == [
        {"paid_with": "chance", "state": "settled"},
        {"paid_with": "points", "state": "funding"},
    ]
    backstage.ledger.reachable = True
    assert await sweep(engines[0]) == 1


@pytest.mark.asyncio
async def test_a_play_is_left_alone_until_its_turn(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """The process that accepted it has its deadline first; whoever claims it has a lease."""
    asked = await begun(backstage, engines[0])
    await accepted(backstage, asked)
    assert [await sweep(engine) for engine in engines] == [0, 0]
    backstage.clock.advance(LEASE_MS)
    assert [len(await claimed(backstage, until_ms=backstage.clock() + LEASE_MS)) for _ in range(2)] == [1, 0]
    assert await sweep(engines[0]) == 0
    backstage.clock.advance(LEASE_MS)
    assert await sweep(engines[1]) == 1


@pytest.mark.asyncio
async def test_a_play_that_waits_for_its_round_is_not_looked_at_before(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Its turn comes a little after its round is public."""
    campaign_id = await backstage.launch(wheel(beacon=BEACON))
    backstage.fund("ann", 100)
    play = await backstage.play(engines[0], campaign_id, "ann", "wheel", key="key")
    assert play.seat is not None
    due_ms = round_time_ms(play.seat.round or 0) + LATE_BEACON_MS
    for now_ms, plays in ((due_ms - 1, 0), (due_ms, 1)):
        backstage.clock.now_ms = now_ms
        assert len(await claimed(backstage, until_ms=due_ms)) == plays


@pytest.mark.asyncio
async def test_a_sweep_is_bounded_and_comes_again(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """More than one sweep may claim are ended by the next."""
    campaign_id = await backstage.launch(wheel(price_points=0, seat_draws=100))
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key=f"{n}") for n in range(CLAIM_MAX + 3)]
    await accept_batch(backstage.resources, asked)
    backstage.clock.advance(LEASE_MS)
    assert [await sweep(engines[0]) for _ in range(3)] == [CLAIM_MAX, 3, 0]


@pytest.mark.asyncio
async def test_a_play_that_cannot_be_driven_holds_up_no_other(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Bytes that the ledger does not understand stay for a person to see; the other play is settled."""
    campaign_id = await backstage.launch(GENEROUS)
    backstage.fund("ann", 100)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    broken, sound = [
        await accepted(backstage, await backstage.asked(campaign_id, "ann", "wheel", key=key))
        for key in ("broken", "sound")
    ]
    await backstage.resources.pool.execute(
        "UPDATE operation SET body = '{}' WHERE play_id = $1", broken.play.play_id
    )
    backstage.clock.advance(LEASE_MS)
    assert await sweep(engines[0]) == 1
    rows = await rows_of(backstage.resources, "SELECT play_id, state FROM play")
    states = {row["play_id"]: row["state"] for row in rows}
    assert states == {broken.play.play_id: "funding", sound.play.play_id: "settled"}
