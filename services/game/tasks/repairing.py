"""Repairing a missed day for points: stored first, charged then, and driven on until the ledger has decided.

The debit has one id and one body for ever. A timeout is unknown, never failed.
"""

import asyncio
from datetime import date
from typing import Final
from uuid import UUID

import msgspec
import structlog

from game.auth import Caller
from game.campaigns.access import launched
from game.db.connection import Connection
from game.ledger import service as outbox
from game.ledger.charging import charge, refusal_of
from game.ledger.rules import Credit
from game.players import account_of, player_id_of
from game.plays.rules import LEDGER_AWAY_SECONDS
from game.resources import Resources
from game.tasks import progress_store
from game.tasks import repair_store as store
from game.tasks.counting import published
from game.tasks.handing import hand
from game.tasks.reaching import reached
from game.tasks.repair_rules import UNDECIDED, Repair, cannot, check_repair, check_same
from game.tasks.repair_store import Debit
from game.tasks.streak_defining import streak_of
from game.tasks.streak_listing import Read, read_streaks
from game.tasks.streak_scoring import rescore_streaks
from ledger_client import Applied, Leg, Operation, Outcome, Rejected, Unknown, encode, house

# Longer than the request that charges first may take.
TAKE_UP_MS: Final = 2_000
LEASE_MS: Final = 10_000
DOUBT_MS: Final = 1_000
CLAIM_MAX: Final = 64

log = structlog.get_logger()


async def repair_day(
    resources: Resources, caller: Caller, *, campaign_id: str, streak_id: str, day: date, key: str
) -> Repair:
    """Repair a missed day, once for each key; the repair as it stands when its time is up.

    NotFound; Conflict `repair_unavailable` with a reason, `repair_day`; Invalid `idempotency_mismatch`;
    Unavailable `ledger_unavailable`, with nothing stored.
    """
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction():
        await progress_store.lock_players_of(conn, [player_id])
        known = await store.find_repair(
            conn, campaign_id=campaign_id, player_id=player_id, idempotency_key=key
        )
        if known is not None:
            check_same(known, streak_id=streak_id, day=day)
            return known
        campaign = await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        (mine,) = await read_streaks(conn, resources, campaign, [player_id], now_ms=resources.clock())
        repair = _asked(resources, mine.read(), player_id=player_id, streak_id=streak_id, day=day, key=key)
        debit = _debit(repair, account=account_of(brand_id=caller.brand_id, subject=caller.subject))
        next_attempt_ms = repair.asked_ms + resources.settings.request_deadline_ms + TAKE_UP_MS
        if not await store.take_place(conn, repair):
            raise cannot("used_up")
        await store.insert_repair(conn, repair, debit, next_attempt_ms=next_attempt_ms)
    return await _drive(resources, repair, debit)


async def sweep_repairs(resources: Resources, limit: int) -> int:
    """Drive on the repairs whose turn has come; how many were decided: none while the ledger is away."""
    if not resources.ledger.available():
        return 0
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        due = await store.claim_repairs(
            conn, now_ms=now_ms, until_ms=now_ms + LEASE_MS, limit=min(limit, CLAIM_MAX)
        )
    driven = await asyncio.gather(
        *(_drive(resources, repair, debit) for repair, debit in due), return_exceptions=True
    )
    for error in driven:
        if isinstance(error, BaseException):
            log.warning("repair.not_driven_on", error=repr(error))
    return sum(isinstance(each, Repair) and each.state not in UNDECIDED for each in driven)


def _asked(
    resources: Resources, read: Read, *, player_id: UUID, streak_id: str, day: date, key: str
) -> Repair:
    policy, now_ms = streak_of(read.streaks, streak_id).draft.policy, resources.clock()
    check_repair(
        read.standpoint(streak_id),
        day,
        ledger_available=resources.ledger.available(),
        away_seconds=LEDGER_AWAY_SECONDS,
    )
    return Repair(
        campaign_id=read.basis.campaign_id,
        repair_id=resources.new_id(),
        player_id=player_id,
        streak_id=streak_id,
        day=day,
        idempotency_key=key,
        state="funding",
        price_points=policy.repair_points,
        asked_ms=now_ms,
        apply_before_ms=min(now_ms + resources.settings.operation_ttl_ms, read.basis.over_ms),
        finished_ms=None,
        balance_points=None,
        refusal=None,
        refunds=0,
        is_refunded=False,
    )


def _debit(repair: Repair, *, account: str) -> Debit:
    leg = Leg(debit=account, credit=house(repair.campaign_id), amount=repair.price_points, code="repair")
    operation = Operation(
        id=repair.operation_id,
        apply_before=repair.apply_before_ms,
        legs=(leg,),
        ref=f"{repair.streak_id} {repair.day}",
    )
    return Debit(subject=account, body=encode(operation))


async def _drive(resources: Resources, repair: Repair, debit: Debit) -> Repair:
    outcome = await charge(
        resources,
        operation_id=repair.operation_id,
        body=debit.body,
        subject=debit.subject,
        apply_before_ms=repair.apply_before_ms,
    )
    async with resources.pool.acquire() as conn, conn.transaction():
        await progress_store.lock_players_of(conn, [repair.player_id])
        after, credits_due = await _decided(conn, resources, repair, outcome)
    await outbox.send(resources, credits_due)
    return after


async def _decided(
    conn: Connection, resources: Resources, repair: Repair, outcome: Outcome
) -> tuple[Repair, list[Credit]]:
    """The repair as it stands after an outcome, unless somebody else was faster; what to send after that."""
    stored = await store.lock_repair(conn, repair)
    if stored.state not in UNDECIDED:
        return stored, []
    if isinstance(outcome, Unknown):
        await store.doubt_repair(conn, stored, next_attempt_ms=resources.clock() + DOUBT_MS)
        return msgspec.structs.replace(stored, state="resolving"), []
    after = _after(stored, outcome, now_ms=resources.clock())
    await store.save_decided(
        conn,
        after,
        operation_state=type(outcome).__name__.lower(),
        ledger_seq=outcome.seq if isinstance(outcome, Applied) else None,
    )
    if after.state != "applied":
        return after, []
    campaigns = {after.campaign_id: await published(conn, resources, after.campaign_id)}
    handed = await reached(conn, resources, {after.key}, campaigns)
    credits_due = await hand(conn, resources, [handed])
    await rescore_streaks(conn, resources, campaigns, [after.key])
    return await store.lock_repair(conn, after), credits_due


def _after(repair: Repair, outcome: Outcome, *, now_ms: int) -> Repair:
    if isinstance(outcome, Applied):
        balance_points = next(iter(outcome.balances.values()), None)
        return msgspec.structs.replace(
            repair, state="applied", finished_ms=now_ms, balance_points=balance_points
        )
    assert not isinstance(outcome, Unknown)
    return msgspec.structs.replace(
        repair,
        state="rejected" if isinstance(outcome, Rejected) else "cancelled",
        finished_ms=now_ms,
        refusal=refusal_of(outcome),
    )
