"""The sandbox lives as the oracle says, and the machine that compares them finds ledgers that do not."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from sandbox_ledger import expiry, rules, service, store
from sandbox_ledger.wire import Applied, Entry, Fenced, Operation, Record, Rejected, Result
from tests.ledger.machine import World, life_in
from tests.ledger.serving import serving

LIVES = settings(
    max_examples=15,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HUNT = settings(
    LIVES, max_examples=300, stateful_step_count=30, phases=[Phase.generate], report_multiple_bugs=False
)


@pytest.fixture
def world(empty_database_url: str) -> Iterator[World]:
    """A ledger over HTTP, in a loop that the test runs step by step."""
    with asyncio.Runner() as runner:
        served = serving(empty_database_url)
        sandbox = runner.run(served.__aenter__())
        database = runner.run(_connect(empty_database_url))
        yield World(runner, sandbox, database)
        runner.run(database.close())
        runner.run(served.__aexit__(None, None, None))


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(url)


def test_it_lives_as_the_oracle_says(world: World) -> None:
    """Every answer, every entry and every balance, after each of some 600 steps."""
    run_state_machine_as_test(life_in(world), settings=LIVES)


@pytest.mark.slow
def test_it_lives_long_as_the_oracle_says(world: World) -> None:
    """The same for some 6,000 steps."""
    run_state_machine_as_test(
        life_in(world), settings=settings(LIVES, max_examples=120, stateful_step_count=50)
    )


decide, first_time = rules.decide, rules._first_time
fence, list_entries = service.fence, store.list_entries


def forgetting_refusals(
    operations: Sequence[Operation], *, known: Mapping[str, Record], **rest: Any
) -> rules.Plan:
    """A refused operation gets another chance."""
    kept = {id_: record for id_, record in known.items() if not isinstance(record.outcome, Rejected)}
    plan = decide(operations, known=kept, **rest)
    return msgspec.structs.replace(
        plan, records=[record for record in plan.records if record.outcome.id not in known]
    )


def doubling(operations: Sequence[Operation], **rest: Any) -> rules.Plan:
    """A duplicate inside of a batch is not noticed: it is applied under another name."""
    seen: set[str] = set()
    named = []
    for operation in operations:
        again = operation.id in seen
        seen.add(operation.id)
        named.append(msgspec.structs.replace(operation, id=operation.id + "~") if again else operation)
    return decide(named, **rest)


def netting(operations: Sequence[Operation], **rest: Any) -> rules.Plan:
    """Floors are held on the net: what an operation brings in counts before what it takes."""
    sorted_ = [
        msgspec.structs.replace(o, legs=sorted(o.legs, key=lambda leg: rules.is_guarded(leg.debit)))
        for o in operations
    ]
    return decide(sorted_, **rest)


def tolerant(earlier: Record, _operation: Operation) -> Result:
    """Any body passes for the one it knows."""
    return rules.replayed(earlier)


def unmarked(record: Record) -> Result:
    """Nobody is told that an outcome is a replay."""
    return record.outcome


def patient(operation: Operation, *, now_ms: int, **rest: Any) -> Any:
    """An operation is applied in the millisecond in which it is too late."""
    return first_time(operation, now_ms=now_ms - (now_ms == operation.apply_before), **rest)


async def reversing(resources: service.Resources, operation_id: str) -> Any:
    """A fence that says "fenced" of what was applied."""
    found = await fence(resources, operation_id)
    return Fenced(operation_id, replayed=True) if isinstance(found, Applied) else found


async def fencing_in_words(_resources: service.Resources, operation_id: str) -> Any:
    """A fence that remembers nothing."""
    return Fenced(operation_id, replayed=False)


async def leaving_gaps(connection: store.Connection, *, after_seq: int, limit: int) -> list[Entry]:
    """A feed without its latest entry."""
    return (await list_entries(connection, after_seq=after_seq, limit=limit))[:-1]


def keeping(_holdings: Any) -> list[Operation]:
    """Nothing ever expires."""
    return []


def merging(entries: Sequence[Entry], _holdings: Any) -> list[expiry.Lot]:
    """A lot counts its own points alone, not all that came before."""
    return [
        expiry.Lot(entry.credit, entry.amount, entry.seq, entry.posted_at)
        for entry in entries
        if expiry.expires(entry.credit)
    ]


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (rules, "decide", forgetting_refusals),
        (rules, "decide", doubling),
        (rules, "decide", netting),
        (rules, "_first_time", patient),
        pytest.param(rules, "_replay", tolerant, marks=pytest.mark.slow),
        pytest.param(rules, "replayed", unmarked, marks=pytest.mark.slow),
        (service, "fence", reversing),
        pytest.param(service, "fence", fencing_in_words, marks=pytest.mark.slow),
        (store, "list_entries", leaving_gaps),
        (expiry, "expiries", keeping),
        pytest.param(expiry, "lots_of", merging, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_wrong_ledger_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Callable[..., Any]
) -> None:
    """The machine fails on each."""
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(life_in(world), settings=HUNT)
