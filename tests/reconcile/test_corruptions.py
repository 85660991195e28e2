"""Every planted corruption is found, with its kind and its value, and nothing else is."""

import pytest

from tests.reconcile.corruptions import CORRUPTIONS, Corruption
from tests.reconcile.world import HOUR_MS, World

pytestmark = pytest.mark.asyncio
every_corruption = pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.__name__)


async def test_there_are_enough() -> None:
    """At least fifty, and two ways of finding each."""
    assert len(CORRUPTIONS) >= 50


@every_corruption
async def test_what_is_wrong_before_the_first_look_is_found(corruption: Corruption, world: World) -> None:
    """The pass that follows the feed finds it, and finds the same again."""
    expected = await corruption(world)
    assert await world.reconciled() == expected
    assert await world.reconciled() == expected


@every_corruption
async def test_what_goes_wrong_later_is_found_by_a_full_pass(corruption: Corruption, world: World) -> None:
    """Entries and rows are falsified after they were found to agree."""
    assert await world.reconciled() == set()
    expected = await corruption(world)
    assert await world.reconciled(full=True) == expected
    world.clock.advance(HOUR_MS)
    assert await world.reconciled(full=True) == expected
