"""What the model takes from the code: nothing here decides anything itself."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

import msgspec

import sandbox_ledger.rules as ledger
from game.campaigns.rules import Participation
from game.db.statements import load
from game.ledger.rules import credit_of
from game.plays import accept, release
from game.plays.clerk import Advanced, WantDraws
from game.plays.engine import Engine
from game.plays.release import Uncharged
from game.plays.rules import UNCHARGED, Asked, Play
from game.plays.settling import Funded, Settling, settle_plays
from game.resources import Resources
from ledger_client import Applied, Expired, Fenced, Outcome, Rejected, Unknown, UnknownReason, budget, house
from sandbox_ledger import wire
from tests.plays.book import BEACON, CAMPAIGN, PLAYERS, Book, signature_of, table

ACCOUNT: Final = "player:acme.ann"
BUDGET: Final = budget(CAMPAIGN)
HOUSE: Final = house(CAMPAIGN)
NOTHING_LEFT: Final = Participation(draws_total=1, day=date(2026, 1, 1), draws_today=1)
ROWS: Final = [{"id": "prize", "weight": 1}]

ANSWERS: Final[Mapping[str, Outcome]] = {
    "applied": Applied("id", seq=1, replayed=False, balances={ACCOUNT: 0}),
    "rejected": Rejected("id", "insufficient_funds", 0, ACCOUNT, available=0, needed=1, replayed=False),
    "expired": Expired("id", replayed=False),
    "fenced": Fenced("id", replayed=False),
    "unknown": Unknown("id", UnknownReason.TIMEOUT),
}
RECORDS: Final[Mapping[str, wire.Decided]] = {
    "applied": wire.Applied(id="id", seq=1, balances={}, replayed=False),
    "rejected": wire.Rejected("id", "insufficient_funds", 0, ACCOUNT, available=0, needed=1, replayed=False),
    "expired": wire.Expired(id="id", replayed=False),
    "fenced": wire.Fenced(id="id", replayed=False),
}


class Decision(NamedTuple):
    """What a ledger makes of an operation that it sees for the first time.

    `lowest` is what the poorest guarded account had after any of the legs.
    """

    outcome: str
    balances: Mapping[str, int]
    lowest: int


def named(outcome: object) -> str:
    """The name of an outcome, the ledger's or the client's."""
    return type(outcome).__name__.lower()


def decide(operation: wire.Operation, *, balances: Mapping[str, int], now_ms: int) -> Decision:
    """What the sandbox decides."""
    plan = ledger.decide([operation], known={}, balances=balances, next_seq=1, now_ms=now_ms)
    stood = [entry.debit_balance for entry in plan.entries if ledger.is_guarded(entry.debit)]
    return Decision(named(plan.results[0]), {**balances, **plan.balances}, min(stood, default=0))


@cache
def replay(recorded: str) -> str:
    """What the sandbox answers when it decided so before; nothing is written."""
    operation = operations(has_beacon=False, price_points=1, prize_points=1)["debit"]
    outcome = msgspec.structs.replace(RECORDS[recorded], id=operation.id)
    record = wire.Record(outcome=outcome, operation=None if recorded == "fenced" else operation, decided_at=0)
    known = {operation.id: record}
    balances = dict.fromkeys(ledger.accounts_of([operation]), 1_000)
    plan = ledger.decide(
        [operation], known=known, balances=balances, next_seq=1, now_ms=operation.apply_before
    )
    assert not plan.records
    assert not plan.entries
    return named(plan.results[0])


def tombstone() -> str:
    """What the sandbox makes of a fence for an id that it never saw."""
    return named(ledger.tombstone("id", now_ms=0).outcome)


@cache
def operations(*, has_beacon: bool, price_points: int, prize_points: int) -> Mapping[str, wire.Operation]:
    """The debit of a play and the credit of its draw, as the ledger reads the bytes that are stored."""
    book, play = _accepted(has_beacon=has_beacon, price_points=price_points)
    asked = Asked(
        terms=book.stakes["main"].terms,
        play_id=play.play_id,
        player_id=play.player_id,
        account=ACCOUNT,
        idempotency_key=play.idempotency_key,
        draws=play.draws,
        paid_with=play.paid_with,
    )
    credit = credit_of(
        campaign_id=CAMPAIGN,
        play_id=play.play_id,
        entry_index=1,
        account=ACCOUNT,
        amount_points=prize_points or 1,
    )
    bodies = {"debit": accept._debit(asked, play).body, "credit": credit.body}
    return {name: msgspec.json.decode(body, type=wire.Operation) for name, body in bodies.items()}


def accepted() -> str:
    """The state in which a play that costs points is stored."""
    return _accepted(has_beacon=False, price_points=10)[1].state


def _accepted(*, has_beacon: bool, price_points: int = 10) -> tuple[Book, Play]:
    fields: dict[str, Any] = {"beacon": BEACON} if has_beacon else {}
    book = Book(table("main", ROWS, price=price_points, **fields))
    play = book.ask(PLAYERS[0], "main")
    assert play is not None
    return book, play


class Written(NamedTuple):
    """The state that a play is left in, the draws made for it, and whether its end was written just now."""

    row: str
    draws: int
    is_ended: bool


@cache
def settle(row: str, *, funded: bool, has_beacon: bool, is_beacon_known: bool) -> Written:
    """What the clerk makes of a play in the state `row`."""
    book, play = _accepted(has_beacon=has_beacon)
    play = msgspec.structs.replace(play, state=cast(Any, row), drawn=int(row == "settled"))
    page = book.page()
    if is_beacon_known:
        page.rounds.update((round_, signature_of(round_)) for round_ in book.awaited())
    settling = Settling(
        plays={play.play_id: play},
        funded={play.play_id: Funded(ledger_seq=1, balance_points=0)} if funded else {},
        queues={},
    )
    settle_plays(page, settling, [play.play_id], entropy=book.entropy, now_ms=book.now_ms)
    after = settling.plays[play.play_id].state
    is_ended = play.play_id in settling.changed and after == "settled"
    return Written(after, draws=len(page.draws), is_ended=is_ended)


@cache
def released(row: str, outcome: str) -> Written:
    """What `release_batch` makes of a play in the state `row`."""
    if row not in UNCHARGED:
        return Written(row, draws=0, is_ended=False)
    book, play = _accepted(has_beacon=False)
    assert play.seat_id is not None
    freed = release._Freed(
        pools={(CAMPAIGN, "main"): book.states["main"]},
        taken={(CAMPAIGN, play.player_id): NOTHING_LEFT},
        seats={play.seat_id: book.seats[play.seat_id]},
    )
    item = Uncharged(play=play, outcome=cast(Rejected | Expired | Fenced, ANSWERS[outcome]))
    after = release._free(play, item, freed, now_ms=book.now_ms).state
    return Written(after, draws=0, is_ended=bool(freed.ended))


class Step(NamedTuple):
    """What a driver does first: ask the ledger (`apply`, `fence`), or have the clerk draw (`settle`)."""

    first: str
    then: str | None


@cache
def step(row: str, outcome: str, *, is_late: bool) -> Step:
    """What `Engine` does with a play in the state `row`: first, and once the ledger has answered."""
    play = msgspec.structs.replace(_accepted(has_beacon=False)[1], state=cast(Any, row))
    watched = _Watched(play, answer=ANSWERS[outcome], now_ms=play.apply_before_ms - (not is_late))
    asyncio.run(cast(Any, watched._drive(play, None)))
    return Step(*watched.done, *[None] * (2 - len(watched.done)))


class _Watched(Engine):
    """An engine of which only the decisions are real: what it has done elsewhere is written down."""

    def __init__(self, play: Play, *, answer: Outcome, now_ms: int) -> None:
        settings = SimpleNamespace(request_deadline_ms=1)
        resources = SimpleNamespace(ledger=self, clock=lambda: now_ms, settings=settings)
        super().__init__(cast(Resources, resources), faces={})
        self.done: list[str] = []
        self._play, self._answer = play, answer
        self._releases = cast(Any, self)

    async def apply(self, **_: object) -> Outcome:
        self.done.append("apply")
        return self._answer

    async def decide_overdue(self, _: str, **__: object) -> Outcome:
        self.done.append("fence")
        return self._answer

    async def submit(self, item: Uncharged | WantDraws) -> Play | Advanced:
        if isinstance(item, Uncharged):
            self.done.append("release")
            return self._play
        self.done.append("settle")
        return Advanced(play=self._play, seat=None, tag=None, draws=(), receipts={})

    async def _stored_debit(self, _: Play) -> Any:
        return SimpleNamespace(operation_id="id", body=b"", subject=ACCOUNT)

    async def _doubt(self, play: Play) -> Play:
        self.done.append("doubt")
        return play

    def _clerk(self, _: str) -> Any:
        return self


_PLAYS: Final = load("game.plays")
_OUTBOX: Final = load("game.ledger")


def _states(statement: str) -> frozenset[str]:
    """The states that a statement's condition asks for."""
    found = re.findall(r"state (?:IN|=) (\([^)]*\)|'\w+')", statement[statement.index("WHERE") :])
    return frozenset(re.findall(r"'(\w+)'", found[0]))


def _state_set(statement: str) -> str:
    found = re.search(r"SET state = '(\w+)'", statement)
    assert found is not None
    return found[1]


SWEPT: Final = _states(_PLAYS.claim_unfinished)
DOUBTED: Final = _states(_PLAYS.doubt)
DOUBTFUL: Final = _state_set(_PLAYS.doubt)
OWED: Final = _states(_OUTBOX.claim_due) & _states(_OUTBOX.record)
UNSENT: Final = "due"
