"""What becomes of credentials whose badges are given back, given away or spent."""

import pytest

from game.players import player_id_of
from game.prizes.rewards import RewardKey, take_back
from tests.badges.album import BADGES
from tests.campaigns.office import Someone
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


async def test_taken_back(wallet: Wallet) -> None:
    """Its credential does not verify any more, and is not given again; others are what they were."""
    kept, gone = [await wallet.awarded(badge=badge) for badge in ("ox", "rat")]
    first, second = [await wallet.exported(award) for award in (kept, gone)]
    await take(wallet, gone)
    await opened(wallet, first)
    with pytest.raises(NotVerifiedError, match="revoked"):
        await opened(wallet, second)
    refused = await wallet.ask(gone)
    assert (refused.status_code, refused.json()["code"]) == (409, "badge_gone")
    assert refused.json()["state"] == "reversed"
    assert {each["id"]: each["refused"] for each in await wallet.awards()} == {kept: None, gone: "badge_gone"}


async def test_given_away(wallet: Wallet) -> None:
    """One badge has one holder."""
    award = await wallet.awarded()
    token = await wallet.exported(award)
    await wallet.office.resources.pool.execute("UPDATE badge_award SET state = 'gifted'")
    with pytest.raises(NotVerifiedError, match="revoked"):
        await opened(wallet, token)
    assert (await wallet.ask(award)).json()["state"] == "gifted"


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
