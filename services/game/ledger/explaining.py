"""All that is known of a play, reward, repair or operation: by us, the ledger, its feed, reconciliation."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
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
_REWARD: Final = "reward:"
_REPAIR: Final = "repair:"

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


class HeldReward(msgspec.Struct, frozen=True, kw_only=True):
    """A reward of points as we hold it; `taken_back_ms` is None while it stands."""

    campaign_id: str
    reward_id: UUID
    source: str
    state: str
    amount: int
    withheld: int
    recovered: int
    owed: int
    given_ms: int
    taken_back_ms: int | None


class HeldRepair(msgspec.Struct, frozen=True, kw_only=True):
    """A missed day of a streak that is repaired for points, as we hold it."""

    campaign_id: str
    repair_id: UUID
    streak_id: str
    day: date
    state: str
    price_points: int
    asked_ms: int
    apply_before_ms: int
    finished_ms: int | None
    is_refunded: bool


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
    play_id: UUID | None
    reward_id: UUID | None
    repair_id: UUID | None
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
    """A play with its operations, the debit first, a reward or repair with its own; none: it is not ours."""

    play: HeldPlay | None
    reward: HeldReward | None
    repair: HeldRepair | None
    decisions: Sequence[PlayDecision]
    operations: Sequence[ExplainedOperation]


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    play: HeldPlay | None
    reward: HeldReward | None
    repair: HeldRepair | None
    decisions: Sequence[PlayDecision]
    held: Sequence[Held]
    asked: tuple[str, ...]
    entries: Sequence[PostedEntry]
    breaks: Sequence[FoundBreak]


async def explain(resources: Resources, asked: str, *, brand_id: str) -> Explained:
    """All that is known of a play, reward, repair or operation of the ledger. NotFound; LedgerUnreachable."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        rows = await _read(conn, asked, brand_id=brand_id)
    if not (rows.play or rows.reward or rows.repair or rows.breaks):
        raise NotFound("operation_not_found", "No play or operation of your campaigns has this id.")
    known = await asyncio.gather(*map(resources.ledger.explain, rows.asked))
    return Explained(
        play=rows.play,
        reward=rows.reward,
        repair=rows.repair,
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
    owner = await _owner(conn, asked)
    play = await _one(conn, HeldPlay, _SQL.held_play, brand_id, owner)
    reward = None if play else await _one(conn, HeldReward, _SQL.held_reward, brand_id, owner)
    repair = None if play or reward else await _one(conn, HeldRepair, _SQL.held_repair, brand_id, owner)
    held: list[Held] = []
    if owner is not None and (play or reward or repair):
        held = _all(Held, await conn.fetch(_SQL.operations_of, *owner, OPERATIONS_MAX))
    ids = _operation_ids(asked, play, reward, repair, held)
    return _Rows(
        play=play,
        reward=reward,
        repair=repair,
        decisions=[]
        if play is None
        else _all(PlayDecision, await conn.fetch(_SQL.decisions_of_play, play.campaign_id, play.play_id)),
        held=held,
        asked=ids,
        entries=_all(PostedEntry, await conn.fetch(_SQL.entries_of_operations, brand_id, ids)),
        breaks=_all(FoundBreak, await conn.fetch(_SQL.breaks_of_operations, brand_id, ids)),
    )


async def _owner(conn: Connection, asked: str) -> tuple[str, UUID] | None:
    """The play, reward or repair of this id, or the one that an operation of this id belongs to."""
    place = parse_wire_id(asked.removeprefix(_DEBIT))
    if place is None:
        row = await conn.fetchrow(_SQL.owner_of_operation, campaign_of(asked), asked)
        place = None if row is None else (row["campaign_id"], row["owner_id"])
    return place


async def _one(
    conn: Connection, kind: type[T], sql: str, brand_id: str, owner: tuple[str, UUID] | None
) -> T | None:
    row = None if owner is None else await conn.fetchrow(sql, brand_id, *owner)
    return None if row is None else _all(kind, [row])[0]


def _operation_ids(
    asked: str,
    play: HeldPlay | None,
    reward: HeldReward | None,
    repair: HeldRepair | None,
    held: Sequence[Held],
) -> tuple[str, ...]:
    """What the ledger is asked about: also what there should be, and what was asked for."""
    due = [_DEBIT + wire_id(play.campaign_id, play.play_id)] if play and play.price_points else []
    if reward is not None and reward.amount > reward.withheld:
        due = [_REWARD + wire_id(reward.campaign_id, reward.reward_id)]
    if repair is not None:
        due = [_REPAIR + wire_id(repair.campaign_id, repair.repair_id)]
    others = [asked] if parse_wire_id(asked) is None or not (play or reward or repair) else []
    return tuple(dict.fromkeys([*due, *(each.operation_id for each in held), *others]))


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
