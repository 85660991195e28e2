"""What comes over HTTP is verified before it is read, stored once, and answered when it is committed."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from game.app import build_app
from game.limits import BURST_SECONDS
from game.resources import Resources
from game.webhooks.intake import BODY_BYTES
from game.webhooks.rules import AGE_MAX_MS, AHEAD_MAX_MS
from game.webhooks.signing import SIGNATURES_MAX, TOLERANCE_SECONDS
from game.webhooks.trust import FRESH_MS
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock
from tests.support.tokens import Issuer
from tests.webhooks.senders import Office, Sender

pytestmark = pytest.mark.asyncio


async def stored(resources: Resources) -> list[dict[str, Any]]:
    """All events, by type and occurrence."""
    rows = await resources.pool.fetch("SELECT * FROM event ORDER BY type, occurrence")
    return [dict(row) for row in rows]


async def test_an_event_is_stored(sender: Sender, resources: Resources, clock: ManualClock) -> None:
    """With whose it is, when it happened and what it says; it waits to be processed."""
    happened_ms = clock() - 60_000
    answer = await sender.sent(occurrence="r-1", sequence=7, happened_ms=happened_ms, photos=2)
    [event] = await stored(resources)
    player_id = await resources.pool.fetchval("SELECT player_id FROM player WHERE subject = 'ann'")
    assert answer == {"id": str(event["event_id"]), "state": "stored"}
    assert (event["brand_id"], event["source"], event["type"]) == ("acme", "shop", "review.created")
    assert (event["player_id"], event["occurrence"], event["sequence"]) == (player_id, "r-1", 7)
    assert (event["occurred_ms"], event["received_ms"]) == (happened_ms, clock())
    assert msgspec.json.decode(event["attributes"]) == {"item": "tea-01", "rating": 4, "photos": 2}
    assert (event["state"], event["attempts"]) == ("stored", 0)


async def test_the_same_webhook_again(sender: Sender, resources: Resources, clock: ManualClock) -> None:
    """An attempt that is repeated, and signed anew, is the same event."""
    body = sender.body()
    first = (await sender.post(body, sender.headers(body, webhook_id="msg_1"))).json()
    clock.advance(TOLERANCE_SECONDS * 2_000)
    again = (await sender.post(body, sender.headers(body, webhook_id="msg_1"))).json()
    assert again == {"id": first["id"], "state": "duplicate"}
    assert len(await stored(resources)) == 1


async def test_the_same_occurrence_again(sender: Sender, resources: Resources) -> None:
    """Under another webhook-id, and said otherwise, it is still the same occurrence."""
    first = await sender.sent(occurrence="r-1", rating=4)
    again = await sender.sent(occurrence="r-1", rating=5)
    assert again == {"id": first["id"], "state": "duplicate"}
    assert len(await stored(resources)) == 1


async def test_what_makes_an_occurrence_another(office: Office, sender: Sender) -> None:
    """Another type, subject, occurrence or source."""
    other = await office.sender("app")
    answers = [
        await sender.sent(occurrence="1"),
        await sender.sent(occurrence="2"),
        await sender.sent(occurrence="1", subject="bob"),
        await sender.sent("checkin.created", occurrence="1"),
        await other.sent(occurrence="1"),
    ]
    assert {answer["state"] for answer in answers} == {"stored"}
    assert len({answer["id"] for answer in answers}) == len(answers)


async def test_the_same_id_with_another_body(office: Office, sender: Sender, resources: Resources) -> None:
    """It is refused, and counted where the brand's managers see it."""
    await sender.sent(webhook_id="msg_1")
    for _ in range(2):
        answer = await sender.send(webhook_id="msg_1")
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_id_reused")
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    assert source["conflicts"] == 2
    assert len(await stored(resources)) == 1


async def test_ten_times_by_two_senders_at_once(sender: Sender, resources: Resources) -> None:
    """Every event ten times in random order, 64 requests in flight: each is stored once."""
    twin = Sender(sender.client, sender.clock, path=sender.path, key=sender.key)
    bodies = [sender.body(occurrence=f"r-{n}", subject=f"s-{n % 7}") for n in range(60)]
    attempts = [(by, body, f"msg_{n}") for n, body in enumerate(bodies) for by in [sender, twin] * 5]
    random.Random(11).shuffle(attempts)
    flight = asyncio.Semaphore(64)

    async def attempt(by: Sender, body: bytes, webhook_id: str) -> dict[str, Any]:
        async with flight:
            answer = await by.post(body, by.headers(body, webhook_id=webhook_id))
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    answers = await asyncio.gather(*(attempt(*each) for each in attempts))
    states = [answer["state"] for answer in answers]
    assert (states.count("stored"), states.count("duplicate")) == (60, 540)
    assert {answer["id"] for answer in answers} == {str(row["event_id"]) for row in await stored(resources)}


