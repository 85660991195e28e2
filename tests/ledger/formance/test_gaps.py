"""What Formance Ledger does not do by itself: what the adapter makes of it, and what stays undone."""

import asyncio

import pytest

from ledger_client import (
    Applied,
    Expired,
    Fenced,
    IdempotencyMismatch,
    LedgerUnreachable,
    Options,
    Rejected,
    Unknown,
    UnknownReason,
)
from ledger_client.adapters import FormanceLedger
from ledger_client.adapters.formance_wire import TOMBSTONES
from ledger_client.operations import ISSUER
from tests.ledger.formance.imitation import FormanceImitation, Mishap, adapter
from tests.ledger.formance.paying import ANN, LIFETIME_MS, PAY, SHOP, fund, operation, send


@pytest.mark.parametrize("mishap", list(Mishap))
@pytest.mark.asyncio
async def test_what_is_sent_again_is_applied_once(
    mishap: Mishap, ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """A lost request, a lost answer, an error after the fact, a refusal for haste: one application."""
    await fund(ledger, 50)
    there.mishaps.append(mishap)
    outcome = await send(ledger, PAY)
    assert isinstance(outcome, Applied)
    assert outcome.replayed is (mishap in (Mishap.LOSE_ANSWER, Mishap.FAIL_AFTER))
    assert outcome.balances == {ANN: 30}
    assert there.balance("player:ann") == 30


@pytest.mark.asyncio
async def test_a_refusal_whose_answer_was_lost_still_sticks(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """The tombstone's answer is lost; a top-up later, from another process, the refusal is what is told."""
    there.mishaps.extend([Mishap.LOSE_ANSWER, Mishap.LOSE_ANSWER])  # the first one is spent on the refusal
    refused = await send(ledger, PAY)
    await fund(ledger, 100)
    elsewhere = adapter(there)
    late = await send(elsewhere, PAY)
    await elsewhere.close()
    assert isinstance(refused, Rejected)
    assert (refused.available, refused.needed, refused.replayed) == (0, 20, True)
    assert late == refused
    assert there.balance("player:ann") == 100


@pytest.mark.asyncio
async def test_two_processes_tell_the_same(there: FormanceImitation) -> None:
    """Duplicates of an unfundable operation from two adapters at once, with a top-up among them."""
    one, other = adapter(there), adapter(there)
    top_up = operation("fund", (ISSUER, ANN, 100))
    outcomes = await asyncio.gather(
        *(send(each, PAY) for each in (one, other) for _ in range(10)),
        send(one, top_up),
        *(send(each, PAY) for each in (other, one) for _ in range(10)),
    )
    await asyncio.gather(one.close(), other.close())
    told = [type(outcome) for outcome in outcomes if outcome.operation_id == PAY.id]
    assert len(set(told)) == 1
    assert sum(not outcome.replayed for outcome in outcomes if not isinstance(outcome, Unknown)) == 2
    assert there.balance("player:ann") == (80 if told[0] is Applied else 100)


@pytest.mark.asyncio
async def test_points_that_come_between_are_used(ledger: FormanceLedger, there: FormanceImitation) -> None:
    """Refused by the ledger, and able to pay when its balance is read: it is sent once more."""

    def top_up() -> None:
        there.inputs["player:ann"] += 20
        there.outputs["world"] += 20

    there.before_account = top_up
    assert isinstance(await send(ledger, PAY), Applied)
    assert there.balance("player:ann") == 0


@pytest.mark.asyncio
async def test_a_balance_that_never_holds_still_ends(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """Points that are there whenever one looks and gone whenever one pays: nothing is decided."""
    commit, there.inputs["player:ann"] = there.commit, 20
    there.outputs["world"] = 20

    def spend_first(body: dict[str, object]) -> dict[str, object]:
        there.outputs["player:ann"] += 20
        try:
            return commit(body)
        finally:
            there.outputs["player:ann"] -= 20

    there.commit = spend_first  # type: ignore[method-assign]
    assert await send(ledger, PAY) == Unknown(PAY.id, UnknownReason.IN_PROGRESS)
    assert there.transactions == []


@pytest.mark.asyncio
async def test_a_fence_holds_off_the_debit_on_its_way(there: FormanceImitation) -> None:
    """Sent, not answered, given up, fenced; when the debit arrives at last, nothing is applied."""
    slow, quick = adapter(there, Options(call_seconds=30.0)), adapter(there)
    there.inputs["player:ann"] = 50
    there.gate.clear()
    debit = asyncio.create_task(send(slow, PAY))
    await there.arrived.wait()
    there.commit({"reference": PAY.id, **tombstone()})
    there.gate.set()
    assert await debit == Fenced(PAY.id, replayed=True)
    assert await quick.fence(PAY.id) == Fenced(PAY.id, replayed=True)
    await asyncio.gather(slow.close(), quick.close())
    assert there.balance("player:ann") == 50


def tombstone() -> dict[str, object]:
    """A fence as another process writes it."""
    there_and_back = [("world", TOMBSTONES), (TOMBSTONES, "world")]
    postings = [
        {"source": source, "destination": destination, "amount": 1, "asset": "POINTS"}
        for source, destination in there_and_back
    ]
    decision = '{"outcome":"fenced","id":"pay","replayed":false}'
    return {"postings": postings, "metadata": {"playfair_decision": decision}}


@pytest.mark.asyncio
async def test_what_is_on_its_way_too_long_is_applied(there: FormanceImitation) -> None:
    """The gap that is declared: nothing but a fence keeps a debit from being applied after its time."""
    slow = adapter(there, Options(call_seconds=30.0))
    there.inputs["player:ann"] = 50
    there.gate.clear()
    debit = asyncio.create_task(send(slow, PAY))
    await there.arrived.wait()
    there.clock.now_ms += 2 * LIFETIME_MS
    looked_up = await slow.lookup([PAY.id])
    assert (looked_up.outcomes, looked_up.as_of_ms) == ({PAY.id: None}, 0)
    there.gate.set()
    assert isinstance(await debit, Applied)
    assert not (await slow.capabilities()).apply_before
    await slow.close()


@pytest.mark.asyncio
async def test_what_is_sent_too_late_is_refused_for_good(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """By the adapter's clock; an earlier clock somewhere else changes nothing any more."""
    await fund(ledger, 50)
    there.clock.now_ms += LIFETIME_MS
    assert await send(ledger, PAY) == Expired(PAY.id, replayed=False)
    there.clock.now_ms -= LIFETIME_MS
    assert await send(ledger, PAY) == Expired(PAY.id, replayed=True)
    assert there.balance("player:ann") == 50


@pytest.mark.asyncio
async def test_a_late_duplicate_hears_that_it_was_applied(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """An expiry is no answer to what was decided in time."""
    await fund(ledger, 50)
    await send(ledger, PAY)
    there.clock.now_ms += LIFETIME_MS
    late = await send(ledger, PAY)
    assert isinstance(late, Applied)
    assert late.replayed


@pytest.mark.parametrize("metadata", [{}, {"playfair_operation": "{}"}, {"playfair_decision": "edited"}])
@pytest.mark.asyncio
async def test_a_reference_that_others_used_is_an_error(
    metadata: dict[str, str], ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """A transaction that is none of ours, or no more, is never taken for an application."""
    postings = [{"source": "world", "destination": "shop", "amount": 1, "asset": "POINTS"}]
    there.commit({"reference": PAY.id, "postings": postings, "metadata": metadata})
    await fund(ledger, 50)
    with pytest.raises(IdempotencyMismatch):
        await send(ledger, PAY)
    with pytest.raises(IdempotencyMismatch):
        await ledger.fence(PAY.id)


@pytest.mark.asyncio
async def test_a_question_that_was_not_read_proves_nothing(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """A proxy that drops the body of a GET makes the ledger list everything: that is no answer."""
    await fund(ledger, 50)
    there.drops_queries = True
    assert await send(ledger, PAY) == Applied(PAY.id, seq=2, replayed=False, balances={ANN: 30})
    assert await send(ledger, PAY) == Unknown(PAY.id, UnknownReason.BROKEN_ANSWER)
    with pytest.raises(LedgerUnreachable):
        await ledger.lookup([PAY.id])


@pytest.mark.asyncio
async def test_unguarded_accounts_may_owe(ledger: FormanceLedger, there: FormanceImitation) -> None:
    """A house that gives back more than it has; the balances told are the guarded ones."""
    given = operation("give", (SHOP, ANN, 5))
    assert await send(ledger, given) == Applied("give", seq=1, replayed=False, balances={ANN: 5})
    assert (await ledger.account(SHOP)).posted == there.balance("house:c") == -5
