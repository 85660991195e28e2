"""What becomes of credentials whose badges are given back, given away or spent."""

from typing import Any

import pytest

from game.credentials.service import LIST_MS
from game.players import player_id_of
from game.prizes.rewards import RewardKey, take_back
from tests.badges.album import BADGES, Album
from tests.campaigns.office import Office, Someone
from tests.credentials.test_export import opened
from tests.credentials.verifier import NotVerifiedError
from tests.credentials.wallet import Wallet

pytestmark = pytest.mark.asyncio


async def take(wallet: Wallet, award: str) -> None:
    """Take a badge back, as the reversal of what it was awarded for does."""
    [source] = [each["source"] for each in await wallet.awards() if each["id"] == award]
    resources = wallet.office.resources
    player_id = await player_id_of(resources, Someone("ann"))
    key = RewardKey(campaign_id=wallet.album.campaign_id, player_id=player_id, source=source)
    async with resources.pool.acquire() as conn, conn.transaction():
        await take_back(conn, resources, [key])


async def present(wallet: Wallet, subject: str, path: str, body: Any) -> Any:
    """Give a gift or redeem one, which must succeed; the answer."""
    headers = wallet.office.issuer.headers(subject) | {"Idempotency-Key": "k"}
    answer = await wallet.office.client.post(
        f"/v1/campaigns/{wallet.album.campaign_id}/me/{path}", headers=headers, json=body
    )
    assert answer.is_success, answer.text
    return answer.json()


def later(wallet: Wallet) -> None:
    """Let lists be made anew."""
    clock: Any = wallet.office.resources.clock
    clock.advance(LIST_MS)


async def test_taken_back(wallet: Wallet) -> None:
    """Its credential does not verify any more, and is not given again; others are what they were."""
    kept, gone = [await wallet.awarded(badge=badge) for badge in ("ox", "rat")]
    first, second = [await wallet.exported(award) for award in (kept, gone)]
    await opened(wallet, second)
    await take(wallet, gone)
    later(wallet)
    await opened(wallet, first)
    with pytest.raises(NotVerifiedError, match="revoked"):
        await opened(wallet, second)
    refused = await wallet.ask(gone)
    assert (refused.status_code, refused.json()["code"]) == (409, "badge_gone")
    assert refused.json()["state"] == "reversed"
    assert {each["id"]: each["refused"] for each in await wallet.awards()} == {kept: None, gone: "badge_gone"}


async def test_given_away(office: Office) -> None:
    """One badge has one holder: the giver's credential is revoked once somebody has taken the gift."""
    wallet = Wallet(await Album.opened(office, gifts=True))
    await wallet.issue()
    awards = {await wallet.awarded() for _ in range(2)}
    tokens = {award: await wallet.exported(award) for award in awards}
    made = await present(wallet, "ann", "gifts", {"kind": "badge", "badge": "ox"})
    [given] = [each["id"] for each in await wallet.awards() if each["state"] == "gifted"]
    assert (await wallet.ask(given)).json()["state"] == "gifted"
    await opened(wallet, tokens[given])
    await present(wallet, "bob", "gift-codes/redeem", {"code": made["code"]})
    later(wallet)
    with pytest.raises(NotVerifiedError, match="revoked"):
        await opened(wallet, tokens[given])
    [kept] = awards - {given}
    await opened(wallet, tokens[kept])
    [received] = await wallet.awards("bob")
    await opened(wallet, await wallet.exported(received["id"], subject="bob"))


async def test_spent(wallet: Wallet) -> None:
    """Whoever redeems a set has earned its badges all the same."""
    awards = [await wallet.awarded(badge=badge) for badge in BADGES]
    before = await wallet.exported(awards[0])
    assert (await wallet.album.trade("ann", "k", kind="redeem")).status_code == 200
    await opened(wallet, before)
    await opened(wallet, await wallet.exported(awards[1]))


async def test_a_list_is_cached_briefly(wallet: Wallet) -> None:
    """A revocation is seen within a minute, and anybody may ask from anywhere."""
    answer = await wallet.office.client.get("/v1/open-badges/acme/status/0")
    assert answer.headers["cache-control"] == "max-age=60, public"
    assert answer.headers["access-control-allow-origin"] == "*"
