"""Designs that went wrong elsewhere (the last part of the ledger's contract), planted into the product."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from game.plays import sweep
from game.plays.engine import Engine
from game.plays.rules import Debit, Play
from game.plays.sweep import Drain
from game.resources import Resources
from game.tasks import processing, progress_store, scoring
from game.webhooks import service, store
from game.webhooks.store import NewEvent
from ledger_client import Fenced, Lane, Leg, Operation, Outcome, Unknown, encode
from sandbox_ledger import rules, wire
from tests.simulation.books import Books

Plant = Callable[[pytest.MonkeyPatch], None]


def new_key_per_attempt(patch: pytest.MonkeyPatch) -> None:
    """Whoever tries again makes a new operation."""
    charge = Engine._charge

    async def anew(engine: Engine, play: Play, debit: Debit) -> Outcome:
        operation = msgspec.json.decode(debit.body, type=Operation)
        again = msgspec.structs.replace(operation, id=f"{operation.id}:again")
        another = msgspec.structs.replace(debit, operation_id=again.id, body=encode(again))
        return await charge(engine, play, another if play.state == "resolving" else debit)

    patch.setattr(Engine, "_charge", anew)


def timeout_taken_for_failure(patch: pytest.MonkeyPatch) -> None:
    """What is not known is told as not charged."""
    _answer_unknowns(patch, lambda _engine, debit: _never(debit))


def lookup_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    """What the ledger has not seen yet, it will not see."""

    async def look(engine: Engine, debit: Debit) -> Outcome:
        found = await engine.resources.ledger.lookup([debit.operation_id])
        return found.outcomes[debit.operation_id] or await _never(debit)

    _answer_unknowns(patch, look)


def blind_refund(patch: pytest.MonkeyPatch) -> None:
    """What may have been charged is given back at once."""

    async def refund(engine: Engine, debit: Debit) -> Outcome:
        charge = msgspec.json.decode(debit.body, type=Operation)
        (leg,) = charge.legs
        back = Leg(debit=leg.credit, credit=leg.debit, amount=leg.amount, code="refund")
        operation = msgspec.structs.replace(charge, id=f"refund:{charge.id}", legs=(back,))
        await engine.resources.ledger.apply(
            operation_id=operation.id,
            body=encode(operation),
            lane=Lane.PLAY,
            subject=debit.subject,
            deadline=engine.resources.clock() + 3_600.0,
        )
        return await _never(debit)

    _answer_unknowns(patch, refund)


def _answer_unknowns(patch: pytest.MonkeyPatch, decide: Callable[[Engine, Debit], Any]) -> None:
    charge = Engine._charge

    async def charged(engine: Engine, play: Play, debit: Debit) -> Outcome:
        outcome = await charge(engine, play, debit)
        decided: Outcome = await decide(engine, debit) if isinstance(outcome, Unknown) else outcome
        return decided

    patch.setattr(Engine, "_charge", charged)


async def _never(debit: Debit) -> Outcome:
    return Fenced(debit.operation_id, replayed=False)


def refusals_do_not_stick(patch: pytest.MonkeyPatch) -> None:
    """The ledger forgets what it refused."""
    keep = Books.keep

    def keep_but_refusals(books: Books, record: wire.Record) -> None:
        if not isinstance(record.outcome, wire.Rejected):
            keep(books, record)

    patch.setattr(Books, "keep", keep_but_refusals)


def fences_leave_no_tombstone(patch: pytest.MonkeyPatch) -> None:
    """The ledger says that a fence stands, and keeps nothing."""

    def forget(books: Books, operation_id: str) -> wire.Decided:
        known = books.records.get(operation_id)
        return rules.replayed(known) if known else wire.Fenced(id=operation_id, replayed=False)

    patch.setattr(Books, "fence", forget)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    """The ledger lets anybody play on credit."""
    patch.setattr(rules, "is_guarded", lambda account: account.startswith("campaign:"))


def nobody_takes_up(patch: pytest.MonkeyPatch) -> None:
    """Nobody takes up what a dead process or a lost answer left."""

    async def nothing(_drain: Drain, _resources: object) -> int:
        return 0

    patch.setattr(Drain, "__call__", nothing)


def events_are_told_apart_by_id_alone(patch: pytest.MonkeyPatch) -> None:
    """An occurrence that comes under another webhook's id is another one."""
    insert = store.insert_events

    def named(event: NewEvent) -> NewEvent:
        said = msgspec.structs.replace(event.said, occurrence=f"{event.said.occurrence}/{event.webhook_id}")
        return msgspec.structs.replace(event, said=said)

    async def insert_named(conn: Any, events: Sequence[NewEvent], *, now_ms: int) -> Any:
        return await insert(conn, [named(event) for event in events], now_ms=now_ms)

    patch.setattr(store, "insert_events", insert_named)


def done_before_the_work(patch: pytest.MonkeyPatch) -> None:
    """What an event asks for is done after it was noted as done, in another transaction."""

    async def process(resources: Resources) -> int:
        async with resources.pool.acquire() as conn, conn.transaction():
            events = await service.claim(conn, now_ms=resources.clock(), limit=processing.BATCH)
            await service.done(conn, events)
        async with resources.pool.acquire() as conn, conn.transaction():
            await processing.take_in(conn, resources, events)
        return len(events)

    patch.setattr("tests.simulation.process.process_events", process)


def reversals_are_only_noted(patch: pytest.MonkeyPatch) -> None:
    """What was counted stays, though it was taken back."""

    async def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    patch.setattr(progress_store, "reverse_contributions", nothing)


def nobody_asks_again_for_returns(patch: pytest.MonkeyPatch) -> None:
    """Points are taken back at once, or never."""

    async def nothing(_resources: Resources, *, limit: int = 0) -> int:
        return limit * 0

    patch.setattr(sweep, "return_points", nothing)


def scores_are_never_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What was scored stays on the boards, though it was taken back."""

    async def nothing(*_: Any) -> None:
        return None

    patch.setattr(scoring, "forget", nothing)
