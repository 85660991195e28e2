"""The ways out of review: on the ledger's proof alone, by a person who says why, once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar
from structlog.testing import capture_logs

from game.campaigns import access
from game.ids import parse_wire_id, wire_id
from game.plays import reviewing, store
from game.plays.sweep import LEASE_MS
from ledger_client import Applied, Entry, Lane
from ledger_client.testing import Fault
from tests.reconcile.world import PRICE, World
from tests.support.stage import MANAGER, engine_of
from tests.support.tokens import Issuer

REASON = "The ledger's people confirmed it."

pytestmark = pytest.mark.asyncio


class Reviewer:
    """A manager over HTTP, and the plays that wait for one."""

    def __init__(self, world: World, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.world = world
        self.client = client
        self.issuer = issuer
        self.ledger = world.ledger

    async def send(self, method: str, path: str, body: Any = None, *, who: str, role: str) -> httpx.Response:
        """Call the service."""
        return await self.client.request(
            method, f"/v1/manage{path}", json=body, headers=self.issuer.headers(who, role)
        )

    async def decide(
        self, play: str, decision: str, *, who: str = "mia", role: str = "manager", reason: str = REASON
    ) -> httpx.Response:
        """Settle or cancel."""
        return await self.send("POST", f"/plays/{play}/{decision}", {"reason": reason}, who=who, role=role)

    async def explained(self, play: str) -> Any:
        """What support is told of the play."""
        answer = await self.send("GET", f"/operations/{play}/explain", who="sue", role="support")
        return answer.json()["play"]

    async def player_sees(self, play: str) -> Any:
        """What the player is told."""
        answer = await self.client.get(f"/v1/plays/{play}", headers=self.issuer.headers("ann"))
        return answer.json()

    async def row(self, play: str) -> tuple[str, int]:
        """The play's state, and what its pool has reserved."""
        place = parse_wire_id(play)
        assert place is not None
        row = await self.world.resources.pool.fetchrow(
            "SELECT p.state, pool.draws_reserved FROM play AS p JOIN pool USING (campaign_id, pool_id)"
            " WHERE p.campaign_id = $1 AND p.play_id = $2",
            *place,
        )
        assert row is not None
        return row["state"], row["draws_reserved"]

    async def lost(self, key: str) -> str:
        """A play whose debit never reached the ledger, in doubt."""
        engine = engine_of(self.world.resources)
        self.ledger.faults.append(Fault.LOSE_REQUEST)
        view = await self.world.stage.play(engine, self.world.campaign_id, "ann", "wheel", key=key)
        await engine.close()
        assert view.state == "resolving"
        await self.world.play("next_attempt_ms = 9e15::bigint", f"play:{view.id}")
        return view.id

    async def cancelled(self, key: str = "contradicted") -> str:
        """A play whose player was told that it was not charged."""
        play = await self.lost(key)
        self.world.clock.advance(self.world.resources.settings.operation_ttl_ms)
        assert await self.drive(play) == "cancelled"
        return play

    async def drive(self, play: str) -> str:
        """Take a play on as a sweeper does; where it stands then."""
        engine, place = engine_of(self.world.resources), parse_wire_id(play)
        assert place is not None
        async with self.world.resources.pool.acquire() as conn:
            stored = await store.read_play(conn, *place)
        assert stored is not None
        await engine.drive(stored)
        await engine.close()
        return (await self.row(play))[0]

    async def charged_after_all(self, key: str = "contradicted") -> str:
        """A play in review: cancelled, and then the ledger forgot its own word and charged."""
        play = await self.cancelled(key)
        await self.charge(play)
        assert ("charge_without_play", f"play:{play}", PRICE) in await self.world.reconciled()
        assert (await self.row(play))[0] == "review"
        return play

    async def charge(self, play: str) -> None:
        """Let the ledger contradict itself."""
        (body,) = {body for id_, body in self.ledger.received if id_ == f"play:{play}"}
        self.ledger._records.pop(f"play:{play}")
        now_ms, self.ledger.now_ms = self.ledger.now_ms, lambda: 0
        outcome = await self.ledger.apply(
            operation_id=f"play:{play}", body=body, lane=Lane.PLAY, subject="player:acme.ann", deadline=0.0
        )
        self.ledger.now_ms = now_ms
        assert isinstance(outcome, Applied)

    async def released(self) -> str:
        """A play in review whose player was told, rightly, that it was not charged."""
        play = await self.cancelled()
        await self.world.play("state = 'review', finished_ms = NULL", f"play:{play}")
        return play

    async def held(self) -> str:
        """A play in review that was never released, and whose debit the ledger has never seen."""
        play = await self.lost("held")
        await self.world.play("state = 'review'", f"play:{play}")
        return play


@pytest_asyncio.fixture
async def reviewer(
    app: Litestar, app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> AsyncIterator[Reviewer]:
    """Ann's plays, and who decides about them; at the end of each test all is audited."""
    yield Reviewer(world, app_client, issuer)
    await app.state.engine.close()
    await world.stage.audit()


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


async def test_of_many_managers_one_decides(reviewer: Reviewer) -> None:
    """However many press at once, there is one draw and one line in the history."""
    play = await reviewer.charged_after_all()
    people = ("mia", "max", "may", "moe")
    answers = await asyncio.gather(*(reviewer.decide(play, "settle", who=who) for who in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    pool = reviewer.world.resources.pool
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
