"""Completions about which a person decides: approved, or rejected with a reason; again after an appeal."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import Desk, campaign_of, desk_of
from game.errors import Conflict, Forbidden, NotFound
from game.ledger import service as outbox
from game.players import player_id_of
from game.resources import Resources
from game.tasks import progress_store as store
from game.tasks.completing import Completion, State
from game.tasks.counting import published
from game.tasks.scoring import rescore_completions
from game.tasks.settling import settle

UNDECIDED: Final[tuple[State, ...]] = ("pending", "appealed")


async def to_review(
    resources: Resources, caller: Caller, *, campaign_id: str, after: UUID, limit: int
) -> list[Completion]:
    """One page of the completions that wait for a decision, oldest first. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.completions_to_review(conn, campaign_id=campaign_id, after=after, limit=limit)


async def approve(
    resources: Resources, caller: Caller, *, campaign_id: str, completion_id: UUID, generation: int
) -> Completion:
    """Reward a completion, where there is a place for it, and open what comes after it.

    NotFound; Conflict where it is decided, or is not the one that was looked at any more.
    """
    async with desk_of(resources, caller, campaign_id) as work:
        found = await _locked(work, completion_id)
        _require(found, UNDECIDED, generation=generation)
        campaigns = {campaign_id: await published(work.conn, resources, campaign_id)}
        credits_due = await settle(work.conn, resources, (), campaigns, approved=[found])
        await rescore_completions(work.conn, resources, campaigns, [found.key])
        decided = await _recorded(work, "task.approve", found)
    await outbox.send(resources, credits_due)
    return decided


async def reject(
    resources: Resources,
    caller: Caller,
    *,
    campaign_id: str,
    completion_id: UUID,
    generation: int,
    reason: str,
) -> Completion:
    """Reject a completion; after an appeal for good. NotFound, Conflict."""
    async with desk_of(resources, caller, campaign_id) as work:
        found = await _locked(work, completion_id)
        _require(found, UNDECIDED, generation=generation)
        state: State = "denied" if found.state == "appealed" else "rejected"
        await _save(work, msgspec.structs.replace(found, state=state, reason=reason))
        return await _recorded(work, "task.reject", found)


async def appeal(
    resources: Resources, caller: Caller, *, campaign_id: str, completion_id: UUID, text: str
) -> Completion:
    """Ask for another decision about a rejected completion of the caller's own, once. NotFound, Conflict."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.lock_players_of(conn, [player_id])
        found = await store.find_completion(conn, campaign_id=campaign_id, completion_id=completion_id)
        if found is None or found.key.player_id != player_id:
            raise no_such_completion()
        _require(found, ("rejected",), generation=found.generation)
        appealed = msgspec.structs.replace(found, state="appealed", appeal=text)
        await store.save_completions(conn, [appealed], now_ms=resources.clock())
    return appealed


async def _locked(work: Desk, completion_id: UUID) -> Completion:
    """The completion, whose player nobody else works on. Forbidden to that player."""
    campaign_id = work.campaign.campaign_id
    seen = await store.find_completion(work.conn, campaign_id=campaign_id, completion_id=completion_id)
    if seen is None:
        raise no_such_completion()
    await store.lock_players_of(work.conn, [seen.key.player_id])
    if await store.is_player(work.conn, seen.key.player_id, subject=work.actor):
        raise Forbidden("second_person_required", "Nobody decides about a completion of their own.")
    return await _read(work, completion_id)


async def _read(work: Desk, completion_id: UUID) -> Completion:
    found = await store.find_completion(
        work.conn, campaign_id=work.campaign.campaign_id, completion_id=completion_id
    )
    assert found is not None, "completions are never deleted"
    return found


async def _save(work: Desk, completion: Completion) -> None:
    await store.save_completions(work.conn, [completion], now_ms=work.resources.clock())


async def _recorded(work: Desk, action: str, before: Completion) -> Completion:
    after = await _read(work, before.completion_id)
    which = {"completion": before.completion_id.hex, "task": before.key.task_id, "nth": before.nth}
    await work.record(
        action,
        old=which | {"state": before.state, "reason": before.reason},
        new=which | {"state": after.state, "reason": after.reason},
    )
    return after


def _require(found: Completion, allowed: Sequence[State], *, generation: int) -> None:
    if found.state not in allowed or found.generation != generation:
        raise Conflict(
            "completion_state",
            f"The completion is {found.state}; this needs one that is {' or '.join(allowed)}.",
            state=found.state,
            allowed=list(allowed),
            generation=found.generation,
        )


def no_such_completion() -> NotFound:
    """The one answer for a completion that the campaign does not have."""
    return NotFound("completion_not_found", "There is no such completion.")
