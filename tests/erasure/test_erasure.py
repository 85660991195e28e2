"""Whoever is erased is nowhere any more, and all that was proven stays proven."""

from collections.abc import Callable

import pytest

from game.app import EVENT_STEPS
from game.erasure.service import GRACE_MS, RETRY_MS, ask_erasure, finish_erasures
from game.errors import Forbidden
from game.fair.receipt import verify_receipt
from game.ledger.reconcile import reconcile_now
from game.ledger.report import report
from game.ledger.service import resend_due
from game.players import forget_leaving, player_id_of
from game.tasks.processing import process_events
from tests.erasure.person import SUBJECT, asked, live, receipts, traces
from tests.support.auditing import rows_of, verified
from tests.support.pools import cards, wheel
from tests.support.stage import Guest, Stage, engine_of, player
from tests.support.tokens import Issuer

Guests = Callable[[str, str], Guest]


async def erased(stage: Stage) -> None:
    """Let the erasure come to its end, which a step of the running application may be faster to bring."""
    while await process_events(stage.resources):
        pass
    stage.clock.advance(GRACE_MS)
    await finish_erasures(stage.resources)
    (row,) = await rows_of(stage.resources, "SELECT done_ms FROM erasure")
    assert row["done_ms"] == stage.clock()


@pytest.mark.asyncio
async def test_nothing_names_an_erased_player_and_every_proof_holds(
    stage: Stage, guest: Guests, issuer: Issuer
) -> None:
    """The subject is in no table, and the log and all its receipts are what they were."""
    campaign_id = await stage.launch(wheel(), cards())
    zoe, admin = guest(campaign_id, SUBJECT), issuer.headers("root", "admin")
    plays = await live(stage, zoe)
    before, proofs = await traces(stage.resources), await receipts(stage, campaign_id)
    assert before.keys() >= {"player", "play", "operation", "ledger_entry", "event", "campaign_change"}
    assert (await asked(zoe.client, admin)).status_code == 202
    await erased(stage)
    assert await traces(stage.resources) == {}
    assert (await asked(zoe.client, admin)).status_code == 404
    assert (await verified(stage.resources, campaign_id)).verdict == "OK"
    verifier = await stage.verifier(campaign_id)
    for each in proofs:
        verify_receipt(each.receipt, each.entry, verifier)
    assert await receipts(stage, campaign_id) == proofs
    assert len(plays) == await stage.resources.pool.fetchval(
        "SELECT count(*) FROM play WHERE state = 'settled'"
    )


@pytest.mark.asyncio
async def test_reconciliation_finds_nothing_of_an_erased_player(
    stage: Stage, guest: Guests, issuer: Issuer
) -> None:
    """Not even when the feed is read again, in which the ledger still has the account: our copies do not."""
    campaign_id = await stage.launch(wheel(), cards())
    zoe = guest(campaign_id, SUBJECT)
    await live(stage, zoe)
    await asked(zoe.client, issuer.headers("root", "admin"))
    await erased(stage)
    stage.clock.advance(86_400_000)
    for name in ("recent", "full"):
        await reconcile_now(stage.resources, name)
    found = await report(stage.resources, brand_id=None, after=0, limit=10)
    assert (list(found.sums), list(found.breaks)) == ([], [])
    assert await traces(stage.resources) == {}


@pytest.mark.asyncio
async def test_who_comes_back_is_somebody_else(stage: Stage, guest: Guests) -> None:
    """The same subject is a new player with a new tag, and nothing of the old one is shown to it."""
    campaign_id = await stage.launch(wheel())
    zoe = guest(campaign_id, SUBJECT)
    stage.fund(SUBJECT, 1_000)
    await zoe.sit("wheel")
    play_id = (await zoe.play("wheel", "key", 1)).json()["id"]
    old = await player_id_of(stage.resources, player(SUBJECT))
    assert (await zoe.send("POST", "/me/erasure")).status_code == 202
    await erased(stage)
    await zoe.sit("wheel")
    assert await player_id_of(stage.resources, player(SUBJECT)) != old
    tags = await rows_of(stage.resources, "SELECT DISTINCT tag FROM standing")
    assert len(tags) == 2
    assert (await zoe.read(play_id)).status_code == 404
    assert (await zoe.send("GET", f"/campaigns/{campaign_id}/me/plays")).json()["plays"] == []


@pytest.mark.asyncio
async def test_what_is_under_way_is_finished_first(backstage: Stage) -> None:
    """What was won is paid; meanwhile nothing new is begun, and it is said what is waited for."""
    campaign_id = await backstage.launch(wheel())
    resources, zoe = backstage.resources, player(SUBJECT)
    engine = engine_of(resources)
    await backstage.grant(campaign_id, SUBJECT, 10)
    await backstage.sit(engine, campaign_id, SUBJECT, "wheel")
    backstage.ledger.reachable = False
    await backstage.play(engine, campaign_id, SUBJECT, "wheel", key="key", draws=10, paid_with="chance")
    waiting = (await ask_erasure(resources, zoe, zoe, asked_by="player")).waits_for
    assert waiting.keys() == {"credits"}
    with pytest.raises(Forbidden, match="The player is being erased"):
        await player_id_of(resources, zoe)
    backstage.clock.advance(GRACE_MS)
    assert await finish_erasures(resources) == 0
    assert (await ask_erasure(resources, zoe, zoe, asked_by="player")).waits_for == waiting
    backstage.ledger.reachable = True
    assert await resend_due(resources) == waiting["credits"]
    assert await finish_erasures(resources) == 0, "it is put off for a while"
    backstage.clock.advance(RETRY_MS)
    assert await finish_erasures(resources) == 1
    await engine.close()


def test_the_service_erases_by_itself() -> None:
    """Every process forgets whom it must, and finishes what is due."""
    assert {"players.forget", "players.erase"} <= {step.name for step in EVENT_STEPS}


@pytest.mark.asyncio
async def test_only_a_brands_admin_erases_its_players(
    stage: Stage, guest: Guests, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Others are refused, to another brand's admin nobody is there. Who asked is written down."""
    campaign_id = await stage.launch(wheel())
    zoe = guest(campaign_id, SUBJECT)
    await zoe.sit("wheel")
    for role in ("player", "support", "manager", "approver", "auditor"):
        assert (await asked(zoe.client, issuer.headers("mia", role))).status_code == 403
    assert (await asked(zoe.client, other_issuer.headers("root", "admin"))).status_code == 404
    for _ in range(2):
        assert (await asked(zoe.client, issuer.headers("root", "admin"))).status_code == 202
    page = await zoe.send("GET", f"/campaigns/{campaign_id}")
    assert (page.status_code, page.json()["you"]) == (200, None)
    assert (await zoe.anchor("wheel")).json()["code"] == "erasure_pending"
    (row,) = await rows_of(stage.resources, "SELECT asked_by, done_ms FROM erasure")
    assert row == {"asked_by": "root", "done_ms": None}


@pytest.mark.asyncio
async def test_many_who_leave_at_once(backstage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, none of them is remembered: their number does not let anybody go on."""
    monkeypatch.setattr("game.players.LEAVING_PAGE", 1)
    leaving = [player("zoe"), player("yan"), player("xia")]
    for each in leaving:
        await player_id_of(backstage.resources, each)
    await backstage.resources.pool.execute(
        "INSERT INTO erasure SELECT brand_id, player_id, 'player', 0, 0, NULL FROM player"
    )
    await forget_leaving(backstage.resources)
    for each in leaving:
        with pytest.raises(Forbidden):
            await player_id_of(backstage.resources, each)
