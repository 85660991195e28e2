"""The ledger in memory keeps the contract, as the sandbox does whose rules it has."""

from collections.abc import Iterator

import pytest

from ledger_client import Hooks, LedgerClient, Options
from ledger_client.testing import CHECKS, Bench
from ledger_client.testing.contract import Check
from tests.simulation.books import Books
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Direct
from tests.simulation.setting import EPOCH_MS
from tests.simulation.timeline import Timeline


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    """A loop whose time is the ledger's too."""
    made = VirtualLoop(Timeline())
    yield made
    made.bury()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_books_keep_the_contract(loop: VirtualLoop, check: Check) -> None:
    """Every check of the contract kit, through the client, in virtual time."""

    def now_ms() -> int:
        return EPOCH_MS + round(loop.time() * 1_000)

    async def main() -> None:
        ledger = LedgerClient(Direct(Books(now_ms)), Options(), hooks=Hooks(), random=lambda: 0.5)
        await check(Bench(ledger, now_ms, "bench"))
        await ledger.close()

    loop.run_until_complete(main())
