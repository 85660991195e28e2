"""The application without its steps, a manager, and a live campaign with a set of three badges."""

import pytest_asyncio

from tests.badges.album import Album
from tests.campaigns.conftest import client, ledger, office, resources, still_app
from tests.campaigns.office import Office

__all__ = ["album", "client", "ledger", "office", "resources", "still_app"]


@pytest_asyncio.fixture
async def album(office: Office) -> Album:
    """A live campaign whose wheel pays the badges of a set."""
    return await Album.opened(office)
