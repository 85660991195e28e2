"""Rewards are given once for each source, and taken back as far as they are unspent."""

import pytest
import pytest_asyncio

from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger
from tests.prizes.granting import stock
from tests.prizes.rewarding import Player
from tests.support.settled import Campaign

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ann(wheel: Campaign, ledger: FakeLedger) -> Player:
    """A player of a funded campaign that has a badge and two codes."""
    ledger.fund(budget(wheel.campaign_id), 1_000)
    await stock(wheel.resources, ["C1", "C2"], campaign_id=wheel.campaign_id)
    await wheel.resources.pool.execute(
        "INSERT INTO badge VALUES ($1, 'tiger', '虎', 'Tiger', '虎', 'A tiger')", wheel.campaign_id
    )
    return Player(wheel, await wheel.player("ann"), "ann")


async def count(resources: Resources, table: str, which: str = "true") -> int:
    """How many rows there are."""
    return int(await resources.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {which}"))


async def test_each_kind_is_given_once(ann: Player, resources: Resources, ledger: FakeLedger) -> None:
    """Asked again, under other ids and with other amounts, nothing happens: the source has given."""
    for amount in (30, 31):
        rewards = [
            ann.reward("task:a:1", amount=amount),
            ann.reward("task:b:1", "chances", amount),
            ann.reward("task:c:1", "voucher"),
            ann.reward("task:d:1", "badge"),
        ]
        assert await ann.give(*rewards, *rewards) == (1 if amount == 30 else 0)
    assert ledger.balances[ann.account] == 30
    assert await count(resources, "chance_lot", "units_left = 30") == 1
    assert await count(resources, "voucher", "reward_id IS NOT NULL") == 1
    assert await count(resources, "badge_award", "state = 'held'") == 1
    assert await count(resources, "reward") == 4