async def test_unknown_types_are_kept(office: Office, sender: Sender) -> None:
    """They are answered like others, and shown to the brand with all that they say."""
    answer = await sender.sent("weather.changed", subject="ann", degrees=[1, {"c": 2.5}])
    assert answer["state"] == "unknown"
    assert (await sender.sent("Weird-Type", webhook_id="w"))["state"] == "unknown"
    assert (await sender.sent("weather.changed.reversed"))["state"] == "unknown"
    found = await office.events(state="unknown", type="weather.changed")
    assert [event["id"] for event in found] == [answer["id"]]
    assert found[0]["attributes"]["degrees"] == [1, {"c": 2.5}]
    assert (found[0]["subject"], found[0]["occurrence"]) == (None, None)


async def test_an_unknown_event_again(sender: Sender) -> None:
    """It has no occurrence that we know of, but it has its webhook-id."""
    first = await sender.sent("weather.changed", webhook_id="w", occurrence="1")
    again = await sender.sent("weather.changed", webhook_id="w", occurrence="1")
    assert again == {"id": first["id"], "state": "duplicate"}


async def test_refused_bodies(sender: Sender, resources: Resources) -> None:
    """What is signed but is no event, or not what its type asks for, is told so and not stored."""
    invalid = await sender.send(rating=6)
    assert (invalid.status_code, invalid.json()["code"]) == (422, "invalid_body")
    assert invalid.json()["field"] == "$.data.rating"
    malformed = await sender.post(b"{", sender.headers(b"{"))
    assert (malformed.status_code, malformed.json()["code"]) == (400, "malformed_body")
    assert await stored(resources) == []


@pytest.mark.parametrize(
    ("ahead_ms", "code"),
    [(AHEAD_MAX_MS, None), (AHEAD_MAX_MS + 1, "event_in_future"),
     (-AGE_MAX_MS, None), (-AGE_MAX_MS - 1, "event_too_old")],
)  # fmt: skip
async def test_the_time_of_an_event(ahead_ms: int, code: str | None, sender: Sender) -> None:
    """It may be as old as its copies can be told apart, and ahead of us as far as clocks differ."""
    answer = await sender.send(happened_ms=sender.clock() + ahead_ms)
    assert answer.json().get("code") == code


async def test_size(sender: Sender, resources: Resources) -> None:
    """64 KiB are read, and not a byte more."""
    padding = BODY_BYTES - len(sender.body("x.y", pad="", webhook_id=""))
    body = sender.body("x.y", pad="", webhook_id="").replace(b'"pad":""', b'"pad":"' + b"a" * padding + b'"')
    assert (await sender.post(body[:BODY_BYTES], sender.headers(body[:BODY_BYTES]))).status_code == 202
    answer = await sender.post(body + b" ", sender.headers(body + b" "))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert len(await stored(resources)) == 1


