"""Whoever guesses, steals or repeats codes learns nothing and has nothing."""

import json

import pytest

from game.gifts.rules import DAY_MS
from tests.gifts.party import Party
from tests.support.pools import wheel
from tests.support.stage import Stage
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio


async def test_codes_that_open_nothing_are_told_apart_by_nobody(party: Party) -> None:
    """Wrong, no code at all, redeemed by another, cancelled, expired: the same answer to the letter."""
    await party.stage.grant(party.campaign_id, "ann", 4, lasts_ms=DAY_MS)
    codes = [(await party.given("ann"))[1] for _ in range(2)]
    cancelled, of_cancelled = await party.given("ann")
    await party.redeem("bob", codes[0])
    await party.cancel("ann", cancelled)
    early = [
        await party.redeem("eve", code) for code in (codes[0], of_cancelled, "0" * 20, "x", codes[1][:-1])
    ]
    party.stage.clock.advance(DAY_MS)
    answers = {answer.text for answer in (*early, await party.redeem("eve", codes[1]))}
    assert len(answers) == 1
    assert json.loads(answers.pop())["code"] == "gift_not_found"


async def test_a_code_opens_nothing_elsewhere(party: Party, stage: Stage, other_issuer: Issuer) -> None:
    """In another campaign of the brand it is a wrong code; in another brand the campaign is not there."""
    await stage.grant(party.campaign_id, "ann", 1)
    _, code = await party.given("ann")
    elsewhere = Party(stage, party.client, party.issuer, await stage.launch(wheel()))
    assert (await elsewhere.redeem("bob", code)).json()["code"] == "gift_not_found"
    stranger = Party(stage, party.client, other_issuer, party.campaign_id)
    assert (await stranger.redeem("bob", code)).json()["code"] == "campaign_not_found"
    assert (await party.redeem("bob", code)).status_code == 200


async def test_a_code_stands_nowhere(party: Party, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in the database nor in the log, whether it is redeemed or refused."""
    await party.stage.grant(party.campaign_id, "ann", 2)
    (_, code), (_, wrong) = await party.given("ann"), await party.given("ann")
    await party.redeem("bob", code)
    await party.redeem("ann", wrong)
    rows = await party.resources.pool.fetch("SELECT g::text AS text FROM gift AS g")
    written = capfd.readouterr()
    stored = " ".join(row["text"] for row in rows)
    for each in (code, wrong):
        letters = each.replace("-", "")
        for text in (each, letters, letters.encode().hex(), each.encode().hex()):
            assert text not in written.out + written.err + stored


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 0},
        {"amount": 11},
        {"amount": -1},
        {"amount": "1"},
        {"days": 0},
        {"days": 31},
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"kind": "points"},
        {"kind": "badge", "badge": "tiger", "amount": 1},
    ],
)
async def test_what_is_no_gift(party: Party, body: dict[str, object]) -> None:
    """It is refused by its shape, and no chance moves."""
    await party.stage.grant(party.campaign_id, "ann", 20)
    assert (await party.give("ann", "k", **body)).status_code == 422
    assert await party.units("ann") == 20


async def test_chances_are_passed_on_no_longer_than_they_are_good(party: Party) -> None:
    """However often they change hands."""
    await party.stage.grant(party.campaign_id, "ann", 1, lasts_ms=DAY_MS)
    for giver, recipient in (("ann", "bob"), ("bob", "cy"), ("cy", "ann")):
        _, code = await party.given(giver, days=30)
        await party.redeem(recipient, code)
    assert await party.lots("ann") == [(1, DAY_MS)]
