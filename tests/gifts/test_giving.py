"""Gifts of chances over HTTP: given, redeemed, cancelled, expired."""

import pytest

from game.gifts.returning import expire_gifts
from game.gifts.rules import DAY_MS, GIVEN_MAX, RECEIVED_MAX
from game.plays.service import uncover
from tests.gifts.party import Party
from tests.support.rewarding import count
from tests.support.stage import engine_of, player

HOUR_MS = 3_600_000
pytestmark = pytest.mark.asyncio


async def test_chances_arrive_as_good_as_they_were(party: Party) -> None:
    """Those that expire first leave first, and arrive as a lot for each lot, good exactly as long."""
    await party.stage.grant(party.campaign_id, "ann", 3, lasts_ms=5 * HOUR_MS)
    await party.stage.grant(party.campaign_id, "ann", 2, lasts_ms=2 * HOUR_MS)
    gift_id, code = await party.given("ann", 4)
    assert await party.lots("ann") == [(1, 5 * HOUR_MS)]
    answer = await party.redeem("bob", code)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["amount"]) == (gift_id, 4)
    assert await party.lots("bob") == [(2, 2 * HOUR_MS), (2, 5 * HOUR_MS)]
    prizes = (await party.send("bob", "GET", "prizes")).json()["prizes"]
    assert [(each["source"]["zh"], each["kind"]) for each in prizes] == [("好友赠送", "chances")] * 2


async def test_chances_that_were_given_can_be_played(party: Party) -> None:
    """By the recipient, and by the giver no more."""
    await party.stage.grant(party.campaign_id, "ann", 2)
    _, code = await party.given("ann", 2)
    await party.redeem("bob", code)
    engine = engine_of(party.resources)
    await party.stage.sit(engine, party.campaign_id, "bob", "wheel")
    played = await party.stage.play(
        engine, party.campaign_id, "bob", "wheel", key="k", draws=2, paid_with="chance"
    )
    await engine.close()
    assert (played.state, await count(party.resources, "chance_use", "units = 2")) == ("settled", 1)
    assert (await party.give("ann", "more")).json()["code"] == "too_few_chances"


async def test_what_lies_under_a_covered_ticket_is_not_given(party: Party) -> None:
    """A gift of it would tell what the ticket has won."""
    engine = engine_of(party.resources)
    party.stage.fund("ann", 10)
    await party.stage.sit(engine, party.campaign_id, "ann", "again")
    played = await party.stage.play(engine, party.campaign_id, "ann", "again", key="k")
    refused = await party.give("ann", "gift")
    assert (refused.json()["code"], refused.json()["have"]) == ("too_few_chances", 0)
    await uncover(engine, player("ann"), played.id, (1,))
    await engine.close()
    assert (await party.give("ann", "gift")).status_code == 201


async def test_the_same_key_gives_once(party: Party) -> None:
    """The answer is the same, code included; for something else the key is refused."""
    await party.stage.grant(party.campaign_id, "ann", 5)
    first, again = [await party.give("ann", "k", amount=2) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await party.give("ann", "k", amount=3)).json()["code"] == "idempotency_mismatch"
    assert await party.units("ann") == 3


async def test_a_code_is_read_as_it_is_typed(party: Party) -> None:
    """Case, blanks and look-alikes do not matter; redeemed again it answers the same and gives no more."""
    await party.stage.grant(party.campaign_id, "ann", 1)
    _, code = await party.given("ann")
    typed = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')}"
    first, again = await party.redeem("bob", typed), await party.redeem("bob", code)
    assert (first.status_code, first.json()) == (200, again.json())
    assert await party.units("bob") == 1