async def test_the_media_type(sender: Sender) -> None:
    """Only JSON is read."""
    body = sender.body()
    answer = await sender.post(body, sender.headers(body) | {"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_refusals_give_nothing_away(office: Office, sender: Sender, resources: Resources) -> None:
    """No source, no brand, no key, a wrong signature, an unreadable body: one answer, to the byte."""
    await office.done("PUT", "webhook-sources/bare", {"title": "Without a key"})
    body = sender.body()
    good, other = sender.headers(body), sender.headers(body + b" ")
    paths = ["acme.shop", "acme.bare", "acme.nowhere", "nobody.shop", "bolt.shop"]
    answers = [
        await sender.client.post(f"/v1/webhooks/{path}", content=content, headers=headers)
        for path in paths
        for content, headers in [(body, other), (b"{", good)]
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert answers[0].json()["code"] == "signature_invalid"
    assert answers[0].headers["WWW-Authenticate"] == "Webhook-Signature"
    assert await stored(resources) == []


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_headers_twice(name: str, sender: Sender) -> None:
    """A header that comes twice, even with the same value, is refused."""
    body = sender.body()
    headers = [*sender.headers(body).items(), (name, sender.headers(body)[name])]
    answer = await sender.client.post(sender.path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_headers_invalid")


async def test_the_replay_window(sender: Sender, clock: ManualClock) -> None:
    """Headers that were good are not good for ever, and a clock that is ahead is told so."""
    body = sender.body()
    headers = sender.headers(body)
    clock.advance(1000 * (TOLERANCE_SECONDS + 1))
    assert (await sender.post(body, headers)).json()["code"] == "timestamp_too_old"
    clock.advance(-2000 * (TOLERANCE_SECONDS + 1))
    assert (await sender.post(body, headers)).json()["code"] == "timestamp_too_new"


async def test_many_signatures(sender: Sender) -> None:
    """A rotation's signatures stand side by side, a bounded number of them."""
    body = sender.body()
    headers = sender.headers(body)
    wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    headers["webhook-signature"] = " ".join([wrong] * (SIGNATURES_MAX - 1) + [headers["webhook-signature"]])
    assert (await sender.post(body, headers)).status_code == 202
    headers["webhook-signature"] += f" {wrong}"
    assert (await sender.post(body, headers)).json()["code"] == "webhook_headers_invalid"


async def test_a_body_written_anew(sender: Sender) -> None:
    """The same JSON in other bytes was not signed."""
    body = sender.body()
    answer = await sender.post(msgspec.json.format(body), sender.headers(body))
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")


async def test_a_player_is_one(sender: Sender, resources: Resources) -> None:
    """Many events at once about somebody new make one player."""
    await asyncio.gather(*(sender.sent(subject="new") for _ in range(20)))
    rows = await resources.pool.fetch("SELECT DISTINCT player_id FROM event")
    assert len(rows) == 1
    assert await resources.pool.fetchval("SELECT count(*) FROM player WHERE subject = 'new'") == 1


async def test_brands_are_apart(
    office: Office,
    sender: Sender,
    other_issuer: Issuer,
    app_client: httpx.AsyncClient,
    resources: Resources,
    clock: ManualClock,
) -> None:
    """The same source, id and occurrence of another brand is another event, about another player."""
    theirs = await Office(app_client, other_issuer, clock).sender("shop")
    assert (await sender.sent(webhook_id="m", occurrence="1"))["state"] == "stored"
    assert (await theirs.sent(webhook_id="m", occurrence="1"))["state"] == "stored"
    assert len({row["player_id"] for row in await stored(resources)}) == 2
    assert len(await office.events()) == 1


async def test_a_key_that_was_taken_away(office: Office, sender: Sender, clock: ManualClock) -> None:
    """Within a second it verifies nothing, while its successor does."""
    old = sender.key
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    new = await office.key("shop")
    clock.advance(FRESH_MS)
    sender.key = new["secret"]
    await sender.sent()
    sender.key = old
    await sender.sent()
    await office.done("DELETE", f"webhook-sources/shop/keys/{source['keys'][0]['key_id']}")
    clock.advance(FRESH_MS)
    assert (await sender.send()).status_code == 401
    sender.key = new["secret"]
    await sender.sent()


@pytest_asyncio.fixture
async def limited(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Sender]:
    """The source `shop` of an application that takes one event a second of each."""
    settings = settings_for(database_url, redis_url, EVENTS_PER_SOURCE="1")
    async with running(build_app(settings, ledger=ledger, clock=clock)) as app, client_of(app) as client:
        yield await Office(client, issuer, clock).sender()


async def test_the_rate_of_a_source(limited: Sender) -> None:
    """Signed events of one source are limited; what nobody signed does not use its share up."""
    body = limited.body()
    for _ in range(2 * BURST_SECONDS):
        assert (await limited.post(body + b" ", limited.headers(body))).status_code == 401
    for _ in range(BURST_SECONDS):
        await limited.sent()
    refused = await limited.send()
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")


async def test_an_address_written_in_another_way(sender: Sender) -> None:
    """The framework finds the route that the short way does not know, and both take the same event."""
    body = sender.body()
    headers = sender.headers(body)
    first = (await sender.post(body, headers)).json()
    longer = await sender.client.post(f"{sender.path}/", content=body, headers=headers)
    assert (longer.status_code, longer.json()) == (202, {"id": first["id"], "state": "duplicate"})
    assert (
        await sender.client.post("/v1/webhooks/ACME.shop", content=body, headers=headers)
    ).status_code == 422
