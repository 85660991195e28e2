"""Where all agrees, nothing is reported, however often and however it is looked at."""

import pytest

from tests.reconcile.world import World


@pytest.mark.asyncio
async def test_a_clean_run_has_no_breaks(world: World) -> None:
    """Neither in the first pass nor in a full one, and nothing is changed by either."""
    before = await world.stage.counts()
    assert await world.breaks() == []
    assert await world.breaks(full=True) == []
    assert await world.stage.counts() == before
    copied = await world.resources.pool.fetchval("SELECT count(*) FROM ledger_entry")
    assert copied == len(world.debits) + len(world.credits) + 1
