"""Why a player may not play or sit: told with a code and its numbers, and nothing is stored or charged."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from game.campaigns.closing import close_pools
from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import replace_pool
from game.plays.rules import LEDGER_AWAY_SECONDS
from tests.support.pools import BEACON, cards, pool, row, wheel
from tests.support.stage import DAY_MS, MANAGER, SEED, Guest, Stage

Guests = Callable[[str, str], Guest]
Numbers = dict[str, Any]
PROBLEM = {"type", "title", "status", "code", "detail"}


async def check_refused(
    stage: Stage, asked: Callable[[], Awaitable[httpx.Response]], status: int, code: str, numbers: Numbers
) -> None:
    """The answer is this problem, and neither the database nor the ledger has moved."""
    before, received = await stage.counts(), len(stage.ledger.received)
    answer = await asked()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert {name: value for name, value in problem.items() if name not in PROBLEM} == numbers
    assert (await stage.counts(), len(stage.ledger.received)) == (before, received)


async def seated(stage: Stage, guest: Guests, *pools: dict[str, Any], **terms: Any) -> Guest:
    """Ann, with points and a seat in the first pool."""
    campaign_id = await stage.launch(*pools, **terms)
    stage.fund("ann", 1_000)
    ann = guest(campaign_id, "ann")
    if "beacon" not in pools[0]:
        await ann.sit(pools[0]["pool_id"])
    return ann


async def check_play(ann: Guest, stage: Stage, status: int, code: str, **numbers: Any) -> None:
    """A play of three draws of the wheel is refused."""
    await check_refused(stage, lambda: ann.play("wheel", "refused", 3), status, code, numbers)


@pytest.mark.asyncio
async def test_not_open_yet(stage: Stage, guest: Guests) -> None:
    """A seat may be taken before the pool opens, a draw may not."""
    opens_ms = stage.clock() + 60_000
    ann = await seated(stage, guest, wheel(), opens_ms=opens_ms)
    await check_play(ann, stage, 409, "not_open_yet", opens_ms=opens_ms)


@pytest.mark.asyncio
async def test_closed(stage: Stage, guest: Guests) -> None:
    """From its time on a pool takes no more plays, although its seats have draws left; closed or not."""
    ann = await seated(stage, guest, wheel())
    closes_ms = stage.clock() + 10 * DAY_MS
    stage.clock.advance(10 * DAY_MS)
    await check_play(ann, stage, 409, "closed", closes_ms=closes_ms)
    await close_pools(stage.resources)
    await check_play(ann, stage, 409, "closed", closes_ms=closes_ms)


@pytest.mark.asyncio
async def test_paused_and_ended(stage: Stage, guest: Guests) -> None:
    """The manager's word holds from the commit on, and play goes on after a pause."""
    ann = await seated(stage, guest, wheel())
    await stage.turn("pause", ann.campaign_id)
    await check_play(ann, stage, 409, "campaign_paused")
    await stage.turn("resume", ann.campaign_id)
    assert (await ann.play("wheel", "in-between")).status_code == 201
    await stage.turn("end", ann.campaign_id)
    await check_play(ann, stage, 409, "campaign_ended")


@pytest.mark.asyncio
async def test_replaced(stage: Stage, guest: Guests) -> None:
    """The refusal names the pool that goes on."""
    ann = await seated(stage, guest, wheel())
    better = msgspec.convert(wheel("better", price_points=9), PoolDraft)
    await replace_pool(stage.resources, MANAGER, better, campaign_id=ann.campaign_id, pool_id="wheel")
    await check_play(ann, stage, 409, "pool_replaced", by="better")


@pytest.mark.asyncio
async def test_draining(stage: Stage, guest: Guests) -> None:
    """While plays of the old pool are unfinished, neither it nor its successor is played."""
    ann = await seated(stage, guest, wheel(beacon=BEACON))
    assert (await ann.play("wheel", "waits")).json()["state"] == "paid"
    better = msgspec.convert(wheel("better", beacon=BEACON), PoolDraft)
    await replace_pool(stage.resources, MANAGER, better, campaign_id=ann.campaign_id, pool_id="wheel")
    await check_play(ann, stage, 409, "pool_draining")


@pytest.mark.asyncio
async def test_sold_out(stage: Stage, guest: Guests) -> None:
    """A cap on draws counts what is spoken for."""
    ann = await seated(stage, guest, wheel(draws_cap=12))
    assert (await ann.play("wheel", "key", 10)).status_code == 201
    await check_play(ann, stage, 409, "sold_out", left=2, asked=3)


