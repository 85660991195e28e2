"""Sources that may tell of some event types only."""

import pytest

from game.resources import Resources
from game.webhooks.trust import FRESH_MS
from tests.webhooks.senders import Office

pytestmark = pytest.mark.asyncio


async def test_what_a_source_may_tell(office: Office) -> None:
    """Put again without its types it may tell of all; a reversal comes with what it takes back."""
    some = {"title": "Reviews", "types": ["review.created", "share.created"]}
    assert (await office.done("PUT", "webhook-sources/reviews", some))["types"] == some["types"]
    [listed] = (await office.done("GET", "webhook-sources"))["sources"]
    assert listed["types"] == some["types"]
    assert (await office.done("PUT", "webhook-sources/reviews", {"title": "Reviews"}))["types"] is None
    for types in ([], ["review.created.reversed"], ["a b"], ["x"] * 51):
        refused = await office.ask("PUT", "webhook-sources/reviews", some | {"types": types})
        assert refused.status_code == 422


async def test_a_source_tells_only_what_it_may(office: Office, resources: Resources) -> None:
    """Whoever holds the key of a widget for reviews makes no purchases of it, and takes none back."""
    sender = await office.sender("reviews")
    bought = {"amount_fen": 100, "occurrence": "order-1"}
    await sender.sent("purchase.completed", **bought)
    limited = {"title": "Reviews", "types": ["review.created"]}
    await office.done("PUT", "webhook-sources/reviews", limited)
    office.clock.advance(FRESH_MS)
    for type_, data in (
        ("purchase.completed", {"amount_fen": 100}),
        ("purchase.completed.reversed", {"occurrence": "order-1"}),
        ("rain.fell", {}),
        ("rain.fell.reversed", {}),
    ):
        refused = await sender.send(type_, **data)
        assert (refused.status_code, refused.json()["code"]) == (403, "event_type_not_allowed")
    await sender.sent("review.created", occurrence="r-1")
    await sender.sent("review.created.reversed", occurrence="r-1")
    rows = await resources.pool.fetch("SELECT type FROM event ORDER BY type")
    assert [row["type"] for row in rows] == [
        "purchase.completed",
        "review.created",
        "review.created.reversed",
    ]
