"""The ways out of review: on the ledger's proof alone."""

import msgspec
import pytest
from structlog.testing import capture_logs

from game.campaigns.pool_store import closable_pools
from game.ids import parse_wire_id
from ledger_client import Entry
from tests.reconcile.reviewer import REASON, Reviewer
from tests.reconcile.world import PRICE
from tests.support.pools import BEACON, pool, row
from tests.support.stage import engine_of

pytestmark = pytest.mark.asyncio


async def test_what_was_charged_is_drawn_late(reviewer: Reviewer) -> None:
    """The player gets the draw that was paid for, its break heals, and the change log says who decided."""
    play = await reviewer.charged_after_all()
    reserved = (await reviewer.row(play))[1]
    assert (await reviewer.explained(play))["summary"]["code"] == "play_review_charged"
    with capture_logs() as logs:
        answer = await reviewer.decide(play, "settle")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["decision"], told["outcome"], told["by"]) == (
        "settled",
        "settle",
        "applied",
        "mia",
    )
    assert ("play.reviewed", "mia") in [(line["event"], line.get("actor")) for line in logs]
    assert await reviewer.row(play) == ("settled", reserved + 1)
    seen = await reviewer.player_sees(play)
    assert (seen["state"], len(seen["draws"]), seen["refusal"]) == ("settled", 1, None)
    (decision,) = (await reviewer.explained(play))["decisions"]
    assert (decision["by"], decision["reason"]) == ("mia", REASON)
    assert not any(play in operation for _, operation, _ in await reviewer.world.reconciled())
    changes = await reviewer.send(
        "GET", f"/campaigns/{reviewer.world.campaign_id}/changes", who="ada", role="auditor"
    )
    assert changes.json()["changes"][-1]["action"] == "play.settle"


async def test_what_was_charged_is_not_cancelled(reviewer: Reviewer) -> None:
    """Nobody is told "not charged" against the ledger's word."""
    play = await reviewer.charged_after_all()
    answer = await reviewer.decide(play, "cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "play_charged")
    assert (await reviewer.row(play))[0] == "review"
    assert (await reviewer.decide(play, "settle")).status_code == 200


async def test_what_was_refused_is_cancelled(reviewer: Reviewer) -> None:
    """It was released before: nothing is given back twice."""
    play = await reviewer.released()
    before = (await reviewer.row(play))[1]
    assert (await reviewer.explained(play))["summary"]["code"] == "play_review_uncharged"
    answer = await reviewer.decide(play, "cancel")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["outcome"]) == ("cancelled", "fenced")
    assert await reviewer.row(play) == ("cancelled", before)
    assert (await reviewer.player_sees(play))["refusal"]["code"] == "not_charged"


async def test_what_was_refused_is_not_settled(reviewer: Reviewer) -> None:
    """Nothing is drawn that nobody paid."""
    play = await reviewer.released()
    answer = await reviewer.decide(play, "settle")
    assert (answer.status_code, answer.json()["code"]) == (409, "play_not_charged")
    assert (await reviewer.decide(play, "cancel")).status_code == 200


async def test_what_the_ledger_never_saw_is_fenced_first(reviewer: Reviewer) -> None:
    """Only then is it not charged, for ever; what the play had reserved is free again."""
    play = await reviewer.held()
    before = (await reviewer.row(play))[1]
    assert ("play_without_charge", f"play:{play}", PRICE) not in await reviewer.world.reconciled()
    settled = await reviewer.decide(play, "settle")
    assert (settled.status_code, settled.json()["code"]) == (409, "ledger_undecided")
    answer = await reviewer.decide(play, "cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled"), answer.text
    assert await reviewer.row(play) == ("cancelled", before - 1)
    again = await reviewer.ledger.explain(f"play:{play}")
    assert again.outcome is not None
    assert type(again.outcome).__name__ == "Fenced"


async def test_a_review_without_a_charge_stays_a_break(reviewer: Reviewer) -> None:
    """It is listed until somebody decides, and heals then."""
    play = await reviewer.held()
    reviewer.world.clock.advance(2 * 3_600_000)
    expected = ("play_without_charge", f"play:{play}", PRICE)
    assert await reviewer.world.reconciled() == {expected}
    assert await reviewer.world.reconciled() == {expected}
    assert (await reviewer.decide(play, "cancel")).status_code == 200
    assert await reviewer.world.reconciled() == set()


async def test_an_entry_that_the_ledger_denies_stops_both(reviewer: Reviewer) -> None:
    """Its record says refused, its feed says charged: nothing is proved, so nothing is done."""
    world = reviewer.world
    play = await reviewer.released()
    world.post(f"play:{play}", "player:acme.ann", world.house)
    await world.reconciled()
    for decision, code in (("cancel", "ledger_contradicts"), ("settle", "play_not_charged")):
        answer = await reviewer.decide(play, decision)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await reviewer.row(play))[0] == "review"
    world.erase(f"play:{play}")
    await world.reconciled(full=True)
    assert (await reviewer.decide(play, "cancel")).status_code == 200


