"""What managers decide about sources, keys and event types, and what they see of events."""

import base64
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.instants import to_datetime
from game.resources import Resources
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.manage_api import PAGE
from game.webhooks.source_store import KEYS_OF_SOURCE_MAX, SOURCES_MAX, TYPES_MAX
from game.webhooks.trust import FRESH_MS
from tests.support.service import ManualClock
from tests.support.tokens import Issuer
from tests.webhooks.senders import Office, Sender

pytestmark = pytest.mark.asyncio

SEED = bytes(range(32))
SIGNING = "whsk_" + base64.b64encode(SEED).decode()
PUBLIC = (
    "whpk_"
    + base64.b64encode(Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()).decode()
)


def at(ms: int) -> str:
    """An instant as it is written on the wire."""
    return to_datetime(ms).isoformat().replace("+00:00", "Z")


async def refusal(office: Office, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """The status and the code of a refusal."""
    answer = await office.ask(method, path, body)
    return answer.status_code, answer.json()["code"]


async def test_a_source(office: Office, clock: ManualClock) -> None:
    """It says where it sends; put again, it has another title and the same keys."""
    made = await office.done("PUT", "webhook-sources/shop", {"title": "Shop"})
    assert made == {
        "source": "shop",
        "title": "Shop",
        "types": None,
        "path": "/v1/webhooks/acme.shop",
        "conflicts": 0,
        "created_by": "mia",
        "created_at": at(clock()),
        "keys": [],
    }
    await office.key("shop")
    again = await office.done("PUT", "webhook-sources/shop", {"title": "The shop"})
    assert (again["title"], len(again["keys"])) == ("The shop", 1)


async def test_a_secret_is_told_once(office: Office, resources: Resources) -> None:
    """It is in no list and in no cache, and sealed in the database."""
    await office.done("PUT", "webhook-sources/shop", {"title": "Shop"})
    answer = await office.ask("POST", "webhook-sources/shop/keys", {"kind": "secret"})
    secret = answer.json()["secret"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    listed = await office.ask("GET", "webhook-sources")
    assert secret not in listed.text
    assert listed.json()["sources"][0]["keys"][0]["public_key"] is None
    sealed = await resources.pool.fetchval("SELECT sealed FROM webhook_key")
    assert base64.b64decode(secret.removeprefix("whsec_")) not in bytes(sealed)


async def test_an_ed25519_key(office: Office, sender: Sender, clock: ManualClock) -> None:
    """The sender keeps its private key; the public one is shown, and verifies."""
    added = await office.key("shop", kind="public_key", public_key=PUBLIC)
    assert added["secret"] is None
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    assert PUBLIC in [key["public_key"] for key in source["keys"]]
    clock.advance(FRESH_MS)
    sender.key = SIGNING
    assert (await sender.sent())["state"] == "stored"


async def test_a_rotation(office: Office, sender: Sender, clock: ManualClock) -> None:
    """Old and new key hold side by side until the old one expires, to the millisecond."""
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    old_id = source["keys"][0]["key_id"]
    old_path = f"webhook-sources/shop/keys/{old_id}"
    old, new = sender.key, (await office.key("shop"))["secret"]
    ended = await office.done("PUT", old_path, {"expires_at": at(clock() + FRESH_MS + 1)})
    ends = {key["key_id"]: key["expires_at"] for key in ended["keys"]}
    assert ends[old_id] == at(clock() + FRESH_MS + 1)
    assert list(ends.values()).count(None) == 1
    clock.advance(FRESH_MS)
    await sender.sent()
    clock.advance(1)
    assert (await sender.send()).status_code == 401
    sender.key = new
    await sender.sent()
    assert await refusal(office, "PUT", old_path, {"expires_at": None}) == (409, "key_expired")
    sender.key = old
    assert (await sender.send()).status_code == 401


async def test_a_key_with_an_end(office: Office, sender: Sender, clock: ManualClock) -> None:
    """It may be given its end when it is made, and the end may be lifted."""
    key = await office.key("shop", expires_at=at(clock() + FRESH_MS))
    await office.done("PUT", f"webhook-sources/shop/keys/{key['key_id']}", {"expires_at": None})
    clock.advance(FRESH_MS)
    sender.key = key["secret"]
    await sender.sent()


async def test_how_many_keys(office: Office, clock: ManualClock) -> None:
    """So many at a time; those that have expired do not count."""
    await office.done("PUT", "webhook-sources/shop", {"title": "Shop"})
    for _ in range(KEYS_OF_SOURCE_MAX - 1):
        await office.key("shop")
    await office.key("shop", expires_at=at(clock() + 1))
    path, wanted = "webhook-sources/shop/keys", {"kind": "secret"}
    assert await refusal(office, "POST", path, wanted) == (409, "too_many_keys")
    clock.advance(1)
    await office.done("POST", path, wanted)
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    assert len(source["keys"]) == KEYS_OF_SOURCE_MAX


async def test_keys_that_are_none(office: Office, clock: ManualClock) -> None:
    """Malformed keys, ends in the past, and secrets that the manager chose."""
    await office.done("PUT", "webhook-sources/shop", {"title": "Shop"})
    for key in (
        {"kind": "public_key", "public_key": "whpk_" + "A" * 42 + "B="},
        {"kind": "public_key", "public_key": PUBLIC.replace("whpk_", "whsec_")},
        {"kind": "secret", "secret": "whsec_" + "A" * 43 + "="},
        {"kind": "secret", "expires_at": at(clock())},
        {"kind": "password"},
        {},
    ):
        status, code = await refusal(office, "POST", "webhook-sources/shop/keys", key)
        assert status == 422, (key, code)


async def test_what_is_not_there(office: Office) -> None:
    """Keys of no source, keys that are none, events that are none."""
    await office.done("PUT", "webhook-sources/shop", {"title": "Shop"})
    nothing = "01a0c450-6c00-7ea2-b867-ff055f7d135b"
    asked = [
        ("POST", "webhook-sources/none/keys", {"kind": "secret"}, "source_not_found"),
        ("DELETE", f"webhook-sources/none/keys/{nothing}", None, "source_not_found"),
        ("DELETE", f"webhook-sources/shop/keys/{nothing}", None, "key_not_found"),
        ("PUT", f"webhook-sources/shop/keys/{nothing}", {"expires_at": None}, "key_not_found"),
        ("GET", f"events/{nothing}", None, "event_not_found"),
        ("POST", f"events/{nothing}/redrive", None, "event_not_found"),
    ]
    for method, path, body, code in asked:
        assert await refusal(office, method, path, body) == (404, code)


async def test_another_brands_are_not_there(
    office: Office, sender: Sender, other_issuer: Issuer, app_client: httpx.AsyncClient, clock: ManualClock
) -> None:
    """Neither sources, nor keys, nor types, nor events."""
    event = await sender.sent()
    await office.done("PUT", "event-types/parcel.returned", {"attributes": {}})
    [source] = (await office.done("GET", "webhook-sources"))["sources"]
    key_path = f"webhook-sources/shop/keys/{source['keys'][0]['key_id']}"
    theirs = Office(app_client, other_issuer, clock)
    assert (await theirs.done("GET", "webhook-sources"))["sources"] == []
    assert len((await theirs.done("GET", "event-types"))["types"]) == len(CATALOGUE)
    assert await theirs.events() == []
    for method, path in [("GET", f"events/{event['id']}"), ("POST", f"events/{event['id']}/redrive"),
                         ("DELETE", key_path)]:  # fmt: skip
        assert (await refusal(theirs, method, path))[0] == 404
    await theirs.done("PUT", "webhook-sources/shop", {"title": "Theirs"})
    assert (await refusal(theirs, "DELETE", key_path)) == (404, "key_not_found")


async def test_roles(office: Office) -> None:
    """Support and auditors look, managers decide, players do neither."""
    paths = ["webhook-sources", "event-types", "events"]
    for role, status in [("support", 200), ("auditor", 200), ("player", 403)]:
        for path in paths:
            assert (await office.ask("GET", path, role=role)).status_code == status
        answer = await office.ask("PUT", "webhook-sources/shop", {"title": "Shop"}, role=role)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_required")


async def test_how_many_sources_and_types(office: Office, resources: Resources) -> None:
    """So many of each; what is there already can be changed."""
    await resources.pool.execute(
        "INSERT INTO webhook_source (brand_id, source, title, created_by, created_ms)"
        " SELECT 'acme', 's' || n, 't', 'mia', 1 FROM generate_series(1, $1) AS n",
        SOURCES_MAX,
    )
    await resources.pool.execute(
        "INSERT INTO event_type (brand_id, type, attributes, changed_by, changed_ms)"
        " SELECT 'acme', 'my.type' || n, '{}', 'mia', 1 FROM generate_series(1, $1) AS n",
        TYPES_MAX,
    )
    title, attributes = {"title": "Shop"}, {"attributes": dict[str, Any]()}
    assert await refusal(office, "PUT", "webhook-sources/shop", title) == (409, "too_many_sources")
    await office.done("PUT", "webhook-sources/s1", title)
    assert await refusal(office, "PUT", "event-types/my.other", attributes) == (409, "too_many_event_types")
    await office.done("PUT", "event-types/my.type1", attributes)


async def test_a_declared_type(office: Office, sender: Sender, clock: ManualClock) -> None:
    """Its events are read by its attributes from a second after it was declared; so are new terms."""
    weight = {"kind": "integer", "required": True, "most": 30_000}
    declared = await office.done("PUT", "event-types/parcel.returned", {"attributes": {"grams": weight}})
    assert declared["attributes"] == {"grams": {"required": True, "least": 0} | weight}
    clock.advance(FRESH_MS)
    assert (await sender.sent("parcel.returned", grams=1))["state"] == "stored"
    refused = await sender.send("parcel.returned", grams=30_001)
    assert (refused.status_code, refused.json()["field"]) == (422, "$.data.grams")
    await office.done(
        "PUT", "event-types/parcel.returned", {"attributes": {"grams": weight | {"most": 40_000}}}
    )
    clock.advance(FRESH_MS)
    assert (await sender.sent("parcel.returned", grams=30_001))["state"] == "stored"
    types = (await office.done("GET", "event-types"))["types"]
    assert [each["type"] for each in types] == [*CATALOGUE, "parcel.returned"]


@pytest.mark.parametrize(
    ("name", "attributes", "status", "code"),
    [
        ("review.created", {}, 409, "event_type_reserved"),
        ("parcel.returned.reversed", {}, 422, "rule_broken"),
        ("parcel.returned", {"subject": {"kind": "string"}}, 422, "rule_broken"),
        ("parcel.returned", {"x": {"kind": "float"}}, 422, "invalid_body"),
        ("parcel.returned", {"X": {"kind": "string"}}, 422, "invalid_body"),
        ("parcel.returned", {f"x{n}": {"kind": "boolean"} for n in range(21)}, 422, "invalid_body"),
        ("parcel.returned", {"x": {"kind": "enum", "values": []}}, 422, "invalid_body"),
        ("parcel", {}, 422, "invalid_parameter"),
        ("Parcel.returned", {}, 422, "invalid_parameter"),
    ],
)
async def test_types_that_are_refused(
    office: Office, name: str, attributes: Any, status: int, code: str
) -> None:
    """The service's own, reversals, and what no event could be."""
    answer = await refusal(office, "PUT", f"event-types/{name}", {"attributes": attributes})
    assert answer == (status, code)


async def test_an_unknown_event_is_read_later(office: Office, sender: Sender, clock: ManualClock) -> None:
    """Once its type is declared, it is driven again, and is what it would have been."""
    event = await sender.sent("parcel.returned", occurrence="1", sequence=4, grams=7)
    path = f"events/{event['id']}/redrive"
    assert await refusal(office, "POST", path) == (409, "event_type_unknown")
    await office.done("PUT", "event-types/parcel.returned", {"attributes": {"grams": {"kind": "boolean"}}})
    assert await refusal(office, "POST", path) == (422, "invalid_body")
    await office.done("PUT", "event-types/parcel.returned", {"attributes": {"grams": {"kind": "integer"}}})
    for _ in range(2):
        read = await office.done("POST", path)
        assert (read["state"], read["subject"], read["occurrence"]) == ("stored", "ann", "1")
        assert (read["sequence"], read["attributes"]) == (4, {"grams": 7})
    clock.advance(FRESH_MS)
    again = await sender.sent("parcel.returned", occurrence="1", grams=7)
    assert again == {"id": event["id"], "state": "duplicate"}


async def test_an_unknown_event_whose_occurrence_is_taken(
    office: Office, sender: Sender, clock: ManualClock
) -> None:
    """The one that was read first stands for it."""
    event = await sender.sent("parcel.returned", occurrence="1")
    await office.done("PUT", "event-types/parcel.returned", {"attributes": {}})
    clock.advance(FRESH_MS)
    await sender.sent("parcel.returned", occurrence="1")
    assert await refusal(office, "POST", f"events/{event['id']}/redrive") == (409, "occurrence_taken")


async def test_the_list(office: Office, sender: Sender, clock: ManualClock) -> None:
    """Newest first, by state, type and subject, page by page."""
    ids = []
    for number in range(PAGE + 1):
        clock.advance(1)
        ids.append((await sender.sent(subject=f"s{number % 2}", occurrence=str(number)))["id"])
    clock.advance(1)
    unknown = (await sender.sent("weather.changed"))["id"]
    first = await office.done("GET", "events")
    second = await office.done("GET", f"events?before={first['next']}")
    assert [event["id"] for event in first["events"] + second["events"]] == [unknown, *reversed(ids)]
    assert second["next"] is None
    assert [event["id"] for event in await office.events(type="weather.changed")] == [unknown]
    assert [event["id"] for event in await office.events(subject="s1", state="stored")] == ids[1::2][::-1]
    assert await office.events(subject="nobody") == []
    shown = await office.done("GET", f"events/{ids[0]}")
    assert (shown["subject"], shown["occurrence"], shown["source"]) == ("s0", "0", "shop")
