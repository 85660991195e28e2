"""What a completion rests on, for whoever decides about it."""

from typing import Final
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import campaign_of
from game.resources import Resources
from game.tasks import past_store, progress_store
from game.tasks.completing import Completion
from game.tasks.past_store import CountedEvent
from game.tasks.praise import says_how_good
from game.tasks.reviewing import no_such_completion

EVENTS_MAX: Final = 50


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A completion, whose it is (None: an erased player's), and the newest events that count for its task."""

    completion: Completion
    subject: str | None
    events: tuple[CountedEvent, ...]


async def evidence(
    resources: Resources, caller: Caller, *, campaign_id: str, completion_id: UUID
) -> Evidence:
    """What there is about a completion of the brand's, but for attributes that say how good. NotFound.

    Nobody decides by how good a review is, a person as little as a task (`praise.ARTICLE`).
    """
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        found = await progress_store.find_completion(
            conn, campaign_id=campaign_id, completion_id=completion_id
        )
        if found is None:
            raise no_such_completion()
        subjects = await past_store.subjects_of(conn, [found.key.player_id])
        events = await past_store.evidence_of(conn, found.key, limit=EVENTS_MAX)
    return Evidence(
        completion=found,
        subject=subjects.get(found.key.player_id),
        events=tuple(map(_without_praise, events)),
    )


def _without_praise(event: CountedEvent) -> CountedEvent:
    shown = {
        name: value
        for name, value in event.attributes.items()
        if not says_how_good(name, event_type=event.type)
    }
    return msgspec.structs.replace(event, attributes=shown)
