"""A campaign that pays every kind of prize, over a service that shows them."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from game.app import build_app
from game.prizes.api import Prizes
from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger
from tests.prizes.granting import stock
from tests.support.app import client_of, running, settings_for
from tests.support.rewarding import Recipient, define_tiger
from tests.support.service import ManualClock
from tests.support.settled import Campaign, open_campaign, resources_of
from tests.support.terms import prize
from tests.support.tokens import Issuer

PRIZES = (
    prize(0, kind="points", amount=25),
    prize(1, kind="voucher"),
    prize(2, kind="goods"),
    prize(3, kind="chances", amount=3),
    prize(4, kind="nothing"),
)
POINTS, VOUCHER, GOODS, CHANCES, NOTHING = range(5)


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """A service's resources over a database of its own."""
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def wheel(resources: Resources, issuer: Issuer) -> Campaign:
    """A live campaign whose pool pays the prizes above, each shown at once."""
    assert issuer.brand_id == "acme"
    return await open_campaign(resources, PRIZES, game="wheel")


@pytest_asyncio.fixture
async def cards(resources: Resources, issuer: Issuer) -> Campaign:
    """A live campaign of scratch cards that pay the prizes above, covered at first."""
    assert issuer.brand_id == "acme"
    return await open_campaign(resources, PRIZES, game="scratch", campaign_id="campaign0002")


@pytest_asyncio.fixture
async def client(
    database_url: str,
    redis_url: str,
    ledger: FakeLedger,
    clock: ManualClock,
    issuer: Issuer,
    other_issuer: Issuer,
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the prizes' routes, as ann of acme; the service knows another brand too."""
    assert other_issuer.brand_id != issuer.brand_id
    app = build_app(settings_for(database_url, redis_url), ledger=ledger, clock=clock, controllers=(Prizes,))
    async with running(app), client_of(app, headers=issuer.headers("ann")) as opened:
        yield opened


@pytest_asyncio.fixture
async def ann(wheel: Campaign, ledger: FakeLedger, clock: ManualClock) -> Recipient:
    """A player of a funded campaign that has a badge and two codes."""
    ledger.fund(budget(wheel.campaign_id), 1_000)
    await stock(wheel.resources, ["C1", "C2"], campaign_id=wheel.campaign_id)
    await define_tiger(wheel.resources, wheel.campaign_id)
    return Recipient(wheel.resources, clock, wheel.campaign_id, await wheel.player("ann"), "ann")
