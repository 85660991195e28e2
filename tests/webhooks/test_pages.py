"""Pages of lists: each looks at so much and tells so much, and all of them together tell all."""

import pytest

from game.resources import Resources
from game.webhooks.letter_store import LOOK_BACK, PAGE_BYTES
from game.webhooks.manage_api import PAGE
from tests.webhooks.senders import Office, Sender

pytestmark = pytest.mark.asyncio

NEWER = """
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, player_id, occurrence,
                   occurred_ms, received_ms, attributes, state, next_attempt_ms)
SELECT brand_id, ('ffffffff-0000-7000-8000-' || lpad(nth::text, 12, '0'))::uuid, source, 'new ' || nth,
       body_digest, $2, player_id, 'new ' || nth, occurred_ms, received_ms, attributes, $3, next_attempt_ms
FROM event, generate_series(1, $1::integer) AS nth
"""


@pytest.mark.parametrize(
    ("state", "asked"),
    [("processed", "type=review.created"), ("processed", "state=stored"), ("stored", "type=review.created"),
     ("stored", "state=stored&type=review.created"), ("processed", "state=reversed")],
)  # fmt: skip
async def test_a_rare_event_is_found_page_by_page(
    office: Office, sender: Sender, resources: Resources, state: str, asked: str
) -> None:
    """Behind as many others as a page looks at; an index leads to a state that is not an end."""
    rare = await sender.sent()
    await resources.pool.execute(NEWER, LOOK_BACK, "other.type", state)
    if asked == "state=reversed":
        await resources.pool.execute("UPDATE event SET state = 'reversed' WHERE type <> 'other.type'")
    page = await office.done("GET", f"events?{asked}")
    if asked != "state=stored":
        assert page["events"] == []
        page = await office.done("GET", f"events?{asked}&before={page['next']}")
    assert ([each["id"] for each in page["events"]], page["next"]) == ([rare["id"]], None)


async def test_long_events_fill_a_page(office: Office, sender: Sender) -> None:
    """What an unknown type says may be as long as a body: no page holds a hundred of those."""
    long = "x" * 60_000
    sent = [(await sender.sent("weather.changed", text=long))["id"] for _ in range(PAGE_BYTES // 60_000 + 1)]
    first = await office.done("GET", "events")
    assert 1 <= len(first["events"]) < len(sent) < PAGE
    second = await office.done("GET", f"events?before={first['next']}")
    assert {each["id"] for each in first["events"] + second["events"]} == set(sent)
    assert second["next"] is None
