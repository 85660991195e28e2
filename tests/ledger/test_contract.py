"""The contract, kept by every ledger that we ship."""

import pytest

from ledger_client import LedgerClient, Options
from ledger_client.testing import CHECKS, Bench, FakeLedger
from ledger_client.testing.contract import Check
from tests.ledger.serving import TOKEN, Clock, Sandbox

every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)


@every_check
@pytest.mark.asyncio
async def test_the_fake_keeps_the_contract(check: Check) -> None:
    """The ledger in memory."""
    clock = Clock()
    await check(Bench(FakeLedger(now_ms=clock), clock, "bench"))


@every_check
@pytest.mark.asyncio
async def test_the_sandbox_keeps_the_contract(check: Check, sandbox: Sandbox) -> None:
    """The sandbox through the client, over HTTP, on PostgreSQL."""
    async with LedgerClient.open(sandbox.url, TOKEN, Options()) as ledger:
        await check(Bench(ledger, sandbox.clock, "bench"))
