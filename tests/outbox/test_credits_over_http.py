"""The outbox over a real ledger: the stored bytes are what it takes, whatever becomes of its answers."""

import pytest

from game.ledger import service
from ledger_client import LedgerClient, Options, budget
from tests.ledger.serving import TOKEN, serving
from tests.support.service import ManualClock
from tests.support.settled import open_campaign, resources_of
from tests.support.terms import prize

POINTS = 7
CREDITS = 5
# Fewer than open the client's breaker.
FAULTS = 3


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", ["none", "drop_request", "drop_answer", "error_after"])
async def test_a_real_ledger_pays_each_credit_once(
    database_url: str, empty_database_url: str, redis_url: str, clock: ManualClock, fault: str
) -> None:
    """Sent at once, sent again by the sweeper, and sent once more for good measure."""
    async with (
        serving(empty_database_url) as sandbox,
        LedgerClient.open(sandbox.url, TOKEN, Options(), random=lambda: 0.0) as ledger,
        resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources,
    ):
        campaign = await open_campaign(resources, [prize(0, amount=POINTS)])
        due = await campaign.credits(await campaign.player("ann"), CREDITS, subject="ann", points=POINTS)
        await sandbox.fund(budget(campaign.campaign_id), POINTS * CREDITS)
        await sandbox.fail(*[fault] * FAULTS)
        async with resources.pool.acquire() as conn:
            await service.enqueue(conn, due, next_attempt_ms=clock())
        await service.send(resources, due)
        await service.resend_due(resources)
        await service.send(resources, due)
        states = await resources.pool.fetch("SELECT state, count(*) FROM operation GROUP BY state")
        assert list(map(tuple, states)) == [("applied", CREDITS)]
        assert (await ledger.account("player:acme.ann")).posted == POINTS * CREDITS
