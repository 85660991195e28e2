"""All that is known of a play or of an operation: by us, by the ledger, by its feed and by reconciliation."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.errors import NotFound
from game.ids import parse_wire_id, wire_id
from game.ledger.comparing import campaign_of
from game.ledger.report import FoundBreak
from game.resources import Resources
from ledger_client import Explanation, Leg
from ledger_client.operations import decode

# A play has one debit and up to ten draws; the rest are credits that had to be issued anew.
OPERATIONS_MAX: Final = 40
UNDER_WAY: Final = frozenset({"funding", "resolving", "paid"})
_DEBIT: Final = "play:"

T = TypeVar("T")

_SQL: Final = load("game.ledger")


class HeldPlay(msgspec.Struct, frozen=True, kw_only=True):
    """A play as we hold it."""

    campaign_id: str
    play_id: UUID
    pool_id: str
    state: str
    draws: int
    drawn: int
    paid_with: str
    price_points: int
    accepted_ms: int
    apply_before_ms: int
    next_attempt_ms: int
    finished_ms: int | None

    @property
    def is_under_way(self) -> bool:
        """Whether it is driven on."""
        return self.state in UNDER_WAY


class PlayDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a play in review; `outcome` is what the ledger had proved."""

    at_ms: int
    decision: str
    outcome: str
    actor: str
    reason: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as we hold it."""

    campaign_id: str
    operation_id: str
    kind: str
    play_id: UUID
    state: str
    subject: str
    body: bytes
    ledger_seq: int | None
    next_attempt_ms: int


class PostedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it was copied of the ledger's feed."""

    seq: int
    operation_id: str
    debit: str
    credit: str
    amount: int


class ExplainedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an operation: by us (None: we never made it) and by others."""

    operation_id: str
    held: Held | None
    ledger: Explanation
    entries: Sequence[PostedEntry]
    breaks: Sequence[FoundBreak]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A play with its operations, the debit first; None: the operation is none of our plays'."""

    play: HeldPlay | None
    decisions: Sequence[PlayDecision]
    operations: Sequence[ExplainedOperation]


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    play: HeldPlay | None
    decisions: Sequence[PlayDecision]
    held: Sequence[Held]
    asked: tuple[str, ...]
    entries: Sequence[PostedEntry]
    breaks: Sequence[FoundBreak]


async def explain(resources: Resources, asked: str, *, brand_id: str) -> Explained:
    """All that is known of a play, or of an operation of the core ledger. NotFound; LedgerUnreachable."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        rows = await _read(conn, asked, brand_id=brand_id)
    if rows.play is None and not rows.breaks:
        raise NotFound("operation_not_found", "No play or operation of your campaigns has this id.")
    known = await asyncio.gather(*map(resources.ledger.explain, rows.asked))
    return Explained(
        play=rows.play,
        decisions=rows.decisions,
        operations=[_operation(rows, each) for each in known],
    )


def legs_of(body: bytes) -> Sequence[Leg]:
    """The legs in the bytes that are sent; none where they can no longer be read."""
    try:
        return decode(body).legs
    except msgspec.DecodeError:
        return ()


async def _read(conn: Connection, asked: str, *, brand_id: str) -> _Rows:
    play = await _play(conn, asked, brand_id=brand_id)
    place = None if play is None else (play.campaign_id, play.play_id)
    held = (
        [] if place is None else _all(Held, await conn.fetch(_SQL.operations_of_play, *place, OPERATIONS_MAX))
    )
    ids = _operation_ids(asked, play, held)
    return _Rows(
        play=play,
        decisions=[]
        if place is None
        else _all(PlayDecision, await conn.fetch(_SQL.decisions_of_play, *place)),
        held=held,
        asked=ids,
        entries=_all(PostedEntry, await conn.fetch(_SQL.entries_of_operations, brand_id, ids)),
        breaks=_all(FoundBreak, await conn.fetch(_SQL.breaks_of_operations, brand_id, ids)),
    )


async def _play(conn: Connection, asked: str, *, brand_id: str) -> HeldPlay | None:
    """The play of this id, or the one that an operation of this id belongs to."""
    place = parse_wire_id(asked.removeprefix(_DEBIT))
    if place is None:
        row = await conn.fetchrow(_SQL.play_of_operation, campaign_of(asked), asked)
        place = None if row is None else (row["campaign_id"], row["play_id"])
    found = None if place is None else await conn.fetchrow(_SQL.held_play, brand_id, *place)
    return None if found is None else HeldPlay(**found)


def _operation_ids(asked: str, play: HeldPlay | None, held: Sequence[Held]) -> tuple[str, ...]:
    """What the ledger is asked about: also the debit that there should be, and what was asked for."""
    if play is None:
        return (asked,)
    wire = wire_id(play.campaign_id, play.play_id)
    debit = [_DEBIT + wire] if play.price_points else []
    others = [] if asked == wire else [asked]
    return tuple(dict.fromkeys([*debit, *(each.operation_id for each in held), *others]))


def _operation(rows: _Rows, known: Explanation) -> ExplainedOperation:
    id_ = known.operation_id
    return ExplainedOperation(
        operation_id=id_,
        held=next((each for each in rows.held if each.operation_id == id_), None),
        ledger=known,
        entries=[each for each in rows.entries if each.operation_id == id_],
        breaks=[each for each in rows.breaks if each.operation_id == id_],
    )


def _all(kind: type[T], rows: Iterable[object]) -> list[T]:
    return [msgspec.convert(dict(row), kind) for row in rows]  # type: ignore[call-overload]
