"""A live campaign with badges, and a brand that has named who issues them."""

import pytest_asyncio

from tests.badges.album import Album
from tests.campaigns.conftest import client, ledger, office, resources, still_app
from tests.campaigns.office import Office
from tests.credentials.wallet import Wallet

__all__ = ["client", "ledger", "office", "resources", "still_app"]


@pytest_asyncio.fixture
async def wallet(office: Office) -> Wallet:
    """The badges of players of a live campaign, and who issues them."""
    made = Wallet(await Album.opened(office))
    await made.issue()
    return made