async def test_a_charge_of_other_points_is_no_proof(reviewer: Reviewer) -> None:
    """The entries must be those that we asked for."""
    world = reviewer.world
    play = await reviewer.charged_after_all()
    place = world.ledger.feed.index(world.entry(f"play:{play}"))
    right = world.ledger.feed[place]
    for wrong in (Entry(right.seq, right.operation_id, 0, right.debit, right.credit, PRICE + 1, 1),
                  msgspec.structs.replace(right, debit="player:acme.bob")):  # fmt: skip
        world.ledger.feed[place] = wrong
        await world.reconciled(full=True)
        answer = await reviewer.decide(play, "settle")
        assert (answer.status_code, answer.json()["code"]) == (409, "ledger_contradicts")
    world.ledger.feed[place] = right
    await world.reconciled(full=True)
    assert (await reviewer.decide(play, "settle")).json()["state"] == "settled"


async def test_sold_out_it_waits(reviewer: Reviewer) -> None:
    """No draw is promised twice: it stays in review until there is room."""
    play = await reviewer.charged_after_all()
    pool = reviewer.world.resources.pool
    await pool.execute("UPDATE pool SET draws_cap = draws_reserved WHERE pool_id = 'wheel'")
    answer = await reviewer.decide(play, "settle")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_room_to_settle")
    assert (answer.json()["have"], answer.json()["need"]) == (0, 1)
    assert (await reviewer.row(play))[0] == "review"
    await pool.execute("UPDATE pool SET draws_cap = 1000 WHERE pool_id = 'wheel'")
    assert (await reviewer.decide(play, "settle")).json()["state"] == "settled"


async def test_in_a_full_seat_it_waits_for_the_next(reviewer: Reviewer) -> None:
    """The player's next seat in the pool takes it up."""
    world = reviewer.world
    play = await reviewer.charged_after_all()
    engine = engine_of(world.resources)
    left = await world.resources.pool.fetchval(
        "SELECT s.seat_draws - s.draws_reserved FROM seat AS s JOIN play USING (campaign_id, seat_id)"
        " WHERE play_id = $1", parse_wire_id(play)[1]  # type: ignore[index]
    )  # fmt: skip
    for nth in range(left):
        await world.stage.play(engine, world.campaign_id, "ann", "wheel", key=f"fill-{nth}")
    answer = await reviewer.decide(play, "settle")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_room_to_settle")
    await world.stage.sit(engine, world.campaign_id, "ann", "wheel")
    await engine.close()
    assert (await reviewer.decide(play, "settle")).json()["state"] == "settled"


async def test_a_sealed_play_is_drawn_while_its_pool_takes_seats(reviewer: Reviewer) -> None:
    """It waits for its beacon round like any other; after the close it could not be seated any more."""
    world = reviewer.world
    world.campaign_id = await world.stage.launch(
        pool("wheel", row("thanks", weight=1), seat_draws=1, beacon=BEACON)
    )
    early, late = await reviewer.charged_after_all("early"), await reviewer.charged_after_all("late")
    answer = await reviewer.decide(early, "settle")
    assert (answer.status_code, answer.json()["state"]) == (200, "paid"), answer.text
    assert (await reviewer.player_sees(early))["seat"] is not None
    world.clock.advance(20 * 86_400_000)
    answer = await reviewer.decide(late, "settle")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_room_to_settle")
    assert (await reviewer.row(late))[0] == "review"
    world.clock.advance(-20 * 86_400_000)
    assert (await reviewer.decide(late, "settle")).json()["state"] == "paid"


async def test_what_can_be_drawn_no_more_keeps_no_secret(reviewer: Reviewer) -> None:
    """A replaced pool may be closed, and so be checked, while a play of it still waits for a person."""
    play, world = await reviewer.charged_after_all(), reviewer.world
    turn = "UPDATE pool SET state = $1, accepting = $2 WHERE pool_id = 'wheel'"
    pool = world.resources.pool
    await pool.execute(turn, "replaced", False)
    assert (await reviewer.decide(play, "settle")).json()["code"] == "no_room_to_settle"
    assert (await reviewer.decide(play, "cancel")).json()["code"] == "play_charged"
    async with pool.acquire() as conn:
        closable = await closable_pools(conn, now_ms=world.resources.clock(), limit=1, only=None)
    assert [key.pool_id for key in closable] == ["wheel"]
    await pool.execute(turn, "live", True)
    assert (await reviewer.decide(play, "settle")).json()["state"] == "settled"
