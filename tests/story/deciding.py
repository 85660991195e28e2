"""Reviewers and players who do about completions what the oracle says that they do."""

from collections.abc import Sequence
from typing import Final, Literal, TypedDict
from uuid import UUID

import asyncpg
import msgspec

from game.auth import Caller, Role
from game.errors import Conflict
from game.resources import Resources
from game.tasks import reviewing
from tests.story.oracle import decision

UNDECIDED: Final = """
SELECT c.completion_id, c.generation, c.state, p.subject, p.brand_id, c.task_id, c.nth
FROM task_completion AS c JOIN player AS p USING (player_id)
WHERE c.campaign_id = $1 AND c.state IN ('pending', 'appealed', 'rejected') ORDER BY c.completion_id
"""
REASON: Final = "The photo shows something else."
APPEAL: Final = "Please look again."
Action = Literal["approve", "reject", "appeal"]


class ToDo(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does about a completion as it is now."""

    completion_id: UUID
    generation: int
    subject: str
    brand_id: str
    action: Action


class _Which(TypedDict):
    campaign_id: str
    completion_id: UUID


async def to_do(pool: "asyncpg.Pool[asyncpg.Record]", campaign_id: str) -> Sequence[ToDo]:
    """What there is to decide or to appeal against now, oldest first."""
    found = []
    for row in await pool.fetch(UNDECIDED, campaign_id):
        if action := _action(row["state"], row["subject"], row["task_id"], row["nth"]):
            kept = {name: row[name] for name in ("completion_id", "generation", "subject", "brand_id")}
            found.append(ToDo(**kept, action=action))
    return found


def _action(state: str, subject: str, task_id: str, nth: int) -> Action | None:
    wanted = decision(subject, task_id, nth)
    if state == "rejected":
        return "appeal" if wanted.endswith("appeal") else None
    is_approved = wanted == "approve" or (wanted.startswith("approve") and state == "appealed")
    return "approve" if is_approved else "reject"


async def do(resources: Resources, campaign_id: str, each: ToDo) -> bool:
    """Do it; False where it was not there any more as it was seen."""
    which = _Which(campaign_id=campaign_id, completion_id=each.completion_id)
    manager = Caller(each.brand_id, "mia", frozenset({Role.MANAGER}))
    player = Caller(each.brand_id, each.subject, frozenset({Role.PLAYER}))
    try:
        if each.action == "approve":
            await reviewing.approve(resources, manager, **which, generation=each.generation)
        elif each.action == "reject":
            await reviewing.reject(resources, manager, **which, generation=each.generation, reason=REASON)
        else:
            await reviewing.appeal(resources, player, **which, text=APPEAL)
    except Conflict:
        return False
    return True
