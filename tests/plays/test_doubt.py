"""A ledger that refuses, loses or contradicts: nobody pays for nothing, and nothing is drawn unpaid."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from game.ids import parse_wire_id
from game.plays import store
from game.plays.rules import Play
from game.plays.sweep import sweep
from ledger_client import Lane, encode
from ledger_client.operations import decode
from ledger_client.testing import FakeLedger
from ledger_client.testing.fake import Fault
from tests.support.pools import BEACON, wheel
from tests.support.stage import Guest, Stage, another_engine

Guests = Callable[[str, str], Guest]
SWEEPS_MAX = 20


async def seated(stage: Stage, guest: Guests, points: int, **terms: Any) -> Guest:
    """Ann in a seat of the wheel."""
    campaign_id = await stage.launch(wheel(draws_cap=10, seat_draws=10), **terms)
    stage.fund("ann", points)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    return ann


async def swept(stage: Stage, ann: Guest, play_id: str, *, app: Litestar) -> Any:
    """The play once it has come to its end, which takes a sweep or two."""
    for _ in range(SWEEPS_MAX):
        play = (await ann.read(play_id)).json()
        if play["finished_at"] is not None:
            return play
        stage.clock.advance(1_000)
        await sweep(app.state.engine)
    raise AssertionError(f"the play is {play['state']} still")


async def stored(stage: Stage, play_id: str) -> Play:
    """The play as it is stored."""
    place = parse_wire_id(play_id)
    assert place is not None
    async with stage.resources.pool.acquire() as conn:
        play = await store.read_play(conn, *place)
    assert play is not None
    return play


async def operation_state(stage: Stage, play_id: str) -> str:
    """Where the play's debit stands."""
    return str(
        await stage.resources.pool.fetchval(
            "SELECT state FROM operation WHERE operation_id = $1", f"play:{play_id}"
        )
    )


@pytest.mark.asyncio
async def test_too_few_points_tell_what_is_missing(stage: Stage, guest: Guests) -> None:
    """The play ends as rejected, with what there was and what it took; asking again says the same."""
    ann = await seated(stage, guest, 15)
    answer = await ann.play("wheel", "key", 2)
    play = answer.json()
    assert (answer.status_code, play["state"], play["draws"]) == (201, "rejected", [])
    assert play["refusal"] == {"code": "insufficient_funds", "have": 15, "need": 20}
    assert play["finished_at"] is not None
    assert (
        (await ann.play("wheel", "key", 2)).content == (await ann.read(play["id"])).content == answer.content
    )
    assert (stage.balance("ann"), await operation_state(stage, play["id"])) == (15, "rejected")


@pytest.mark.asyncio
async def test_a_rejected_play_gives_back_what_it_reserved(stage: Stage, guest: Guests) -> None:
    """Limits, seat and cap are free again to the last draw."""
    ann = await seated(stage, guest, 9, limits={"per_day": 10, "total": 10})
    assert (await ann.play("wheel", "poor", 10)).json()["state"] == "rejected"
    stage.fund("ann", 100)
    assert (await ann.play("wheel", "rich", 10)).json()["state"] == "settled"


@pytest.mark.asyncio
async def test_a_lost_answer_is_found_again(stage: Stage, guest: Guests, app: Litestar) -> None:
    """The debit was applied: the player hears that it is checked, and is charged once for one outcome."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_ANSWER)
    answer = await ann.play("wheel", "key", 3)
    play = answer.json()
    assert (answer.status_code, play["state"], play["finished_at"]) == (202, "resolving", None)
    settled = await swept(stage, ann, play["id"], app=app)
    assert (settled["state"], len(settled["draws"]), settled["balance_points"]) == ("settled", 3, 70)
    assert stage.ledger.balances[f"house:{ann.campaign_id}"] == 30
    bodies = {body for id_, body in stage.ledger.received if id_ == f"play:{play['id']}"}
    assert len(bodies) == 1


@pytest.mark.asyncio
async def test_a_retry_finds_it_too(stage: Stage, guest: Guests) -> None:
    """The client's own retry takes a play in doubt on, without waiting for a sweeper."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_ANSWER)
    assert (await ann.play("wheel", "key")).status_code == 202
    again = await ann.play("wheel", "key")
    assert (again.status_code, again.json()["state"]) == (201, "settled")
    assert stage.ledger.balances[f"house:{ann.campaign_id}"] == 10


