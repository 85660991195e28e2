"""The ways out of `review`, each on the ledger's proof alone (docs/decisions/0012-review.md).

Charged: the play's draws are spoken for again and it is driven on, by the same operation as ever. Not
charged: it ends. The decision is written in the same transaction; after a crash sweepers do the rest.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from game.auth import Caller
from game.campaigns.access import Desk, desk_of
from game.campaigns.rules import PoolTerms
from game.campaigns.service import pool_terms
from game.db.connection import Connection
from game.errors import Conflict, NotFound
from game.ids import parse_wire_id
from game.ledger import reconcile_store
from game.ledger.charging import Refused
from game.ledger.comparing import Posted
from game.ledger.explaining import PlayDecision
from game.plays import review_store, store
from game.plays.engine import Engine
from game.plays.exits import (
    Decision,
    Evidence,
    Standpoint,
    check_charged,
    check_drawable,
    check_not_charged,
    reserve_again,
)
from game.plays.release import uncharged
from game.plays.review_store import InReview
from game.plays.rules import Debit, Play
from game.resources import Resources

_log = structlog.get_logger()


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A play as it stands, and what was decided about it."""

    play: Play
    made: PlayDecision


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    terms: PoolTerms
    play: Play
    debit: Debit
    caller: Caller
    decision: Decision
    reason: str


async def settle(engine: Engine, caller: Caller, wire_id: str, *, reason: str) -> Reviewed:
    """Draw a play in review that the ledger proves was charged; sent again, it does nothing more.

    NotFound `play_not_found`; Conflict `play_state`, `play_free`, `debit_lost`, `ledger_undecided`,
    `play_not_charged`, `ledger_contradicts`, `draws_made`; Exhausted `no_room_to_settle`. LedgerUnreachable.
    After each of these the play is still in review.
    """
    case = await _case(engine.resources, caller, wire_id, decision="settle", reason=reason)
    if isinstance(case, Reviewed):
        return case
    check_charged(await _evidence(engine.resources, case))
    async with desk_of(engine.resources, caller, case.play.campaign_id) as work:
        case = await _lock(work, case)
        if isinstance(case, Reviewed):
            return case
        play = await _take_up(work, case)
        made = await _write_down(work, case, outcome="applied")
    return await _driven(engine, play, made)


async def cancel(engine: Engine, caller: Caller, wire_id: str, *, reason: str) -> Reviewed:
    """End a play in review that the ledger proves was not charged; sent again, it does nothing more.

    The ledger is made to decide where it has not. NotFound `play_not_found`; Conflict `play_state`,
    `play_free`, `debit_lost`, `play_charged`, `ledger_contradicts`. LedgerUnreachable.
    """
    case = await _case(engine.resources, caller, wire_id, decision="cancel", reason=reason)
    if isinstance(case, Reviewed):
        return case
    ledger, play = engine.resources.ledger, case.play
    decided = await ledger.decide_overdue(case.debit.operation_id, apply_before_ms=play.apply_before_ms)
    async with engine.resources.pool.acquire() as conn:
        outcome = check_not_charged(decided, await _posted(conn, case))
    async with desk_of(engine.resources, caller, play.campaign_id) as work:
        case = await _lock(work, case)
        if isinstance(case, Reviewed):
            return case
        play = await _end(work, case, outcome)
        made = await _write_down(work, case, outcome=type(outcome).__name__.lower())
    return await _driven(engine, play, made)


async def in_review(resources: Resources, caller: Caller, *, after: str | None, limit: int) -> list[InReview]:
    """The brand's plays that wait for a person, after one."""
    start = ("", UUID(int=0)) if after is None else parse_wire_id(after)
    if start is None:
        raise _no_such_play()
    async with resources.pool.acquire() as conn:
        return await review_store.in_review(conn, brand_id=caller.brand_id, after=start, limit=limit)


async def _case(
    resources: Resources, caller: Caller, wire_id: str, *, decision: Decision, reason: str
) -> _Case | Reviewed:
    """What is to be decided, or what was decided before."""
    terms, play = await _find(resources, caller, wire_id)
    if not play.price_points:
        raise Conflict("play_free", "The play cost no points, so the ledger proves nothing about it.")
    async with resources.pool.acquire() as conn:
        debit = (await store.debits_of(conn, [play])).get(play.play_id)
        if debit is None:
            raise Conflict("debit_lost", "We hold no debit of the play, so nothing can be compared.")
        case = _Case(terms=terms, play=play, debit=debit, caller=caller, decision=decision, reason=reason)
        return await _standing(conn, case, play) or case


async def _find(resources: Resources, caller: Caller, wire_id: str) -> tuple[PoolTerms, Play]:
    place = parse_wire_id(wire_id)
    if place is None:
        raise _no_such_play()
    async with resources.pool.acquire() as conn:
        play = await store.read_play(conn, *place)
    if play is None:
        raise _no_such_play()
    terms = await pool_terms(resources, campaign_id=play.campaign_id, pool_id=play.pool_id)
    if terms.brand_id != caller.brand_id:
        raise _no_such_play()
    return terms, play


