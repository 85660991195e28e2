"""A system of the brand: it tells what guests did, signed, and each thing twice, as systems do."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from game.demo import BRAND
from game.tour.client import Answer, Client
from game.webhooks.declaring import REVERSED
from game.webhooks.intake import EventReceived
from game.webhooks.signing import signed_headers
from game.webhooks.views import KeyAdded, SourceView

SENT_AT_ONCE = 32


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest did, or that it was taken back."""

    type: str
    subject: str
    occurrence: str
    at: datetime
    attributes: dict[str, Any]

    @property
    def original(self) -> tuple[str, str, str]:
        """What names that which happened: the same of an event and of its reversal."""
        return (self.subject, self.type.removesuffix(REVERSED), self.occurrence)

    @property
    def is_reversal(self) -> bool:
        """Whether it takes something back."""
        return self.type.endswith(REVERSED)

    def reversal(self) -> "Event":
        """That it was taken back."""
        return msgspec.structs.replace(self, type=self.type + REVERSED, attributes={})


class Notice(msgspec.Struct, frozen=True):
    """An event that was sent twice at once, and what was answered."""

    event: Event
    answers: tuple[EventReceived, EventReceived]


class Sender:
    """The system, with the key that it was given."""

    def __init__(self, anybody: Client, *, path: str, key: str) -> None:
        self._anybody = anybody
        self._path = path
        self._key = key

    async def tell_all(self, events: Sequence[Event]) -> list[Notice]:
        """Tell of many events at once, in no order. Every other second copy has an id of its own."""
        turns = asyncio.Semaphore(SENT_AT_ONCE)

        async def tell(number: int, event: Event) -> Notice:
            async with turns:
                return await self._tell_twice(event, same_id=number % 2 == 0)

        return await asyncio.gather(*(tell(number, event) for number, event in enumerate(events)))

    async def _tell_twice(self, event: Event, *, same_id: bool) -> Notice:
        first = f"msg_{secrets.token_hex(12)}"
        second = first if same_id else f"msg_{secrets.token_hex(12)}"
        one, two = await asyncio.gather(self.send(event, first), self.send(event, second))
        return Notice(event, (one.read(EventReceived, status=202), two.read(EventReceived, status=202)))

    def with_key(self, key: str) -> "Sender":
        """The same with another key."""
        return Sender(self._anybody, path=self._path, key=key)

    async def send(self, event: Event, webhook_id: str) -> Answer:
        """Send an event once."""
        data = {"subject": event.subject, "occurrence": event.occurrence} | event.attributes
        body = msgspec.json.encode({"type": event.type, "timestamp": event.at, "data": data})
        stamped = signed_headers(
            self._key, webhook_id=webhook_id, timestamp_seconds=int(time.time()), body=body
        )
        return await self._anybody.send("POST", self._path, body, stamped)


async def open_source(manager: Client, anybody: Client, *, source: str) -> Sender:
    """Let the manager make a source and a key, as for any system that joins."""
    path = f"/v1/manage/webhook-sources/{source}"
    (await manager.put(path, {"title": "Shop system"})).read(SourceView, status=200)
    made = (await manager.post(f"{path}/keys", {"kind": "secret"})).read(KeyAdded, status=201)
    assert made.secret is not None, "a secret was asked for"
    return Sender(anybody, path=f"/v1/webhooks/{BRAND}.{source}", key=made.secret)
