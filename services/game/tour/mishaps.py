"""What goes wrong at the fair: a forger, a muddled sender, a manager who wants praise, a greedy collector."""

import secrets
from datetime import UTC, datetime

import msgspec

from game.badges.rules import Redeem
from game.tour.guests import Guest
from game.tour.incidents import Incident, problem
from game.tour.sender import Event, Sender
from game.tour.stage import Place, Plan, draft
from game.tour.venue import Venue
from game.webhooks.signing import secret_text

PRAISE = {"attribute": "rating", "kind": "at_least", "values": [4]}


async def forged(sender: Sender, event: Event) -> Incident:
    """Whoever does not have the key tells nothing."""
    forger = sender.with_key(secret_text(secrets.token_bytes(32)))
    return problem("a forged event", await forger.send(event, "msg_forged"), code="signature_invalid")


async def muddled(sender: Sender, event: Event) -> Incident:
    """An id that came with another body is not taken for a copy."""
    (await sender.send(event, "msg_muddled")).done()
    other = msgspec.structs.replace(event, occurrence="another")
    return problem("its id, another event", await sender.send(other, "msg_muddled"), code="webhook_id_reused")


async def praised(venue: Venue, plan: Plan) -> Incident:
    """A task that looks at how good a review is cannot be saved; the article is named."""
    campaign_id = await draft(venue.manager, plan)
    path = f"/v1/manage/campaigns/{campaign_id}/tasks/praise"
    task = plan.tasks["review"] | {"filters": [PRAISE]}
    return problem("a task for good reviews", await venue.manager.put(path, task), code="rating_filter")


async def greedy(collector: Guest, place: Place, set_id: str) -> Incident:
    """A set that was redeemed is not full any more, whatever the key."""
    path = f"/v1/campaigns/{place.campaign_id}/me/sets/{set_id}/trades"
    answer = await collector.client.post(path, Redeem(), key="again")
    return problem("a set redeemed again", answer, code="set_incomplete")


async def mishaps(venue: Venue, plan: Plan, place: Place, sender: Sender, set_id: str) -> list[Incident]:
    """All of them; the events are about a player who is not at the fair."""
    event = Event(
        type="survey.completed",
        subject=venue.poor.name,
        occurrence="one",
        at=datetime.now(UTC),
        attributes={"survey": "fair"},
    )
    return [
        await forged(sender, event),
        await muddled(sender, event),
        await praised(venue, plan),
        await greedy(venue.guests[0], place, set_id),
    ]