async def _standing(conn: Connection, case: _Case, play: Play) -> Reviewed | None:
    """What was decided before, when this is that; None: the play is in review. Conflict `play_state`."""
    if play.state == "review":
        return None
    made = await review_store.last_decision(conn, play)
    asked = (case.decision, case.caller.subject, case.reason)
    if made is not None and (made.decision, made.actor, made.reason) == asked:
        return Reviewed(play=play, made=made)
    raise Conflict(
        "play_state",
        f"The play is {play.state}; this needs one in review.",
        state=play.state,
        decided=None if made is None else made.decision,
    )


async def _evidence(resources: Resources, case: _Case) -> Evidence:
    known = await resources.ledger.explain(case.debit.operation_id)
    async with resources.pool.acquire() as conn:
        return Evidence(
            body=case.debit.body,
            ledger=known,
            posted=await _posted(conn, case),
            read_seq=(await reconcile_store.read_pass(conn, "recent")).after_seq,
        )


async def _posted(conn: Connection, case: _Case) -> Sequence[Posted]:
    return await reconcile_store.posted_of(conn, case.debit.operation_id, brand_id=case.terms.brand_id)


async def _lock(work: Desk, case: _Case) -> _Case | Reviewed:
    """The case with its play locked, or what somebody has decided meanwhile."""
    plays = await store.lock_plays_everywhere(work.conn, [(case.play.campaign_id, case.play.play_id)])
    play = plays[case.play.play_id]
    return await _standing(work.conn, case, play) or msgspec.structs.replace(case, play=play)


async def _take_up(work: Desk, case: _Case) -> Play:
    """The play, to be driven on by the ledger's word. One that was released speaks for its draws anew."""
    play, terms, now_ms = case.play, case.terms, work.resources.clock()
    pool_key, player_key = (play.campaign_id, play.pool_id), (play.campaign_id, play.player_id)
    pools = await store.lock_pools(work.conn, [pool_key])
    check_drawable(play, terms, pools[pool_key], now_ms=now_ms)
    if play.refusal is not None:
        taken = await store.lock_counts(work.conn, [player_key])
        seats = await store.lock_live_seats(work.conn, [(*pool_key, play.player_id)])
        at = Standpoint(
            pool=pools[pool_key], taken=taken[player_key], seat=seats.get((*pool_key, play.player_id))
        )
        play, after = reserve_again(play, at, is_sealed=terms.is_sealed)
        await store.save_released(
            work.conn,
            [],
            [],
            pools={pool_key: after.pool},
            taken={player_key: after.taken},
            seats=[after.seat] if after.seat is not None else [],
        )
    return await _reopen(work, play, now_ms=now_ms)


async def _end(work: Desk, case: _Case, outcome: Refused) -> Play:
    """The play at its end. One that was not released is taken up: the engine gives back what it reserved."""
    now_ms = work.resources.clock()
    if case.play.refusal is None:
        return await _reopen(work, case.play, now_ms=now_ms)
    ended = uncharged(case.play, outcome, now_ms=now_ms)
    word = type(outcome).__name__.lower()
    await store.save_released(work.conn, [ended], [word], pools={}, taken={}, seats=[])
    return ended


async def _reopen(work: Desk, play: Play, *, now_ms: int) -> Play:
    await review_store.reopen(work.conn, play, next_attempt_ms=now_ms)
    return msgspec.structs.replace(play, state="resolving", refusal=None, finished_ms=None)


async def _write_down(work: Desk, case: _Case, *, outcome: str) -> PlayDecision:
    made = PlayDecision(
        at_ms=work.resources.clock(),
        decision=case.decision,
        outcome=outcome,
        actor=work.actor,
        reason=case.reason,
    )
    await review_store.write_decision(work.conn, case.play, made)
    new = {"play": case.play.wire_id, "decision": made.decision, "outcome": outcome, "reason": made.reason}
    await work.record(f"play.{made.decision}", old={"play": case.play.wire_id, "state": "review"}, new=new)
    return made


async def _driven(engine: Engine, play: Play, made: PlayDecision) -> Reviewed:
    """The play as far as it gets within a request's time."""
    _log.info(
        "play.reviewed", play=play.wire_id, decision=made.decision, outcome=made.outcome, actor=made.actor
    )
    if not play.is_finished:
        await engine.done_in_time(engine.drive(play))
        async with engine.resources.pool.acquire() as conn:
            play = await store.read_play(conn, play.campaign_id, play.play_id) or play
    return Reviewed(play=play, made=made)


def _no_such_play() -> NotFound:
    return NotFound("play_not_found", "There is no such play in your campaigns.")
