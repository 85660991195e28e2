"""The worker: takes due messages, sends them side by side, and notes what came of it.

A claim puts a message off for longer than an attempt can take, so nobody else sends it meanwhile. A process
that dies after sending and before noting it leaves a message that is sent again, with the same id.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from game import telemetry
from game.resources import Resources
from game.webhooks.out import delivery_store as store
from game.webhooks.out.delivery_store import Due
from game.webhooks.out.endpoints import secret_purpose
from game.webhooks.out.rules import PROBE_MS, RETENTION_MS, Sent, State, body_of, giving_up, pause_ms
from game.webhooks.out.sender import Sender
from game.webhooks.signing import SIGNATURE_HEADER, sign, signed_headers

# Several times what an attempt may take: nobody else takes up a message that is being sent.
LEASE_MS: Final = 60_000
CONCURRENCY: Final = 64
EACH: Final = 8
PURGE_MAX: Final = 1_000

log = structlog.get_logger()


class Deliveries:
    """The messages that this process is sending."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._waves: dict[UUID, asyncio.Task[None]] = {}
        self._in_flight = 0

    async def run(self, resources: Resources) -> int:
        """Begin to send what is due and fits beside what is being sent; how many messages."""
        room = CONCURRENCY - self._in_flight
        if room <= 0:
            return 0
        now_ms = resources.clock()
        async with resources.pool.acquire() as conn:
            found = await store.claim(
                conn, now_ms=now_ms, until_ms=now_ms + LEASE_MS, each=EACH, busy=list(self._waves), limit=room
            )
        waves: defaultdict[UUID, list[Due]] = defaultdict(list)
        for due in found:
            waves[due.endpoint_id].append(due)
        for endpoint_id, wave in waves.items():
            self._begin(resources, endpoint_id, wave)
        return len(found)

    async def idle(self) -> None:
        """Wait until nothing is being sent; errors of sending are raised."""
        await asyncio.gather(*self._waves.values())

    async def close(self) -> None:
        """Break off what is being sent: it is sent again, by whoever lives."""
        waves = list(self._waves.values())
        for wave in waves:
            wave.cancel()
        await asyncio.gather(*waves, return_exceptions=True)

    def _begin(self, resources: Resources, endpoint_id: UUID, wave: Sequence[Due]) -> None:
        self._in_flight += len(wave)
        self._waves[endpoint_id] = task = asyncio.create_task(self._send_all(resources, wave))

        def end(ended: "asyncio.Task[None]") -> None:
            self._in_flight -= len(wave)
            del self._waves[endpoint_id]
            if not ended.cancelled() and (error := ended.exception()) is not None:
                log.error("webhook.wave_failed", endpoint_id=str(endpoint_id), exc_info=error)

        task.add_done_callback(end)

    async def _send_all(self, resources: Resources, wave: Sequence[Due]) -> None:
        async with asyncio.TaskGroup() as group:
            for due in wave:
                group.create_task(self._send(resources, due))

    async def _send(self, resources: Resources, due: Due) -> None:
        body = body_of(type_=due.type, told_ms=due.told_ms, data=due.data, subject=due.subject)
        sent = await self._sender.send(due.url, _headers(resources, due, body), body)
        await note(resources, due, sent)


async def note(resources: Resources, due: Due, sent: Sent) -> None:
    """Keep what came of an attempt: the message is delivered, waits for the next one, or has failed."""
    now_ms = resources.clock()
    pause = pause_ms(due.attempts)
    state: State = "delivered" if sent.is_taken else "failed" if pause is None else "waiting"
    async with resources.pool.acquire() as conn, conn.transaction():
        is_noted = await store.record(conn, due, sent, state=state, next_attempt_ms=now_ms + (pause or 0))
        if sent.is_taken:
            await store.note_success(conn, due)
        else:
            await store.note_failure(conn, due, now_ms=now_ms, retry_ms=now_ms + PROBE_MS)
        reason = (
            None if sent.is_taken else giving_up(sent, failing_since_ms=due.failing_since_ms, now_ms=now_ms)
        )
        is_paused = reason is not None and await store.pause(conn, due, reason, now_ms=now_ms)
    telemetry.WEBHOOKS_SENT.labels(state if is_noted else "repeated").inc()
    if is_paused:
        log.warning(
            "webhook.endpoint_paused",
            brand_id=due.brand_id,
            endpoint_id=str(due.endpoint_id),
            reason=reason,
        )


async def purge(resources: Resources) -> int:
    """Forget messages of long ago and of deleted endpoints; how many this time."""
    async with resources.pool.acquire() as conn:
        before_ms = resources.clock() - RETENTION_MS
        return await store.purge(conn, before_ms=before_ms, limit=PURGE_MAX)


async def count(resources: Resources) -> int:
    """Tell the metrics how many endpoints were given up."""
    async with resources.pool.acquire() as conn:
        telemetry.ENDPOINTS_PAUSED.set(await store.count_paused(conn))
    return 0


def _headers(resources: Resources, due: Due, body: bytes) -> dict[str, str]:
    """Signed with the secret, and with the one before it while that holds."""
    sealed = [due.sealed] if due.sealed_before is None else [due.sealed, due.sealed_before]
    purpose = secret_purpose(due.endpoint_id)
    keys = [resources.vault.open(each, purpose=purpose).decode() for each in sealed]
    webhook_id, seconds = f"msg_{due.message_id.hex}", resources.clock() // 1000
    headers = signed_headers(keys[0], webhook_id=webhook_id, timestamp_seconds=seconds, body=body)
    more = [sign(key, webhook_id=webhook_id, timestamp_seconds=seconds, body=body) for key in keys[1:]]
    name = SIGNATURE_HEADER.decode()
    return headers | {name: " ".join([headers[name], *more])}
