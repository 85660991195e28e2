"""What managers decide about endpoints, and who may."""

import httpx
import pytest

from game.webhooks.out.delivery_store import LOOK_BACK
from game.webhooks.out.endpoint_store import ENDPOINTS_MAX
from tests.support.service import ManualClock
from tests.support.tokens import Issuer
from tests.webhooks.out.receiver import Post, Receiver
from tests.webhooks.senders import Office

pytestmark = pytest.mark.asyncio

URL = "https://hook.example/in"
NEWER = """
INSERT INTO webhook_delivery (brand_id, endpoint_id, message_id, type, lane, data, told_ms, state,
                              next_attempt_ms)
SELECT brand_id, endpoint_id, ('ffffffff-0000-7000-8000-' || lpad(nth::text, 12, '0'))::uuid, type, lane,
       data, told_ms, 'delivered', next_attempt_ms
FROM webhook_delivery, generate_series(1, $1::integer) AS nth
"""


async def test_an_endpoint(post: Post) -> None:
    """It is shown with what it wants, each type once, and may be deleted."""
    made = await post.endpoint(URL, "stock.low", "prize.won", "stock.low")
    [listed] = (await post.office.done("GET", "webhook-endpoints"))["endpoints"]
    assert (listed["endpoint_id"], listed["url"]) == (made["endpoint_id"], URL)
    assert listed["types"] == ["prize.won", "stock.low"]
    assert (listed["state"], listed["created_by"]) == ("active", "mia")
    await post.office.done("DELETE", f"webhook-endpoints/{made['endpoint_id']}")
    assert (await post.office.done("GET", "webhook-endpoints"))["endpoints"] == []


async def test_a_ping(post: Post, receiver: Receiver) -> None:
    """It is sent whatever the endpoint wants, and says nothing."""
    made = await post.endpoint(receiver.url, "stock.low")
    sent = await post.office.done("POST", f"webhook-endpoints/{made['endpoint_id']}/ping")
    await post.deliver()
    [received] = receiver.received
    assert (received.id, received.said["type"], received.said["data"]) == (
        sent["webhook_id"],
        "webhook.ping",
        {},
    )


async def test_refused(post: Post) -> None:
    """URLs that may not be sent to, types that are none, and endpoints beyond the limit."""
    for draft, code in [
        ({"url": "https://10.0.0.1/", "types": ["prize.won"]}, "rule_broken"),
        ({"url": "http://hook.example/", "types": ["prize.won"]}, "rule_broken"),
        ({"url": URL, "types": ["prize.lost"]}, "invalid_body"),
        ({"url": URL, "types": []}, "invalid_body"),
    ]:
        answer = await post.office.ask("POST", "webhook-endpoints", draft)
        assert (answer.status_code, answer.json()["code"]) == (422, code), draft
    for _ in range(ENDPOINTS_MAX):
        await post.endpoint(URL)
    answer = await post.office.ask("POST", "webhook-endpoints", {"url": URL, "types": ["prize.won"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_endpoints")


async def test_another_brands_is_not_there(
    post: Post, other_issuer: Issuer, app_client: httpx.AsyncClient, clock: ManualClock
) -> None:
    """Neither the endpoint nor its messages, for any use."""
    made = await post.endpoint(URL)
    await post.tell(await post.campaign.player("ann"))
    [message] = await post.log(made["endpoint_id"])
    theirs = Office(app_client, other_issuer, clock)
    path = f"webhook-endpoints/{made['endpoint_id']}"
    delivery = f"{path}/deliveries/{message['message_id']}"
    since = {"since": "2026-01-01T00:00:00Z"}
    assert (await theirs.done("GET", "webhook-endpoints"))["endpoints"] == []
    for method, asked, body in [
        ("GET", path, None), ("DELETE", path, None), ("POST", f"{path}/rotate", None),
        ("POST", f"{path}/ping", None), ("POST", f"{path}/resume", None), ("POST", f"{path}/replay", since),
        ("GET", f"{path}/deliveries", None), ("GET", delivery, None), ("POST", f"{delivery}/replay", None),
    ]:  # fmt: skip
        assert (await theirs.ask(method, asked, body)).status_code == 404, (method, asked)


async def test_roles(post: Post) -> None:
    """Support and auditors look, managers decide, players do neither."""
    made = await post.endpoint(URL)
    path = f"webhook-endpoints/{made['endpoint_id']}"
    for role, status in [("support", 200), ("auditor", 200), ("player", 403)]:
        for asked in ("webhook-endpoints", path, f"{path}/deliveries"):
            assert (await post.office.ask("GET", asked, role=role)).status_code == status
        for asked in (f"{path}/rotate", f"{path}/ping", f"{path}/resume"):
            assert (await post.office.ask("POST", asked, role=role)).status_code == 403


async def test_pages_of_the_log(post: Post) -> None:
    """Newest first, and those of a state alone."""
    made = await post.endpoint(URL)
    await post.tell(await post.campaign.player("ann"), await post.campaign.player("bob"))
    path = f"webhook-endpoints/{made['endpoint_id']}/deliveries"
    newest, oldest = await post.log(made["endpoint_id"])
    page = await post.office.done("GET", f"{path}?before={newest['message_id']}&state=waiting")
    assert ([each["message_id"] for each in page["deliveries"]], page["next"]) == (
        [oldest["message_id"]],
        None,
    )
    assert (await post.office.done("GET", f"{path}?state=failed"))["deliveries"] == []


async def test_a_page_of_one_state_looks_at_so_many(post: Post) -> None:
    """What failed long ago is found page by page."""
    made = await post.endpoint(URL)
    await post.tell(await post.campaign.player("ann"))
    await post.resources.pool.execute("UPDATE webhook_delivery SET state = 'failed'")
    await post.resources.pool.execute(NEWER, LOOK_BACK)
    path = f"webhook-endpoints/{made['endpoint_id']}/deliveries?state=failed"
    first = await post.office.done("GET", path)
    assert first["deliveries"] == []
    second = await post.office.done("GET", f"{path}&before={first['next']}")
    assert ([each["state"] for each in second["deliveries"]], second["next"]) == (["failed"], None)
