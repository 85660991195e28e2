"""A shop whose campaign, still a draft, has a task; boards are added to it."""

import pytest
import pytest_asyncio

from game.boards import ladder
from tests.boards.hall import Hall
from tests.tasks.conftest import app, client, office, resources, shop
from tests.tasks.shop import Shop

__all__ = ["app", "client", "office", "resources", "shop"]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no Redis that is away, whose pause a clock that stands would never end."""
    monkeypatch.setattr(ladder, "CALL_SECONDS", 60.0)


@pytest_asyncio.fixture
async def hall(shop: Shop) -> Hall:
    """The boards of a campaign with the task `buy`."""
    await shop.saved(times_per_window=30)
    return Hall(shop)
