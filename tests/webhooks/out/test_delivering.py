"""Messages on their way: signed, in order, once each, and forgotten."""

import asyncio
import base64

import pytest
from aiohttp import web

from game.webhooks.out.delivering import EACH, LEASE_MS, Deliveries, purge
from game.webhooks.out.rules import PAUSES_MS, RETENTION_MS, ROTATION_MS
from game.webhooks.out.sender import EXCERPT_BYTES, Sender
from tests.webhooks.out.receiver import Post, Receiver

pytestmark = pytest.mark.asyncio


async def test_a_message(post: Post, receiver: Receiver) -> None:
    """It comes once, signed as Standard Webhooks say, with the brand's own name of the player."""
    made = await post.endpoint(receiver.url)
    await post.tell(await post.campaign.player("ann"))
    assert await post.deliver() == 1
    [received] = receiver.received
    [listed] = await post.log(made["endpoint_id"])
    assert receiver.verified(made["secret"], now_ms=post.clock()) == [listed["webhook_id"]]
    assert (listed["state"], listed["attempts"], listed["next_attempt_at"]) == ("delivered", 1, None)
    assert received.said == {
        "type": "task.completed",
        "timestamp": listed["told_at"],
        "data": {"subject": "ann", "campaign": post.campaign.campaign_id, "number": 1},
    }
    assert received.headers["Content-Type"] == "application/json"
    assert await post.deliver() == 0


async def test_nobody_wants_it(post: Post, receiver: Receiver) -> None:
    """What no endpoint asks for, or one of another type, is not stored."""
    await post.endpoint(receiver.url, "prize.won")
    await post.tell(await post.campaign.player("ann"))
    assert await post.resources.pool.fetchval("SELECT count(*) FROM webhook_delivery") == 0


async def test_several_endpoints(post: Post, receiver: Receiver) -> None:
    """Each that wants it gets it, under the same id."""
    for _ in range(2):
        await post.endpoint(receiver.url)
    await post.tell(await post.campaign.player("ann"))
    await post.deliver()
    assert len(receiver.received) == 2
    assert len({each.id for each in receiver.received}) == 1


async def test_what_was_rolled_back_is_not_told(post: Post, receiver: Receiver) -> None:
    """A message is of the transaction in which it was told."""
    await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann")
    async with post.resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await post.tell_in(conn, ann)
        await transaction.rollback()
    assert await post.deliver() == 0


async def test_order(post: Post, receiver: Receiver) -> None:
    """A player's messages come in their order, also those of one transaction."""
    await post.endpoint(receiver.url)
    receiver.takes_seconds = 0.01
    ann, bob = await post.campaign.player("ann"), await post.campaign.player("bob")
    await post.tell(ann, ann, bob, ann)
    await post.tell(bob, ann)
    await post.deliver()
    assert receiver.overtaken == []
    assert [number for number in receiver.numbers if number in {1, 2, 4, 6}] == [1, 2, 4, 6]
    assert [number for number in receiver.numbers if number in {3, 5}] == [3, 5]


async def test_the_log(post: Post, receiver: Receiver) -> None:
    """Each attempt with its status, and how the answer began; a redirect is an answer like another."""
    made = await post.endpoint(receiver.url)
    receiver.answers[1] = [
        web.Response(status=302, headers={"Location": receiver.url}),
        web.Response(status=503, text="x\0" + "y" * 10_000),
    ]
    await post.tell(await post.campaign.player("ann"))
    for pause_ms in (0, *PAUSES_MS[:2]):
        post.clock.advance(pause_ms)
        await post.deliver()
    [listed] = await post.log(made["endpoint_id"])
    path = f"webhook-endpoints/{made['endpoint_id']}/deliveries/{listed['message_id']}"
    attempts = (await post.office.done("GET", path))["attempts"]
    assert [(each["status"], each["error"]) for each in attempts] == [(204, None), (503, None), (302, None)]
    assert len(attempts[1]["excerpt"]) == EXCERPT_BYTES
    assert attempts[1]["excerpt"].startswith("x\ufffdy")
    assert len(receiver.received) == 3


async def test_killed_between_sending_and_noting(post: Post, receiver: Receiver) -> None:
    """The message is put off, then sent again with the same id by whoever lives."""
    await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann")
    await post.tell(ann, ann)
    receiver.held = held = asyncio.Event()
    assert await post.deliveries.run(post.resources) == 1
    await receiver.has(1)
    await post.deliveries.close()
    held.set()
    receiver.held = None
    post.clock.advance(LEASE_MS - 1)
    assert await post.deliver() == 0
    post.clock.advance(1)
    await post.deliver()
    assert receiver.numbers == [1, 1, 2]
    assert receiver.received[0].id == receiver.received[1].id


