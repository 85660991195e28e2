"""Duplicates from two processes, fences and top-ups at once, over a network that loses what it can."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

import pytest

from ledger_client import Applied, Fenced, Operation, Options, Outcome, Rejected, Unknown
from ledger_client.adapters import FormanceLedger
from ledger_client.adapters.formance_wire import address
from ledger_client.operations import ISSUER
from tests.ledger.formance.imitation import FormanceImitation, Mishap, adapter, imitation
from tests.ledger.formance.paying import SHOP, operation, send

PLAYERS = ("player:ann", "player:bob", "player:eve")
OPERATIONS = 60
# Neither the breaker nor the budget is what is tested here.
OPTIONS = Options(breaker_failures=1_000_000, breaker_silence_seconds=3_600, budget_calls=1_000_000)


def some_operations(random: Random) -> list[Operation]:
    """Payments, top-ups, and both in one operation, in either order."""
    made = []
    for number in range(OPERATIONS):
        player = random.choice(PLAYERS)
        pay, give = (player, SHOP, random.randint(1, 30)), (ISSUER, player, random.randint(1, 30))
        legs = random.choice([(pay,), (give,), (pay, give), (give, pay)])
        made.append(operation(f"op{number}", *legs))
    return made


async def fence(ledger: FormanceLedger, what: Operation) -> Outcome:
    """As a process does that has given up waiting."""
    return await ledger.fence(what.id)


async def storm(there: FormanceImitation, operations: Sequence[Operation], random: Random) -> list[Outcome]:
    """What all are told who send the operations, three times each, or fence them; at the end, by a fence."""
    there.mishaps.extend(random.choice([None, None, *Mishap]) for _ in range(6 * OPERATIONS))
    ledgers = [adapter(there, OPTIONS) for _ in range(2)]
    asked = [(random.choices([send, fence], [9, 1])[0], each) for each in operations for _ in range(3)]
    random.shuffle(asked)
    told = await asyncio.gather(*(ask(random.choice(ledgers), each) for ask, each in asked))
    there.mishaps.clear()
    told += [await fence(ledgers[0], each) for each in operations]
    await asyncio.gather(*(ledger.close() for ledger in ledgers))
    return told


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.asyncio
async def test_everybody_is_told_the_same_and_the_books_agree(seed: int) -> None:
    """One outcome per operation; balances are those of the operations told as applied, each once."""
    random = Random(seed)
    operations = some_operations(random)
    async with imitation() as there:
        told = await storm(there, operations, random)
    kinds: defaultdict[str, set[type[Outcome]]] = defaultdict(set)
    for outcome in told:
        kinds[outcome.operation_id] |= {type(outcome)} - {Unknown}
    assert all(len(kinds[each.id]) == 1 for each in operations)
    assert set.union(*kinds.values()) == {Applied, Rejected, Fenced}
    expected = Counter[str]()
    for leg in (leg for each in operations if kinds[each.id] == {Applied} for leg in each.legs):
        expected[address(leg.debit)] -= leg.amount
        expected[address(leg.credit)] += leg.amount
    assert {account: there.balance(account) for account in expected} == expected
    assert all(there.balance(player) >= 0 for player in PLAYERS)
