"""The contract, kept by the adapter of Formance Ledger as far as it declares."""

import pytest

from ledger_client.adapters import FormanceLedger
from ledger_client.adapters.formance import CAPABILITIES
from ledger_client.testing import CHECKS, Bench, Check, undeclared
from tests.ledger.formance.imitation import FormanceImitation


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.asyncio
async def test_the_adapter_keeps_what_it_declares(
    check: Check, ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """Over HTTP; checks of what is not declared are skipped."""
    if missing := undeclared(check, CAPABILITIES):
        pytest.skip(f"not declared: {', '.join(missing)}")
    await check(Bench(ledger, there.clock, "bench.~-_"))
    assert sum(map(there.balance, there.inputs | there.outputs)) == 0


def test_only_time_and_feed_are_not_declared() -> None:
    """What is skipped, by name, so that nothing else falls out unseen."""
    assert [check.__name__ for check in CHECKS if undeclared(check, CAPABILITIES)] == [
        "refuses_what_comes_too_late",
        "means_what_a_lookup_says",
        "feeds_what_was_applied",
        "totals_are_those_of_the_feed",
    ]
    assert CAPABILITIES.lacking == ()