async def test_two_workers(post: Post, receiver: Receiver) -> None:
    """Side by side they send each message once, and no subject's out of order."""
    await post.endpoint(receiver.url)
    receiver.takes_seconds = 0.01
    players = [await post.campaign.player(f"p{number}") for number in range(3)]
    for _ in range(8):
        await post.tell(*players)
    async with Sender(to_loopback=True, clock=post.clock) as sender:
        workers = [post.deliveries, Deliveries(sender)]
        for _ in range(400):
            counts = [await worker.run(post.resources) for worker in workers]
            if len(receiver.received) == 24 and not any(counts):
                break
            await asyncio.sleep(0.005)
        for worker in workers:
            await worker.idle()
    assert sorted(receiver.numbers) == list(range(1, 25))
    assert receiver.overtaken == []
    for first in (1, 2, 3):
        theirs = [number for number in receiver.numbers if number % 3 == first % 3]
        assert theirs == sorted(theirs)


async def test_at_most_so_many_at_once(post: Post, receiver: Receiver) -> None:
    """An endpoint has so many messages in flight; while it has any, it is given no more."""
    await post.endpoint(receiver.url)
    receiver.held = held = asyncio.Event()
    await post.tell(*[await post.campaign.player(f"p{number}") for number in range(EACH + 2)])
    assert await post.deliveries.run(post.resources) == EACH
    assert await post.deliveries.run(post.resources) == 0
    held.set()
    await post.deliveries.idle()
    assert await post.deliver() == 2


async def test_a_rotation(post: Post, receiver: Receiver) -> None:
    """For a day messages are signed with the old secret and with the new one, then with the new one alone."""
    made = await post.endpoint(receiver.url)
    path = f"webhook-endpoints/{made['endpoint_id']}"
    new = (await post.office.done("POST", f"{path}/rotate"))["secret"]
    ann = await post.campaign.player("ann")
    await post.tell(ann)
    await post.deliver()
    for secret in (made["secret"], new):
        assert len(receiver.verified(secret, now_ms=post.clock())) == 1
    post.clock.advance(ROTATION_MS)
    receiver.received.clear()
    await post.tell(ann)
    await post.deliver()
    assert len(receiver.verified(new, now_ms=post.clock())) == 1
    assert " " not in receiver.received[0].headers["webhook-signature"]


async def test_erasure(post: Post, receiver: Receiver) -> None:
    """No name is stored with a message; of a player who is erased it is sent without one."""
    await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann-of-acme")
    await post.tell(ann)
    stored = await post.resources.pool.fetchval("SELECT d::text FROM webhook_delivery AS d")
    assert "ann-of-acme" not in stored
    await post.resources.pool.execute("DELETE FROM player WHERE player_id = $1", ann)
    await post.deliver()
    assert "subject" not in receiver.received[0].said["data"]


async def test_what_is_forgotten(post: Post, receiver: Receiver) -> None:
    """Messages of a month ago with their attempts, and all of a deleted endpoint."""
    made = await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann")
    await post.tell(ann)
    await post.deliver()
    post.clock.advance(RETENTION_MS)
    assert await purge(post.resources) == 0
    post.clock.advance(1)
    assert await purge(post.resources) == 1
    await post.tell(ann)
    await post.office.done("DELETE", f"webhook-endpoints/{made['endpoint_id']}")
    assert await post.deliver() == 0
    assert await purge(post.resources) == 1
    counts = "SELECT (SELECT count(*) FROM webhook_endpoint) + (SELECT count(*) FROM webhook_attempt)"
    assert await post.resources.pool.fetchval(counts) == 0


async def test_the_secret_is_sealed(post: Post, receiver: Receiver) -> None:
    """It stands neither in the database nor in any answer but the first."""
    made = await post.endpoint(receiver.url)
    row = await post.resources.pool.fetchval("SELECT sealed FROM webhook_endpoint")
    assert base64.b64decode(made["secret"].removeprefix("whsec_")) not in bytes(row)
    assert made["secret"].encode() not in bytes(row)
    assert made["secret"] not in (await post.office.ask("GET", "webhook-endpoints")).text