@pytest.mark.asyncio
async def test_an_urn_is_sold_out_to_the_last_ticket(stage: Stage, guest: Guests) -> None:
    """Every ticket can be bought, and not one more."""
    ann = await seated(stage, guest, pool("urn", row("gold", "points", 5, count=1), row("thanks", count=3)))
    assert (await ann.play("urn", "key", 4)).status_code == 201
    await check_refused(stage, lambda: ann.play("urn", "more"), 409, "sold_out", {"left": 0, "asked": 1})


@pytest.mark.asyncio
async def test_limits(stage: Stage, guest: Guests) -> None:
    """Per day and in all, over all pools of the campaign; a new day helps against the first alone."""
    ann = await seated(stage, guest, wheel(), cards(), limits={"per_day": 5, "total": 8})
    await ann.sit("cards")
    assert (await ann.play("cards", "key", 4)).status_code == 201
    await check_play(ann, stage, 409, "limit_per_day", limit=5, used=4, asked=3)
    stage.clock.advance(DAY_MS)
    assert (await ann.play("wheel", "next-day", 2)).status_code == 201
    await check_play(ann, stage, 409, "limit_total", limit=8, used=6, asked=3)


@pytest.mark.asyncio
async def test_no_seat_and_a_seat_that_is_too_small(stage: Stage, guest: Guests) -> None:
    """Without a beacon the player brings a seat with as many draws as are asked for."""
    campaign_id = await stage.launch(wheel(seat_draws=4))
    stage.fund("ann", 1_000)
    ann = guest(campaign_id, "ann")
    await check_play(ann, stage, 409, "seat_required")
    await ann.anchor("wheel")
    await check_play(ann, stage, 409, "seat_required")
    await ann.seat("wheel")
    assert (await ann.play("wheel", "key", 2)).status_code == 201
    await check_play(ann, stage, 409, "seat_draws_left", left=2, asked=3)


@pytest.mark.asyncio
async def test_too_few_chances(stage: Stage, guest: Guests) -> None:
    """Chances are not made up for with points."""
    ann = await seated(stage, guest, wheel())
    await stage.grant(ann.campaign_id, "ann", 2)
    await check_refused(
        stage,
        lambda: ann.play("wheel", "key", 3, "chance"),
        409,
        "too_few_chances",
        {"have": 2, "need": 3},
    )


@pytest.mark.asyncio
async def test_the_ledger_is_away(stage: Stage, guest: Guests) -> None:
    """Known before anything is stored, so nothing is left to be cleared up; it is told when to come back."""
    ann = await seated(stage, guest, wheel())
    stage.ledger.reachable = False
    await check_play(ann, stage, 503, "ledger_unavailable", retry_after_seconds=LEDGER_AWAY_SECONDS)
    assert (await ann.play("wheel", "refused", 3)).headers["Retry-After"] == str(LEDGER_AWAY_SECONDS)


@pytest.mark.asyncio
async def test_sealed_draws_one_at_a_time_and_not_too_late(stage: Stage, guest: Guests) -> None:
    """A sealed pool sells single draws, as long as there is time to pay and log them."""
    ann = await seated(stage, guest, wheel(seat_draws=1, beacon=BEACON))
    closes_ms = stage.clock() + 10 * DAY_MS
    await check_play(ann, stage, 422, "sealed_one_draw", asked=3, most=1)
    margin_ms = 2 * stage.resources.settings.operation_ttl_ms
    stage.clock.advance(10 * DAY_MS - margin_ms)
    numbers = {"closes_ms": closes_ms, "margin_ms": margin_ms}
    await check_refused(stage, lambda: ann.play("wheel", "key"), 409, "closes_too_soon", numbers)


@pytest.mark.asyncio
async def test_a_key_means_one_request(stage: Stage, guest: Guests) -> None:
    """The same key with another number, payment or pool is refused; the play it stands for is left alone."""
    ann = await seated(stage, guest, wheel(), cards())
    await ann.sit("cards")
    assert (await ann.play("wheel", "key", 2)).status_code == 201
    for other in (
        partial(ann.play, "wheel", "key", 1),
        partial(ann.play, "wheel", "key", 2, "chance"),
        partial(ann.play, "cards", "key", 2),
    ):
        await check_refused(stage, other, 422, "idempotency_mismatch", {})


