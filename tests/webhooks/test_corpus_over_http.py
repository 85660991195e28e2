"""The corpus sent to the application, and what a server makes of odd bytes before we see them."""

import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import pytest_asyncio

from game.app import build_app
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.app import settings_for
from tests.support.databases import Databases
from tests.support.server import serving
from tests.support.service import ManualClock
from tests.support.tokens import Issuer
from tests.webhooks.corpus import BODY, ID, KINDS, NOW, PUBLIC, SIGNING, WRONG, Hand, Sent
from tests.webhooks.forgeries import CORPUS, flipped
from tests.webhooks.senders import Office, Sender

FLIPS = 400
ANSWER_BYTES = 65_536
JSON = (b"content-type", b"application/json")


@pytest_asyncio.fixture
async def hands(office: Office, sender: Sender) -> dict[str, Hand]:
    """Those who may sign for the source `acme.shop`: with its secret, and with an Ed25519 key."""
    await office.key("shop", kind="public_key", public_key=PUBLIC)
    return {"v1": Hand(sender.key, SIGNING), "v1a": Hand(SIGNING, sender.key)}


async def answer(sender: Sender, sent: Sent) -> tuple[int, str]:
    """The status of the answer, and its code or what became of the event."""
    answered = await sender.client.post(sender.path, content=sent.body, headers=[JSON, *sent.headers])
    told = answered.json()
    return answered.status_code, told.get("code") or told["state"]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("table", CORPUS)
