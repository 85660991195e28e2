"""A short torment in every run of the tests; `make torment` does a long one."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.databases import place_for_clusters
from tests.torment.run import Plan, torment

PLAN = Plan(seed=3, kills=8, players=16, places=1, quiet_seconds=25.0, later=True)


@pytest.mark.asyncio
async def test_nothing_is_lost_or_doubled_while_processes_are_killed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Kills and pauses under a load of plays; at the end all agree, and every player knows the outcome."""
    caplog.set_level(logging.CRITICAL, logger="asyncpg")  # the checker's own pool sees the outages too
    with TemporaryDirectory(prefix="playfair-", dir=place_for_clusters()) as folder:
        result = await torment(Path(folder), PLAN, print)
    print("\n".join(result.figures))
    assert not result.violations, "\n".join(result.violations)
