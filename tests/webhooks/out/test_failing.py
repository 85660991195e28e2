"""Messages that nobody takes: tried again on the standard's schedule, held back, replayed, given up."""

import pytest
from aiohttp import web

from game.webhooks.out.delivering import EACH
from game.webhooks.out.rules import DAY_MS, GIVEN_UP_AFTER_MS, PAUSES_MS, PROBE_MS
from tests.webhooks.out.receiver import Post, Receiver

pytestmark = pytest.mark.asyncio


async def test_a_failing_message_holds_back_its_subject_only(post: Post, receiver: Receiver) -> None:
    """Others go on; once it is taken, those behind it follow in their order."""
    await post.endpoint(receiver.url)
    ann, bob = await post.campaign.player("ann"), await post.campaign.player("bob")
    receiver.answers[1] = [web.Response(status=500), web.Response(status=500)]
    await post.tell(ann, ann, bob, ann)
    await post.deliver()
    assert sorted(receiver.numbers) == [1, 3]
    post.clock.advance(PAUSES_MS[0])
    await post.deliver()
    post.clock.advance(PAUSES_MS[1] - 1)
    assert await post.deliver() == 0
    post.clock.advance(1)
    await post.deliver()
    assert [number for number in receiver.numbers if number != 3] == [1, 1, 1, 2, 4]
    assert len({each.id for each in receiver.received if each.said["data"]["number"] == 1}) == 1


async def test_the_schedule(post: Post, receiver: Receiver) -> None:
    """So many attempts, each as late as the standard says; then the next message has its turn."""
    made = await post.endpoint(receiver.url)
    ann, bob = await post.campaign.player("ann"), await post.campaign.player("bob")
    receiver.answers[1] = [web.Response(status=400, text="never") for _ in range(20)]
    await post.tell(ann, ann)
    await post.deliver()
    for pause_ms in PAUSES_MS:
        await post.tell(bob)
        post.clock.advance(pause_ms)
        await post.deliver()
    post.clock.advance(PROBE_MS)
    await post.deliver()
    assert receiver.numbers.count(1) == 1 + len(PAUSES_MS)
    assert receiver.numbers.count(2) == 1
    states = {each["state"] for each in await post.log(made["endpoint_id"])}
    assert states == {"failed", "delivered"}


async def test_an_endpoint_that_is_gone(post: Post, receiver: Receiver) -> None:
    """410 pauses it at once; resumed, it gets what waited, in order."""
    made = await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann")
    receiver.answers[1] = [web.Response(status=410)]
    await post.tell(ann, ann)
    await post.deliver()
    path = f"webhook-endpoints/{made['endpoint_id']}"
    shown = await post.office.done("GET", path)
    assert (shown["state"], shown["pause_reason"]) == ("paused", "gone")
    post.clock.advance(DAY_MS)
    await post.tell(ann)
    assert await post.deliver() == 0
    resumed = await post.office.done("POST", f"{path}/resume")
    assert (resumed["state"], resumed["pause_reason"], resumed["failing_since"]) == ("active", None, None)
    await post.deliver()
    assert receiver.numbers == [1, 1, 2, 3]


async def test_a_dead_endpoint(post: Post, receiver: Receiver) -> None:
    """One that takes nothing for days is paused before a message has used up its attempts."""
    made = await post.endpoint(receiver.url)
    receiver.always = web.Response(status=503)
    await post.tell(await post.campaign.player("ann"))
    await post.deliver()
    passed = 0
    for pause_ms in PAUSES_MS:
        post.clock.advance(pause_ms)
        passed += pause_ms
        await post.deliver()
        shown = await post.office.done("GET", f"webhook-endpoints/{made['endpoint_id']}")
        assert (shown["state"] == "paused") == (passed >= GIVEN_UP_AFTER_MS)
    assert shown["pause_reason"] == "failing"
    receiver.always = None
    await post.office.done("POST", f"webhook-endpoints/{made['endpoint_id']}/resume")
    await post.deliver()
    assert [each["state"] for each in await post.log(made["endpoint_id"])] == ["delivered"]


async def test_a_failing_endpoint_is_probed(post: Post, receiver: Receiver) -> None:
    """After a failure it is sent one message at a time, and no sooner than a second later."""
    await post.endpoint(receiver.url)
    receiver.always = web.Response(status=503)
    await post.tell(*[await post.campaign.player(f"p{number}") for number in range(EACH * 2)])
    assert await post.deliver() == EACH
    post.clock.advance(PROBE_MS)
    assert await post.deliver() == 1


async def test_replay(post: Post, receiver: Receiver) -> None:
    """One message, or all since a time in their old order, come again with their ids; what waits does not."""
    made = await post.endpoint(receiver.url)
    ann = await post.campaign.player("ann")
    path = f"webhook-endpoints/{made['endpoint_id']}"
    await post.tell(ann)
    post.clock.advance(1_000)
    await post.tell(ann, ann)
    await post.deliver()
    third, _, first = await post.log(made["endpoint_id"])
    replayed = await post.office.done("POST", f"{path}/deliveries/{first['message_id']}/replay")
    assert (replayed["state"], replayed["attempts"]) == ("waiting", 0)
    await post.deliver()
    assert receiver.numbers == [1, 2, 3, 1]
    answer = await post.office.done("POST", f"{path}/replay", {"since": third["told_at"]})
    assert answer == {"replayed": 2, "next": None}
    again = await post.office.done("POST", f"{path}/replay", {"since": third["told_at"]})
    assert again["replayed"] == 0
    await post.deliver()
    assert receiver.numbers == [1, 2, 3, 1, 2, 3]
    assert len({each.id for each in receiver.received}) == 3
    after = {"since": first["told_at"], "after": first["message_id"]}
    assert (await post.office.done("POST", f"{path}/replay", after))["replayed"] == 2
