"""What features promise, and badges that pools pay, from the draft to the launch and after it."""

import msgspec
import pytest

from game.campaigns.access import desk_of
from game.campaigns.badge_store import badges_of_campaign, define_badge
from game.campaigns.drafting import add_pool, create_campaign
from game.campaigns.drafts import CampaignDraft, PoolDraft
from game.campaigns.launch import launch
from game.campaigns.promise_store import promises_left
from game.campaigns.promises import promise
from game.campaigns.records import Badge, Promise
from game.campaigns.replacement import replace_pool
from game.campaigns.rules import BadgeName, Text
from game.campaigns.service import pool_terms
from game.errors import Conflict, Invalid
from game.players import player_id_of
from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger
from tests.campaigns.office import campaign
from tests.support.pools import pool, row
from tests.support.rewarding import Recipient
from tests.support.service import ManualClock
from tests.support.stage import MANAGER, Stage, engine_of, player
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio
TIGER = Badge(badge_id="tiger", name=Text(zh="虎", en="Tiger"), description=Text(zh="虎", en="A tiger"))
DEAR = pool("dear", row("ten", "points", 10, weight=1), draws_cap=5)


async def drafted(resources: Resources, issuer: Issuer) -> str:
    """A draft without pools that has a badge."""
    assert issuer.brand_id == "acme"
    draft = msgspec.convert(campaign(), CampaignDraft, strict=False)
    campaign_id = await create_campaign(resources, MANAGER, draft)
    async with resources.pool.acquire() as conn:
        await define_badge(conn, TIGER, campaign_id=campaign_id)
        assert await badges_of_campaign(conn, campaign_id=campaign_id) == [TIGER]
    return campaign_id


async def promised(resources: Resources, campaign_id: str, source: str, points: int, **vouchers: int) -> None:
    """What a feature does when its definitions are saved."""
    async with desk_of(resources, MANAGER, campaign_id) as work:
        await promise(work, Promise(points=points, vouchers=vouchers), source=source)


async def test_a_launch_demands_what_is_promised(
    resources: Resources, ledger: FakeLedger, issuer: Issuer
) -> None:
    """Points and codes, beside those of the pools; the last word of each feature counts."""
    campaign_id = await drafted(resources, issuer)
    await add_pool(resources, MANAGER, msgspec.convert(DEAR, PoolDraft), campaign_id=campaign_id)
    await promised(resources, campaign_id, "task:a", 1_000)
    await promised(resources, campaign_id, "task:a", 30)
    await promised(resources, campaign_id, "task:b", 7, tea=1)
    ledger.fund(budget(campaign_id), 86)
    with pytest.raises(Conflict) as underfunded:
        await launch(resources, MANAGER, campaign_id=campaign_id)
    assert (underfunded.value.code, underfunded.value.numbers["needed"]) == ("underfunded", 87)
    ledger.fund(budget(campaign_id), 1)
    with pytest.raises(Conflict, match="tea has 0 free codes"):
        await launch(resources, MANAGER, campaign_id=campaign_id)
    await resources.pool.execute("INSERT INTO voucher VALUES ($1, 'tea', 'T1')", campaign_id)
    await launch(resources, MANAGER, campaign_id=campaign_id)


async def test_what_was_given_is_promised_no_more(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> None:
    """Until it is taken back; a pool that follows another needs no points twice."""
    campaign_id = await drafted(resources, issuer)
    await add_pool(resources, MANAGER, msgspec.convert(DEAR, PoolDraft), campaign_id=campaign_id)
    await promised(resources, campaign_id, "task:a", 30, tea=1)
    await resources.pool.execute("INSERT INTO voucher VALUES ($1, 'tea', 'T1')", campaign_id)
    ledger.fund(budget(campaign_id), 80)
    await launch(resources, MANAGER, campaign_id=campaign_id)
    ann_id = await player_id_of(resources, player("ann"))
    ann = Recipient(resources, clock, campaign_id, ann_id, "ann")
    await ann.give(ann.reward("task:a:1", amount=20), ann.reward("task:a:2", "voucher"))
    await ann.give(ann.reward("task:another", amount=1))

    async def left() -> list[Promise]:
        async with resources.pool.acquire() as conn:
            return await promises_left(conn, campaign_id=campaign_id)

    assert await left() == [Promise(points=10, vouchers={"tea": 0})]
    ledger.fund(budget(campaign_id), 1)
    follows = msgspec.convert(DEAR | {"pool_id": "next"}, PoolDraft)
    await replace_pool(resources, MANAGER, follows, campaign_id=campaign_id, pool_id="dear")
    await ann.take_back("task:a:1", "task:a:2")
    assert await left() == [Promise(points=30, vouchers={"tea": 1})]


async def test_a_pool_pays_badges_that_are_defined(resources: Resources, issuer: Issuer) -> None:
    """Each by its id and one at a time; nothing else names a badge."""
    campaign_id = await drafted(resources, issuer)
    won = row("tiger", "badge", weight=1)

    async def refused(**prize: object) -> object:
        proposed = pool("wheel", won | {"prize": won["prize"] | prize}, draws_cap=5)
        with pytest.raises(Invalid) as refusal:
            await add_pool(resources, MANAGER, msgspec.convert(proposed, PoolDraft), campaign_id=campaign_id)
        return refusal.value.numbers["field"]

    assert await refused() == "$.rows[0].prize.badge"
    assert await refused(badge="lion") == "$.rows[0].prize.badge"
    assert await refused(badge="tiger", amount=2) == "$.rows[0].prize.amount"
    assert await refused(badge="tiger", kind="goods") == "$.rows[0].prize.badge"


async def test_a_badge_that_is_drawn_is_awarded_with_its_draw(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> None:
    """In the same transaction, without any funds, and its winner finds it among the prizes."""
    campaign_id = await drafted(resources, issuer)
    won = row("tiger", "badge", weight=1)
    won["prize"]["badge"] = "tiger"
    proposed = msgspec.convert(pool("wheel", won, draws_cap=5), PoolDraft)
    await add_pool(resources, MANAGER, proposed, campaign_id=campaign_id)
    await launch(resources, MANAGER, campaign_id=campaign_id)
    clock.advance(2 * 3_600_000)
    stage = Stage(resources, ledger, clock)
    stage.campaign_ids.append(campaign_id)
    stage.fund("ann", 100)
    engine = engine_of(resources)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    await stage.play(engine, campaign_id, "ann", "wheel", key="one", draws=2)
    await engine.close()
    terms = await pool_terms(resources, campaign_id=campaign_id, pool_id="wheel")
    assert terms.prizes[0].badge == BadgeName(badge_id="tiger", name=TIGER.name)
    awards = await resources.pool.fetch("SELECT badge_id, state, source FROM badge_award ORDER BY source")
    assert [(each["badge_id"], each["state"]) for each in awards] == [("tiger", "held")] * 2
    assert all(each["source"].startswith("draw:") for each in awards)
    await stage.audit(in_flight_allowed=False)