async def test_corpus(
    table: str, kind: str, sender: Sender, hands: dict[str, Hand], resources: Resources
) -> None:
    """Each case is answered with the code of its kind; only what holds is stored, and once."""
    code, cases = CORPUS[table]
    told = {name: await answer(sender, case(hands[kind])) for name, case in cases.items()}
    expected = {(401, code)} if code else {(202, "stored"), (202, "duplicate")}
    assert {name: each for name, each in told.items() if each not in expected} == {}
    assert await resources.pool.fetchval("SELECT count(*) FROM event") == (0 if code else 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
async def test_bit_flips(kind: str, sender: Sender, hands: dict[str, Hand], resources: Resources) -> None:
    """Of all bits that are sent, hundreds drawn by lot: none can be another."""
    sent, lot = hands[kind].send(), random.Random(f"flips {kind}")
    for _ in range(FLIPS):
        name, value = lot.choice([(b"", sent.body), *sent.headers])
        other = flipped(value, lot.randrange(8 * len(value)))
        told = await answer(sender, sent.given(name, other) if name else Sent(sent.headers, other))
        assert told[0] == 401, (name, other, told)
    assert await resources.pool.fetchval("SELECT count(*) FROM event") == 0


@pytest.mark.asyncio
async def test_a_key_of_small_order_is_not_taken(office: Office, sender: Sender) -> None:
    """A manager who was given one is told so; whoever gave it could have signed nothing."""
    key = {"kind": "public_key", "public_key": "whpk_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    refused = await office.ask("POST", "webhook-sources/shop/keys", key)
    assert (refused.status_code, refused.json()["field"]) == (422, "$.public_key")
    point = b"\1" + bytes(31)
    forged = Hand(SIGNING, SIGNING).send().given(b"webhook-signature", _v1a(point + bytes(32)))
    assert await answer(sender, forged) == (401, "signature_invalid")


def _v1a(raw: bytes) -> bytes:
    return b"v1a," + msgspec.json.encode(raw).strip(b'"')


class Wire(msgspec.Struct, frozen=True):
    """The service behind a real server, and who may send to it."""

    url: str
    hand: Hand

    def lines(self) -> dict[bytes, bytes]:
        """The headers of a webhook by name."""
        return dict(self.hand.send().headers)

    def told(self, *lines: bytes, body: bytes = BODY) -> tuple[int, str]:
        """The status and the code of the answer to header lines that are sent as they stand."""
        address = urlsplit(self.url)
        head = b"POST /v1/webhooks/acme.shop HTTP/1.1\r\nHost: playfair.test\r\nConnection: close\r\n"
        head += b"Content-Type: application/json\r\n" + b"".join(line + b"\r\n" for line in lines)
        head += b"" if b"chunked" in head else b"Content-Length: %d\r\n" % len(body)
        with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
            connection.sendall(head + b"\r\n" + body)
            answered = b""
            while read := connection.recv(ANSWER_BYTES):
                answered += read
        status, _, rest = answered.partition(b"\r\n")
        told = rest.partition(b"\r\n\r\n")[2]
        code = msgspec.json.decode(told) if told.startswith(b"{") else {"code": told.decode()}
        return int(status.split()[1]), code.get("code") or code["state"]


@pytest.fixture(params=KINDS)
def wire(
    request: pytest.FixtureRequest, databases: Databases, database_url: str, redis_url: str
) -> Iterator[Wire]:
    """The source `acme.shop` on a real server, where a moment stands still."""
    clock = ManualClock(NOW * 1000)
    issuer = Issuer("acme", clock=clock)
    databases.wait_for(issuer.insert_brand(database_url))
    app = build_app(
        settings_for(database_url, redis_url), ledger=FakeLedger(now_ms=clock), clock=clock
    )  # fmt: skip
    with serving(app) as url:
        manage, headers = f"{url}/v1/manage/webhook-sources/shop", issuer.headers("mia", "manager")
        httpx.put(manage, json={"title": "Shop"}, headers=headers).raise_for_status()
        public = {"kind": "public_key", "public_key": PUBLIC}
        httpx.post(f"{manage}/keys", json=public, headers=headers).raise_for_status()
        secret = httpx.post(f"{manage}/keys", json={"kind": "secret"}, headers=headers).json()["secret"]
        yield Wire(url, Hand(secret, SIGNING) if request.param == "v1" else Hand(SIGNING, secret))


def written(headers: dict[bytes, bytes], between: bytes = b": ") -> list[bytes]:
    """Header lines."""
    return [name + between + value for name, value in headers.items()]


TAKEN = {(202, "stored"), (202, "duplicate")}
MALFORMED = (401, "webhook_headers_invalid")


def test_how_headers_may_be_written(wire: Wire) -> None:
    """Names in any letters, white space around values, a body in pieces: the same bytes count."""
    lines = written(wire.lines())
    pieces = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (7, BODY[:7], len(BODY) - 7, BODY[7:])
    assert wire.told(*lines) == (202, "stored")
    assert wire.told(*[line[:10].upper() + line[10:] for line in lines]) in TAKEN
    assert wire.told(*written(wire.lines(), b":")) in TAKEN
    assert wire.told(*written(wire.lines(), b": \t ")) in TAKEN
    assert wire.told(*[line + b" \t" for line in lines]) in TAKEN
    assert wire.told(*lines, b"Transfer-Encoding: chunked", body=pieces) in TAKEN


def test_headers_that_come_twice(wire: Wire) -> None:
    """In both orders, on lines of their own or joined by a proxy: never the one that suits."""
    lines, sent = written(wire.lines()), wire.hand.send()
    for name, other in [(b"webhook-id", b"msg_other"), (b"webhook-timestamp", b"%d" % (NOW - 1)),
                        (b"webhook-signature", WRONG)]:  # fmt: skip
        right = dict(sent.headers)[name]
        assert wire.told(name + b": " + other, *lines) == MALFORMED
        assert wire.told(*lines, name.title() + b": " + other) == MALFORMED
        for joined in (right + b", " + other, other + b", " + right):
            assert wire.told(*written(wire.lines() | {name: joined})) == MALFORMED, joined
        assert wire.told(*written(wire.lines() | {name: right + b"," + right}))[0] == 401


def test_headers_that_a_server_refuses(wire: Wire) -> None:
    """Folded lines, spaces before the colon, NUL: no webhook comes of them."""
    lines = written(wire.lines())
    for odd in (b"Webhook-Signature :x", b"x-folded: a\r\n  webhook-id: " + ID.encode(), b"x-nul: \0",
                b" webhook-id: x"):  # fmt: skip
        assert wire.told(*lines, odd) not in {(202, "stored")}, odd