@pytest.mark.asyncio
async def test_a_lost_request_is_sent_again(stage: Stage, guest: Guests, app: Litestar) -> None:
    """As long as the debit may be applied, the same bytes are sent again."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_REQUEST)
    play_id = (await ann.play("wheel", "key")).json()["id"]
    assert (await swept(stage, ann, play_id, app=app))["state"] == "settled"
    first, second = [body for id_, body in stage.ledger.received if id_ == f"play:{play_id}"]
    assert first == second


@pytest.mark.asyncio
async def test_what_never_arrived_in_time_is_cancelled(stage: Stage, guest: Guests, app: Litestar) -> None:
    """Once the debit could not be applied any more the ledger buries it: not charged, all is free again."""
    ann = await seated(stage, guest, 100, limits={"total": 10})
    stage.ledger.faults.append(Fault.LOSE_REQUEST)
    play_id = (await ann.play("wheel", "key", 10)).json()["id"]
    stage.clock.advance(stage.resources.settings.operation_ttl_ms)
    play = await swept(stage, ann, play_id, app=app)
    assert (play["state"], play["refusal"]["code"]) == ("cancelled", "not_charged")
    assert (stage.balance("ann"), await operation_state(stage, play_id)) == (100, "fenced")
    assert (await ann.play("wheel", "key", 10)).json() == play
    assert (await ann.play("wheel", "new-key", 10)).json()["state"] == "settled"


@pytest.mark.asyncio
async def test_what_arrived_too_late_is_cancelled(stage: Stage, guest: Guests) -> None:
    """A ledger that sees the debit after its time refuses it for good."""
    ann = await seated(stage, guest, 100)
    stage.ledger.now_ms = lambda: stage.clock() + stage.resources.settings.operation_ttl_ms
    play = (await ann.play("wheel", "key")).json()
    assert (play["state"], await operation_state(stage, play["id"])) == ("cancelled", "expired")
    assert stage.balance("ann") == 100


@pytest.mark.asyncio
async def test_a_fence_that_comes_too_late_goes_forward(stage: Stage, guest: Guests, app: Litestar) -> None:
    """The answer was lost and the time is over, but the debit had been applied: the play is drawn."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_ANSWER)
    play_id = (await ann.play("wheel", "key")).json()["id"]
    stage.clock.advance(stage.resources.settings.operation_ttl_ms)
    assert (await swept(stage, ann, play_id, app=app))["state"] == "settled"


@pytest.mark.asyncio
async def test_a_slow_ledger_is_not_waited_for(stage: Stage, guest: Guests, app: Litestar) -> None:
    """After the request's deadline the player is told that it is under way, and hears the outcome later."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.HANG)
    answer = await ann.play("wheel", "key")
    assert (answer.status_code, answer.json()["finished_at"]) == (202, None)
    assert (await swept(stage, ann, answer.json()["id"], app=app))["state"] == "settled"


@pytest.mark.asyncio
async def test_an_outage_is_outlasted(stage: Stage, guest: Guests, app: Litestar) -> None:
    """While the ledger stays away a play in doubt stays in doubt, however often it is swept."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_ANSWER)
    play_id = (await ann.play("wheel", "key")).json()["id"]
    stage.ledger.reachable = False
    for advance_ms in (1_000, 60_000, 60_000):
        stage.clock.advance(advance_ms)
        await sweep(app.state.engine)
        assert (await ann.read(play_id)).json()["state"] == "resolving"
    stage.ledger.reachable = True
    assert (await swept(stage, ann, play_id, app=app))["state"] == "settled"


@pytest.mark.asyncio
async def test_a_ledger_that_contradicts_itself_is_for_a_person(stage: Stage, guest: Guests) -> None:
    """First the debit could never be applied, then it was: nothing is drawn, and a person has to look."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_REQUEST)
    play_id = (await ann.play("wheel", "key")).json()["id"]
    in_doubt = await stored(stage, play_id)
    stage.clock.advance(stage.resources.settings.operation_ttl_ms)
    assert (await ann.play("wheel", "key")).json()["state"] == "cancelled"
    other_ledger = FakeLedger(now_ms=lambda: in_doubt.accepted_ms)
    other_ledger.fund("player:acme.ann", 100)
    stage.clock.now_ms = in_doubt.accepted_ms
    async with another_engine(replace(stage.resources, ledger=other_ledger)) as engine:
        for _ in range(2):
            advanced = await engine.drive(in_doubt)
            assert (advanced.play.state, advanced.draws) == ("review", ())
    assert (await ann.read(play_id)).json()["state"] == "review"
    assert await stage.resources.pool.fetchval("SELECT draws_reserved FROM pool") == 0


@pytest.mark.asyncio
async def test_a_rejected_sealed_play_leaves_no_seat(stage: Stage, guest: Guests) -> None:
    """A sealed seat is logged once it is paid, so who cannot pay has none."""
    campaign_id = await stage.launch(wheel(seat_draws=1, beacon=BEACON))
    play = (await guest(campaign_id, "ann").play("wheel", "key")).json()
    assert (play["state"], play["seat"]) == ("rejected", None)
    assert await stage.resources.pool.fetchval("SELECT count(*) FROM seat") == 0


@pytest.mark.asyncio
async def test_a_bug_that_the_ledger_finds_is_not_the_players(stage: Stage, guest: Guests) -> None:
    """It knows the id with other bytes: the play stays in doubt, and it is logged."""
    ann = await seated(stage, guest, 100)
    stage.ledger.faults.append(Fault.LOSE_REQUEST)
    play_id = (await ann.play("wheel", "key")).json()["id"]
    ((_, body),) = stage.ledger.received
    other = msgspec.structs.replace(decode(body), ref="not what we sent")
    await stage.ledger.apply(
        operation_id=other.id, body=encode(other), lane=Lane.PLAY, subject="player:acme.ann", deadline=0.0
    )
    with capture_logs() as logs:
        answer = await ann.play("wheel", "key")
    assert (answer.status_code, answer.json()["state"]) == (202, "resolving")
    assert ("debit.ledger_refuses_us", "idempotency_mismatch") in [
        (line["event"], line.get("code")) for line in logs
    ]
    assert (await stored(stage, play_id)).state == "resolving"