async def test_a_gift_says_how_it_stands(party: Party) -> None:
    """To giver and recipient, neither of whom is told the other or the code; 304 while nothing changes."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    gift_id, code = await party.given("ann", 2)
    await party.given("ann", 1)
    await party.redeem("bob", code)
    answer = await party.send("ann", "GET", "gifts")
    assert [(each["state"], each["amount"]) for each in answer.json()["given"]] == [
        ("open", 1),
        ("redeemed", 2),
    ]
    assert code not in answer.text
    (received,) = (await party.mine("bob"))["received"]
    assert (received["id"], received["kind"], received["badge"]) == (gift_id, "chances", None)
    same = await party.send("ann", "GET", "gifts", **{"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304


async def test_cancelled_chances_are_back(party: Party) -> None:
    """With their old expiry; the code opens nothing any more; cancelled again it says the same."""
    await party.stage.grant(party.campaign_id, "ann", 3, lasts_ms=HOUR_MS)
    gift_id, code = await party.given("ann", 3)
    first, again = [await party.cancel("ann", gift_id) for _ in range(2)]
    assert (first.status_code, first.json()["state"], first.json()) == (200, "cancelled", again.json())
    assert await party.lots("ann") == [(3, HOUR_MS)]
    assert (await party.redeem("bob", code)).json()["code"] == "gift_not_found"


async def test_a_redeemed_gift_is_not_cancelled(party: Party) -> None:
    """It is told why; nobody else finds the gift at all."""
    await party.stage.grant(party.campaign_id, "ann", 1)
    gift_id, code = await party.given("ann")
    assert (await party.cancel("bob", gift_id)).status_code == 404
    await party.redeem("bob", code)
    refused = await party.cancel("ann", gift_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_state")
    assert refused.json()["state"] == "redeemed"


async def test_what_nobody_redeems_goes_back(party: Party) -> None:
    """Once its term is over, by a step that does nothing before and nothing after."""
    await party.stage.grant(party.campaign_id, "ann", 2, lasts_ms=5 * DAY_MS)
    _, code = await party.given("ann", 2, days=1)
    party.stage.clock.advance(DAY_MS - 1)
    assert await expire_gifts(party.resources) == 0
    party.stage.clock.advance(1)
    assert (await party.redeem("bob", code)).status_code == 404
    assert [await expire_gifts(party.resources) for _ in range(2)] == [1, 0]
    assert await party.lots("ann") == [(2, 4 * DAY_MS)]
    assert (await party.mine("ann"))["given"][0]["state"] == "expired"


async def test_a_step_ends_so_many_gifts(party: Party) -> None:
    """The rest is left to the next one."""
    await party.stage.grant(party.campaign_id, "ann", 3, lasts_ms=HOUR_MS)
    for _ in range(3):
        await party.given("ann")
    party.stage.clock.advance(HOUR_MS)
    assert [await expire_gifts(party.resources, limit=2) for _ in range(3)] == [2, 1, 0]


async def test_a_gift_is_good_no_longer_than_its_chances(party: Party) -> None:
    """Nor longer than the campaign."""
    await party.stage.grant(party.campaign_id, "ann", 1, lasts_ms=HOUR_MS)
    await party.stage.grant(party.campaign_id, "bob", 1, lasts_ms=90 * DAY_MS)
    await party.given("ann")
    await party.given("bob", days=30)
    ends = "SELECT expires_ms - given_ms FROM gift ORDER BY expires_ms"
    assert [row[0] for row in await party.resources.pool.fetch(ends)] == [HOUR_MS, 10 * DAY_MS]


async def test_gifts_given_and_received_in_a_day_are_bounded(party: Party) -> None:
    """Whatever became of them; a day later there is room again."""
    for giver in ("ann", "cy"):
        await party.stage.grant(party.campaign_id, giver, 20, lasts_ms=5 * DAY_MS)
    codes = [(await party.given("ann"))[1] for _ in range(GIVEN_MAX)]
    refused = await party.give("ann", "more")
    assert (refused.status_code, refused.json()["code"]) == (409, "gifts_given_per_day")
    assert (refused.json()["limit"], refused.json()["used"]) == (GIVEN_MAX, GIVEN_MAX)
    for code in codes[:RECEIVED_MAX]:
        assert (await party.redeem("bob", code)).status_code == 200
    _, code = await party.given("cy")
    assert (await party.redeem("bob", code)).json()["code"] == "gifts_received_per_day"
    party.stage.clock.advance(DAY_MS)
    assert (await party.redeem("bob", code)).status_code == 200
    await party.given("ann")


async def test_nobody_gives_to_themselves(party: Party) -> None:
    """The gift stays open for somebody else."""
    await party.stage.grant(party.campaign_id, "ann", 1)
    _, code = await party.given("ann")
    refused = await party.redeem("ann", code)
    assert (refused.status_code, refused.json()["code"]) == (409, "own_gift")
    assert (await party.redeem("bob", code)).status_code == 200


async def test_a_campaign_that_is_not_live_has_no_gifts(party: Party) -> None:
    """Paused or ended it refuses both ends; what lies in a gift can be had back all the same."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    gift_id, code = await party.given("ann")
    for way, reason in (("pause", "campaign_paused"), ("end", "campaign_ended")):
        await party.stage.turn(way, party.campaign_id)
        assert (await party.give("ann", "k")).json()["code"] == reason
        assert (await party.redeem("bob", code)).json()["code"] == reason
    assert (await party.cancel("ann", gift_id)).status_code == 200


async def test_what_the_recipient_owes_is_withheld(party: Party) -> None:
    """A debt of chances is settled by a gift as by any reward."""
    await party.reward("bob", "task:a:1", 2)
    await party.redeem("cy", (await party.given("bob", 2))[1])
    await party.reverse("bob", "task:a:1")
    await party.stage.grant(party.campaign_id, "ann", 3)
    await party.redeem("bob", (await party.given("ann", 3))[1])
    assert (await party.units("bob"), await (await party.someone("bob")).debt("chances")) == (1, 0)