@pytest.mark.asyncio
async def test_no_such_pool(stage: Stage, guest: Guests) -> None:
    """A pool, and a campaign, that are not there."""
    ann = await seated(stage, guest, wheel())
    await check_refused(stage, lambda: ann.play("other", "key"), 404, "pool_not_found", {})
    nowhere = guest("x" * 12, "ann")
    await check_refused(stage, lambda: nowhere.play("wheel", "key"), 404, "pool_not_found", {})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        {"count": 0, "pay_with": "points"},
        {"count": 11, "pay_with": "points"},
        {"count": 1, "pay_with": "gold"},
        {"count": 1},
        {"count": 1, "pay_with": "points", "extra": 1},
    ],
)
async def test_bodies_that_make_no_sense(stage: Stage, guest: Guests, body: Any) -> None:
    """The fields have their ranges, all of them are needed, and there are no others."""
    ann = await seated(stage, guest, wheel())
    path = f"/campaigns/{ann.campaign_id}/pools/wheel/plays"
    before = await stage.counts()
    answer = await ann.send("POST", path, body, **{"Idempotency-Key": "key"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
    assert await stage.counts() == before


@pytest.mark.asyncio
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k" * 201}, {"Idempotency-Key": "a key"}])
async def test_a_play_needs_a_key(stage: Stage, guest: Guests, headers: dict[str, str]) -> None:
    """Without one a retry could not be told from a second play."""
    ann = await seated(stage, guest, wheel())
    path = f"/campaigns/{ann.campaign_id}/pools/wheel/plays"
    answer = await ann.send("POST", path, {"count": 1, "pay_with": "points"}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")


@pytest.mark.asyncio
async def test_seats_of_a_pool_without_a_beacon(stage: Stage, guest: Guests) -> None:
    """The anchor first, a seed that can bear the weight, and one seat at a time."""
    campaign_id = await stage.launch(wheel())
    ann = guest(campaign_id, "ann")
    await check_refused(stage, lambda: ann.seat("wheel"), 409, "anchor_required", {})
    await check_refused(
        stage, lambda: ann.seat("wheel", "00" * 15), 422, "seed_too_short", {"bytes": 15, "least": 16}
    )
    await ann.sit("wheel")
    await check_refused(stage, lambda: ann.seat("wheel", "ff" * 16), 409, "seat_is_live", {"left": 24})


@pytest.mark.asyncio
async def test_anchors_and_seats_of_pools_with_a_beacon(stage: Stage, guest: Guests) -> None:
    """Where the round decides there is no anchor to ask for; a sealed seat comes with its payment."""
    campaign_id = await stage.launch(wheel(beacon=BEACON), cards(seat_draws=1, beacon=BEACON))
    ann = guest(campaign_id, "ann")
    await check_refused(stage, lambda: ann.anchor("wheel"), 409, "no_anchor_needed", {})
    await check_refused(stage, lambda: ann.seat("cards", SEED), 409, "sealed_pool", {})


@pytest.mark.asyncio
async def test_no_seat_at_the_close(stage: Stage, guest: Guests) -> None:
    """A seat is never logged at or after the close."""
    campaign_id = await stage.launch(wheel())
    closes_ms = stage.clock() + 10 * DAY_MS
    ann, bob = guest(campaign_id, "ann"), guest(campaign_id, "bob")
    await ann.anchor("wheel")
    stage.clock.advance(10 * DAY_MS)
    numbers = {"closes_ms": closes_ms}
    await check_refused(stage, lambda: ann.seat("wheel"), 409, "no_more_seats", numbers)
    await check_refused(stage, lambda: bob.anchor("wheel"), 409, "no_more_seats", numbers)


@pytest.mark.asyncio
async def test_what_cannot_be_uncovered(stage: Stage, guest: Guests) -> None:
    """A wheel has no tickets, a card no more than were bought, and none before it is drawn."""
    ann = await seated(stage, guest, cards(), wheel(), cards("later", beacon=BEACON))
    await ann.sit("wheel")
    card, spin, waits = [
        (await ann.play(pool_id, pool_id, 2)).json()["id"] for pool_id in ("cards", "wheel", "later")
    ]
    for play_id, tickets, status, code, numbers in (
        (card, (1, 3), 422, "no_such_ticket", {"tickets": 2, "asked": 3}),
        (spin, (1,), 409, "not_a_scratch_card", {}),
        (waits, (1,), 409, "not_settled", {"state": "paid"}),
        (card, (2, 2), 422, "invalid_body", {"field": "$.tickets", "rule": "no ticket twice"}),
    ):
        await check_refused(stage, partial(ann.scratch, play_id, *tickets), status, code, numbers)
    uncovered = await stage.resources.pool.fetchval(
        "SELECT count(*) FROM draw WHERE uncovered_ms IS NOT NULL"
    )
    assert uncovered == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("cursor", ["nonsense", f"{'x' * 12}-{'0' * 32}"])
async def test_a_cursor_is_the_one_that_was_given(stage: Stage, guest: Guests, cursor: str) -> None:
    """A cursor of another campaign, or none at all, is refused and not taken for the beginning."""
    ann = await seated(stage, guest, wheel())
    answer = await ann.send("GET", f"/campaigns/{ann.campaign_id}/me/plays?before={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
