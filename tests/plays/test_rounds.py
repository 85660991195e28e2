"""Pools with a beacon: seats that open themselves, draws that wait for their round, sealed draws."""

from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar

from game.fair.receipt import Evidence, verify_draw
from game.fair.rounds import round_time_ms
from game.plays.sweep import log_beacon, sweep
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, wheel
from tests.support.stage import SEED, Guest, Stage, another_engine, signature_of

Guests = Callable[[str, str], Guest]
SWEEPS_MAX = 20


async def waiting(guest: Guest, key: str, count: int = 1) -> Any:
    """A play of the wheel that is paid and waits for its round."""
    answer = await guest.play("wheel", key, count)
    play = answer.json()
    assert (answer.status_code, play["state"], play["draws"]) == (202, "paid", []), answer.text
    return play


async def state_of(guest: Guest, play_id: str) -> str:
    """The state of a play."""
    return str((await guest.read(play_id)).json()["state"])


@pytest.mark.asyncio
async def test_a_client_that_does_not_care_just_plays(stage: Stage, guest: Guests, app: Litestar) -> None:
    """The service opens the seat; the play is paid, waits for the seat's round, and is drawn with it."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    play = await waiting(ann, "key", 3)
    assert play["balance_points"] == 70
    opens_ms = round_time_ms(play["seat"]["round"])
    assert 3_000 <= opens_ms - stage.clock() <= 6_000
    assert await stage.deliver(app.state.engine, campaign_id) == 0
    stage.clock.now_ms = opens_ms
    assert await stage.deliver(app.state.engine, campaign_id) == 1
    settled = (await ann.play("wheel", "key", 3)).json()
    assert (settled["state"], settled["seat"]) == ("settled", play["seat"])
    assert [draw["n"] for draw in settled["draws"]] == [1, 2, 3]
    assert (await ann.read(play["id"])).json() == settled


@pytest.mark.asyncio
async def test_the_beacon_stands_in_the_proof(stage: Stage, guest: Guests, app: Litestar) -> None:
    """With the seat's round and its value the player proves the draw; the value came after the seat."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    opened = (await ann.seat("wheel", "")).json()["seat"]
    play = await waiting(ann, "key")
    assert play["seat"] == opened
    stage.clock.now_ms = round_time_ms(opened["round"])
    await stage.deliver(app.state.engine, campaign_id)
    (draw,) = (await ann.read(play["id"])).json()["draws"]
    ((beacon,),) = await stage.resources.pool.fetch("SELECT entry_index FROM beacon_round")
    proven = verify_draw(
        pool=await stage.evidence(campaign_id, play["pool_entry_index"]),
        seat=await stage.evidence(campaign_id, opened["entry_index"]),
        beacon=await stage.evidence(campaign_id, beacon),
        draw=Evidence(draw["entry"].encode(), draw["receipt"]),
        verifier=await stage.verifier(campaign_id),
    )
    assert proven.row == draw["outcome"]["row"]


@pytest.mark.asyncio
async def test_once_the_round_is_there_plays_are_drawn_at_once(
    stage: Stage, guest: Guests, app: Litestar
) -> None:
    """Later plays from the same seat need not wait."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.seat("wheel", SEED)
    stage.clock.advance(9_000)
    await stage.deliver(app.state.engine, campaign_id)
    assert (await ann.play("wheel", "key", 2)).json()["state"] == "settled"


@pytest.mark.asyncio
async def test_a_value_that_comes_twice_is_logged_once(stage: Stage, guest: Guests, app: Litestar) -> None:
    """Two processes that fetch the same round change nothing the second time."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    play = await waiting(ann, "key")
    round_ = play["seat"]["round"]
    stage.clock.advance(9_000)
    for _ in range(2):
        await log_beacon(app.state.engine, campaign_id, round_, signature_of(round_))
    assert await rows_of(stage.resources, "SELECT signature FROM beacon_round") == [
        {"signature": signature_of(round_)}
    ]
    size = await stage.resources.pool.fetchval("SELECT size FROM log")
    assert size == 4  # pool, seat, beacon, draw


