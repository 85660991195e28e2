"""A brand's system that sends events, and the manager who lets it."""

import itertools
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from game.instants import to_datetime
from game.webhooks.signing import signed_headers
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

REVIEW = {"item": "tea-01", "rating": 4}


class Sender:
    """A source of the brand `acme` with its secret; every event that it makes up is another one."""

    def __init__(self, client: httpx.AsyncClient, clock: ManualClock, *, path: str, key: str) -> None:
        self.client = client
        self.clock = clock
        self.path = path
        self.key = key
        self._numbers = itertools.count()

    def body(self, type_: str = "review.created", **data: Any) -> bytes:
        """An event of now about `ann`; `data` says otherwise, `happened_ms` when."""
        happened_ms = data.pop("happened_ms", self.clock())
        occurrence = f"occurrence-{next(self._numbers)}"
        filled: dict[str, Any] = {"subject": "ann", "occurrence": occurrence}
        if type_ == "review.created":
            filled |= REVIEW
        return msgspec.json.encode(
            {"type": type_, "timestamp": to_datetime(happened_ms), "data": filled | data}
        )

    def headers(self, body: bytes, *, webhook_id: str | None = None) -> dict[str, str]:
        """The signed headers of a body, sent now."""
        id_ = webhook_id or f"msg_{self.path[-3:]}_{next(self._numbers)}"
        return signed_headers(self.key, webhook_id=id_, timestamp_seconds=self.clock() // 1000, body=body) | {
            "content-type": "application/json"
        }

    async def post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send these very bytes."""
        return await self.client.post(self.path, content=body, headers=headers)

    async def send(
        self, type_: str = "review.created", *, webhook_id: str | None = None, **data: Any
    ) -> httpx.Response:
        """Send an event."""
        body = self.body(type_, **data)
        return await self.post(body, self.headers(body, webhook_id=webhook_id))

    async def sent(self, type_: str = "review.created", **data: Any) -> dict[str, Any]:
        """Send an event that must be taken; the answer."""
        answer = await self.send(type_, **data)
        assert answer.status_code == 202, answer.text
        taken: dict[str, Any] = answer.json()
        return taken


class Office:
    """The manager `mia` of the brand `acme`."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, clock: ManualClock) -> None:
        self.client = client
        self.issuer = issuer
        self.clock = clock

    async def ask(self, method: str, path: str, body: Any = None, *, role: str = "manager") -> httpx.Response:
        """Ask for something below the managers' path."""
        headers = self.issuer.headers("mia", role)
        content = {} if body is None else {"json": body}
        return await self.client.request(method, f"/v1/manage/{path}", headers=headers, **content)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for something that must succeed; the answer."""
        answer = await self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def key(self, source: str, **key: Any) -> dict[str, Any]:
        """Add a key: a secret unless said otherwise; the answer."""
        added: dict[str, Any] = await self.done(
            "POST", f"webhook-sources/{source}/keys", {"kind": "secret"} | key
        )
        return added

    async def sender(self, source: str = "shop") -> Sender:
        """A new source with a secret."""
        made = await self.done("PUT", f"webhook-sources/{source}", {"title": "The shop"})
        key = await self.key(source)
        return Sender(self.client, self.clock, path=made["path"], key=key["secret"])

    async def events(self, **asked: Any) -> list[dict[str, Any]]:
        """The first page of the brand's events."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        found: list[dict[str, Any]] = (await self.done("GET", f"events?{query}"))["events"]
        return found
