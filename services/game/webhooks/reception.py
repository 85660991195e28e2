"""Webhooks on their way in: verified on the raw bytes, read, stored many at a time, then answered."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec
import structlog

from game import telemetry
from game.batch import Batcher
from game.errors import Conflict, Refusal, Unavailable, Unsigned
from game.limits import Bucket, Limits
from game.players import player_ids_of
from game.resources import Resources
from game.webhooks import store
from game.webhooks.rules import Said, check_age, check_type, read_body
from game.webhooks.signing import Header, SignatureRefused, Stamp, read_stamp, signature_invalid
from game.webhooks.store import Known, NewEvent
from game.webhooks.trust import Trust

EVENTS_PER_BATCH: Final = 256
EVENTS_WAITING: Final = 4_096
Answer = Literal["stored", "duplicate", "unknown"]

log = structlog.get_logger()


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a webhook. A duplicate has the id of the event that is there already."""

    event_id: UUID
    state: Answer


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """The source that a webhook says it is of."""

    brand_id: str
    source: str


class _Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """One that is verified and read. `brand_id` and `subject` say whose it is, as players are looked up."""

    sender: Sender
    webhook_id: str
    body_digest: bytes
    said: Said

    @property
    def brand_id(self) -> str:
        return self.sender.brand_id

    @property
    def subject(self) -> str:
        assert self.said.subject is not None
        return self.said.subject


class Reception:
    """Takes the webhooks that one process receives."""

    def __init__(self, resources: Resources, limits: Limits) -> None:
        self._resources = resources
        self._limits = limits
        self._trust = Trust(resources)
        self._batcher: Batcher[_Webhook, Received] = Batcher(
            self._store, batch_limit=EVENTS_PER_BATCH, waiting_limit=EVENTS_WAITING
        )

    def stamp(self, headers: Iterable[Header]) -> Stamp:
        """The headers of a webhook, before its body is read at all. Unsigned."""
        try:
            return read_stamp(headers, now_seconds=self._resources.clock() // 1000)
        except SignatureRefused as refused:
            raise _unsigned(refused) from None

    async def receive(self, sender: Sender, stamp: Stamp, body: bytes) -> Received:
        """Verify, read and store a webhook; it is committed when this answers.

        Unsigned, TooMany, Malformed, Invalid; Forbidden for a type that the source may not tell of; Conflict
        `webhook_id_reused` for an id with another body.
        """
        trusted = await self._trust.of(sender.brand_id, sender.source)
        if not stamp.holds(trusted.keys(self._resources.clock()), body):
            log.warning("webhook.refused", brand_id=sender.brand_id, source=sender.source)
            raise _unsigned(signature_invalid())
        per_second = self._resources.settings.events_per_source
        await self._limits.count(Bucket("source", f"{sender.brand_id}.{sender.source}", per_second))
        said = read_body(body, trusted.bodies)
        check_type(said, trusted.allowed)
        check_age(said.occurred_ms, now_ms=self._resources.clock())
        digest = hashlib.sha256(body).digest()
        webhook = _Webhook(sender=sender, webhook_id=stamp.webhook_id, body_digest=digest, said=said)
        received = await self._batcher.submit(webhook)
        telemetry.EVENTS.labels(received.state).inc()
        return received

    async def _store(self, webhooks: Sequence[_Webhook]) -> list[Received | BaseException]:
        telemetry.BATCHES.labels("events").observe(len(webhooks))
        events = await self._events(webhooks)
        async with self._resources.pool.acquire() as conn:
            # It commits by itself. Where what comes behind it fails, the batch is done again, and finds it.
            new = await store.insert_events(conn, events, now_ms=self._resources.clock())
            old = [event for event in events if event.event_id not in new]
            known = await store.find_events(conn, old) if old else []
            stands = {event.event_id: found for event, found in zip(old, known, strict=True)}
            if reused := [event for event in old if _is_reuse(event, stands[event.event_id])]:
                await store.count_conflicts(conn, reused)
        return [_answer(event, stands.get(event.event_id), is_new=event.event_id in new) for event in events]

    async def _events(self, webhooks: Sequence[_Webhook]) -> list[NewEvent]:
        known = [webhook for webhook in webhooks if webhook.said.subject is not None]
        players = iter(await player_ids_of(self._resources, known))
        event_ids = self._resources.new_ids(len(webhooks))
        return [
            NewEvent(
                brand_id=webhook.brand_id,
                event_id=event_id,
                source=webhook.sender.source,
                webhook_id=webhook.webhook_id,
                body_digest=webhook.body_digest,
                player_id=None if webhook.said.subject is None else next(players),
                said=webhook.said,
            )
            for event_id, webhook in zip(event_ids, webhooks, strict=True)
        ]


def _unsigned(refused: SignatureRefused) -> Refusal:
    telemetry.EVENTS.labels(refused.code).inc()
    return Unsigned(refused.code, str(refused))


def _is_reuse(event: NewEvent, known: Known | None) -> bool:
    return known is not None and known.is_webhook and known.body_digest != event.body_digest


def _answer(event: NewEvent, known: Known | None, *, is_new: bool) -> Received | Refusal:
    if is_new:
        state: Answer = "unknown" if event.said.state == "unknown" else "stored"
        return Received(event_id=event.event_id, state=state)
    if known is None:  # what stood in its place was forgotten meanwhile
        return Unavailable("busy", "The event was not stored; send it again.", retry_after_seconds=1)
    if _is_reuse(event, known):
        telemetry.EVENTS.labels("webhook_id_reused").inc()
        return Conflict("webhook_id_reused", "This webhook-id came before with another body.")
    return Received(event_id=known.event_id, state="duplicate")