@pytest.mark.asyncio
async def test_a_slow_clock_logs_no_value_before_its_round(stage: Stage, guest: Guests) -> None:
    """The process that fetched the value is behind: the entry carries the round's own time at least."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    stage.fund("ann", 100)
    round_ = (await waiting(guest(campaign_id, "ann"), "key"))["seat"]["round"]
    stage.clock.advance(1_000)
    async with another_engine(stage.resources) as behind:
        await log_beacon(behind, campaign_id, round_, signature_of(round_))
    last_t_ms = await stage.resources.pool.fetchval("SELECT last_t_ms FROM log")
    assert last_t_ms == round_time_ms(round_) > stage.clock()


@pytest.mark.asyncio
async def test_a_round_nobody_waits_for_is_not_logged(stage: Stage, app: Litestar) -> None:
    """Only the rounds that seats name belong into a log."""
    campaign_id = await stage.launch(wheel(beacon=BEACON))
    await log_beacon(app.state.engine, campaign_id, 1_000, signature_of(1_000))
    assert await stage.resources.pool.fetchval("SELECT size FROM log") == 1


@pytest.mark.asyncio
async def test_sealed_draws_follow_the_order_of_their_seats(
    stage: Stage, guest: Guests, app: Litestar
) -> None:
    """A later seat's round that comes in first waits until all seats before it are drawn."""
    campaign_id = await stage.launch(wheel(seat_draws=1, beacon=BEACON))
    guests = [guest(campaign_id, subject) for subject in ("ann", "bob", "cat")]
    plays = []
    for sitter in guests:
        stage.fund(sitter.subject, 10)
        plays.append(await waiting(sitter, "key"))
        stage.clock.advance(3_000)
    rounds = [play["seat"]["round"] for play in plays]
    assert rounds == sorted(set(rounds))
    stage.clock.advance(9_000)
    for round_ in reversed(rounds[1:]):
        await log_beacon(app.state.engine, campaign_id, round_, signature_of(round_))
    assert [await state_of(g, p["id"]) for g, p in zip(guests, plays, strict=True)] == ["paid"] * 3
    await log_beacon(app.state.engine, campaign_id, rounds[0], signature_of(rounds[0]))
    settled = [(await g.read(p["id"])).json() for g, p in zip(guests, plays, strict=True)]
    assert [play["state"] for play in settled] == ["settled"] * 3
    indices = [play["draws"][0]["entry_index"] for play in settled]
    assert indices == sorted(indices)


@pytest.mark.asyncio
async def test_a_second_sealed_play_waits_for_the_first(stage: Stage, guest: Guests, app: Litestar) -> None:
    """Both are paid; a sweep seats the second once the first is drawn, for a round of its own."""
    campaign_id = await stage.launch(wheel(seat_draws=1, beacon=BEACON))
    stage.fund("ann", 20)
    ann = guest(campaign_id, "ann")
    first, second = await waiting(ann, "one"), await waiting(ann, "two")
    assert second["seat"] is None
    for _ in range(SWEEPS_MAX):
        stage.clock.advance(3_000)
        await stage.deliver(app.state.engine, campaign_id)
        await sweep(app.state.engine)
        if await state_of(ann, second["id"]) == "settled":
            break
    seats = [(await ann.read(play["id"])).json()["seat"] for play in (first, second)]
    assert [await state_of(ann, play["id"]) for play in (first, second)] == ["settled", "settled"]
    assert seats[0]["entry_index"] < seats[1]["entry_index"]
    assert seats[0]["tag"] == seats[1]["tag"]


@pytest.mark.asyncio
async def test_a_used_seat_is_followed_by_one_that_opens_itself(
    stage: Stage, guest: Guests, app: Litestar
) -> None:
    """The next play names a new seat with a round of its own."""
    campaign_id = await stage.launch(wheel(seat_draws=2, beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    seats = []
    for key in ("one", "two"):
        seats.append((await waiting(ann, key, 2))["seat"])
        stage.clock.advance(9_000)
        await stage.deliver(app.state.engine, campaign_id)
    assert seats[0]["id"] != seats[1]["id"]
    assert seats[0]["round"] < seats[1]["round"]


@pytest.mark.asyncio
async def test_a_seat_that_is_spoken_for_is_refused(stage: Stage, guest: Guests) -> None:
    """While all draws of the live seat are spoken for, there is no other seat to play from."""
    campaign_id = await stage.launch(wheel(seat_draws=2, beacon=BEACON))
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await waiting(ann, "one", 2)
    refused = await ann.play("wheel", "two")
    assert (refused.status_code, refused.json()["code"]) == (409, "seat_draws_left")
