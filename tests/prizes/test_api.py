"""A player's inbox over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from game.campaigns.pool_store import points_due
from game.ids import wire_id
from game.ledger.reissue import reissue_refused
from game.ledger.rules import REISSUE_MS
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.prizes.rules import Won
from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger
from tests.prizes.conftest import CHANCES, GOODS, POINTS, VOUCHER
from tests.prizes.granting import granted, stock
from tests.support.service import ManualClock
from tests.support.settled import Campaign
from tests.support.tokens import Issuer

GRANTED_AT = "2026-09-21T14:13:20Z"

pytestmark = pytest.mark.asyncio


async def win(resources: Resources, campaign: Campaign, *ordinals: int, subject: str = "ann") -> list[Won]:
    """Settle a play of a new player and grant what it won."""
    won = await campaign.settle(await campaign.player(subject), *ordinals)
    await granted(resources, won)
    return won


def id_of(won: Won) -> str:
    """The prize's id on the wire."""
    return wire_id(won.campaign_id, won.grant_id)


async def inbox(client: httpx.AsyncClient, campaign: Campaign, **query: Any) -> dict[str, Any]:
    """The player's prizes in a campaign."""
    answer = await client.get(f"/v1/campaigns/{campaign.campaign_id}/me/prizes", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def uncover(resources: Resources, won: Won) -> None:
    """Uncover the ticket of a draw."""
    await resources.pool.execute(
        "UPDATE draw SET uncovered_ms = 1 WHERE campaign_id = $1 AND entry_index = $2",
        won.campaign_id,
        won.entry_index,
    )


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_prize_tells_what_it_is_and_which_draw_won_it(
    client: httpx.AsyncClient, resources: Resources, wheel: Campaign
) -> None:
    """The inbox and the prize's own address give the same."""
    (won,) = await win(resources, wheel, GOODS)
    page = await inbox(client, wheel)
    assert page == {
        "prizes": [
            {
                "id": f"campaign0001-{won.grant_id.hex}",
                "campaign": "campaign0001",
                "pool": "main",
                "play": f"campaign0001-{won.play_id.hex}",
                "entry_index": won.entry_index,
                "row": "row-2",
                "source": None,
                "kind": "goods",
                "amount": 1,
                "withheld": 0,
                "name": {"zh": "奖品", "en": "Prize"},
                "state": "granted",
                "code": None,
                "granted_at": GRANTED_AT,
                "redeemed_at": None,
            }
        ],
        "next": None,
    }
    assert (await client.get(f"/v1/prizes/{id_of(won)}")).json() == page["prizes"][0]


async def test_the_inbox_is_read_page_by_page_newest_first(
    client: httpx.AsyncClient, resources: Resources, wheel: Campaign
) -> None:
    """Each page ends with the cursor of the next, and no prize shows twice or is left out."""
    won = await win(resources, wheel, GOODS, CHANCES, GOODS, POINTS, CHANCES)
    newest_first = sorted(map(id_of, won), reverse=True)
    seen, query = [], {"limit": 2}
    for size in (2, 2, 1):
        page = await inbox(client, wheel, **query)
        assert len(page["prizes"]) == size
        seen += [prize["id"] for prize in page["prizes"]]
        query = {"limit": 2, "before": page["next"]}
    assert seen == newest_first
    assert page["next"] is None


async def test_the_cursor_is_one_of_this_inbox(client: httpx.AsyncClient, wheel: Campaign) -> None:
    """Anything else is refused, not read from the start."""
    other = wire_id("campaign0009", wheel.resources.new_id())
    for before in ("yesterday", other):
        answer = await client.get(f"/v1/campaigns/{wheel.campaign_id}/me/prizes", params={"before": before})
        assert refused(answer) == (422, "invalid_cursor")


async def test_a_page_has_a_limit(client: httpx.AsyncClient, wheel: Campaign) -> None:
    """Neither an empty page nor a huge one can be asked for."""
    for limit in (0, 51):
        answer = await client.get(f"/v1/campaigns/{wheel.campaign_id}/me/prizes", params={"limit": limit})
        assert refused(answer) == (422, "invalid_parameter")


async def test_points_are_paying_until_the_ledger_has_them(
    client: httpx.AsyncClient, resources: Resources, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """Then they are paid; what the budget could not pay is owed, and paid once the budget is funded."""
    await win(resources, wheel, POINTS, POINTS)
    ledger.fund(budget(wheel.campaign_id), 25)
    assert [prize["state"] for prize in (await inbox(client, wheel))["prizes"]] == ["paying", "paying"]
    clock.advance(RESEND_AFTER_MS)
    assert await resend_due(resources) == 2
    states = [prize["state"] for prize in (await inbox(client, wheel))["prizes"]]
    assert sorted(states) == ["paid", "paying"]
    async with resources.pool.acquire() as conn:
        assert await points_due(conn, campaign_id=wheel.campaign_id) == 25
    ledger.fund(budget(wheel.campaign_id), 25)
    clock.advance(REISSUE_MS)
    assert await reissue_refused(resources) == 1
    assert [prize["state"] for prize in (await inbox(client, wheel))["prizes"]] == ["paid", "paid"]
    async with resources.pool.acquire() as conn:
        assert await points_due(conn, campaign_id=wheel.campaign_id) == 0


async def test_a_covered_ticket_keeps_its_prize_to_itself(
    client: httpx.AsyncClient, resources: Resources, cards: Campaign
) -> None:
    """Not listed, not found, not redeemed, until that very ticket is uncovered."""
    await stock(resources, ["C1", "C2"], campaign_id=cards.campaign_id)
    first, second = await win(resources, cards, VOUCHER, VOUCHER)
    await uncover(resources, first)
    assert [prize["id"] for prize in (await inbox(client, cards))["prizes"]] == [id_of(first)]
    assert refused(await client.get(f"/v1/prizes/{id_of(second)}")) == (404, "prize_not_found")
    assert refused(await client.post(f"/v1/prizes/{id_of(second)}/redeem")) == (404, "prize_not_found")
    await uncover(resources, second)
    assert len((await inbox(client, cards))["prizes"]) == 2


async def test_redeeming_reveals_the_code_for_good(
    client: httpx.AsyncClient, resources: Resources, clock: ManualClock, wheel: Campaign
) -> None:
    """Before it no answer has the code; afterwards every one has, and the first time stands."""
    await stock(resources, ["SECRET"], campaign_id=wheel.campaign_id)
    (won,) = await win(resources, wheel, VOUCHER)
    before = await client.get(f"/v1/prizes/{id_of(won)}")
    assert (before.json()["state"], before.json()["code"]) == ("granted", None)
    assert "SECRET" not in before.text
    redeemed = await client.post(f"/v1/prizes/{id_of(won)}/redeem")
    assert redeemed.status_code == 200
    assert redeemed.json() == {
        **before.json(),
        "state": "redeemed",
        "code": "SECRET",
        "redeemed_at": GRANTED_AT,
    }
    clock.advance(60_000)
    assert (await client.post(f"/v1/prizes/{id_of(won)}/redeem")).json() == redeemed.json()
    assert (await inbox(client, wheel))["prizes"] == [redeemed.json()]


async def test_redeeming_at_once_from_two_devices_gives_one_answer(
    client: httpx.AsyncClient, resources: Resources, wheel: Campaign
) -> None:
    """Both see the same code and the same time."""
    await stock(resources, ["SECRET"], campaign_id=wheel.campaign_id)
    (won,) = await win(resources, wheel, VOUCHER)
    answers = await asyncio.gather(*(client.post(f"/v1/prizes/{id_of(won)}/redeem") for _ in range(4)))
    assert [answer.json()["code"] for answer in answers] == ["SECRET"] * 4
    assert len({answer.text for answer in answers}) == 1


async def test_what_cannot_be_redeemed_says_why(
    client: httpx.AsyncClient, resources: Resources, wheel: Campaign
) -> None:
    """Goods are no voucher; a voucher whose batch ran out is pending, and stays so."""
    goods, voucher = await win(resources, wheel, GOODS, VOUCHER)
    assert refused(await client.post(f"/v1/prizes/{id_of(goods)}/redeem")) == (409, "not_redeemable")
    assert refused(await client.post(f"/v1/prizes/{id_of(voucher)}/redeem")) == (409, "prize_pending")
    assert (await client.get(f"/v1/prizes/{id_of(voucher)}")).json()["state"] == "pending"


async def test_a_prize_is_its_winners_alone(
    client: httpx.AsyncClient, resources: Resources, wheel: Campaign, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Another player, and a player of another brand with the same name, find nothing."""
    await stock(resources, ["SECRET"], campaign_id=wheel.campaign_id)
    (won,) = await win(resources, wheel, VOUCHER)
    for headers in (issuer.headers("bo"), other_issuer.headers("ann")):
        page = await client.get(f"/v1/campaigns/{wheel.campaign_id}/me/prizes", headers=headers)
        assert page.json() == {"prizes": [], "next": None}
        for answer in (
            await client.get(f"/v1/prizes/{id_of(won)}", headers=headers),
            await client.post(f"/v1/prizes/{id_of(won)}/redeem", headers=headers),
        ):
            assert refused(answer) == (404, "prize_not_found")
    assert (await client.get(f"/v1/prizes/{id_of(won)}")).json()["state"] == "granted"


@pytest.mark.usefixtures("wheel")
@pytest.mark.parametrize(
    "prize_id", ["1", "campaign0001-", "campaign0001-" + "0" * 32, "CAMPAIGN0001-" + "0" * 32]
)
async def test_an_id_of_nothing_is_not_found(client: httpx.AsyncClient, prize_id: str) -> None:
    """Malformed or unknown, the answer is the same."""
    assert refused(await client.get(f"/v1/prizes/{prize_id}")) == (404, "prize_not_found")


async def test_only_players_have_an_inbox(client: httpx.AsyncClient, wheel: Campaign, issuer: Issuer) -> None:
    """A manager's token is not a player's."""
    answer = await client.get(
        f"/v1/campaigns/{wheel.campaign_id}/me/prizes", headers=issuer.headers("max", "manager")
    )
    assert refused(answer) == (403, "role_required")
