"""What a brand's managers decide: where it is told what, and what is sent again."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
import structlog

from game.auth import Caller
from game.errors import Exhausted, Invalid, NotFound
from game.resources import Resources, uuid7
from game.webhooks.out import delivery_store, endpoint_store
from game.webhooks.out.delivery_store import Delivery, Page
from game.webhooks.out.endpoint_store import ENDPOINTS_MAX, Endpoint, NewEndpoint
from game.webhooks.out.guard import complaint
from game.webhooks.out.rules import PAUSES_MS, PING, ROTATION_MS, MessageType, Sent, State
from game.webhooks.signing import secret_text

SECRET_BYTES: Final = 32
REPLAY_MAX: Final = 1_000
# A message may have been replayed: the log shows as many attempts as two rounds have.
ATTEMPTS_SHOWN: Final = 2 * (len(PAUSES_MS) + 1)
_LAST: Final = UUID(int=2**128 - 1)

log = structlog.get_logger()


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """The secret of an endpoint, told once for ever."""

    endpoint_id: UUID
    secret: str


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A message, and how sending it went."""

    delivery: Delivery
    attempts: Sequence[Sent]


async def create(resources: Resources, caller: Caller, *, url: str, types: Sequence[MessageType]) -> Secret:
    """Add an endpoint of the caller's brand. Invalid for a URL that may not be sent to; Exhausted."""
    if rule := complaint(url, to_loopback=resources.settings.webhooks_to_loopback):
        raise Invalid("rule_broken", f"$.url: {rule}", field="$.url", rule=rule)
    made = _made(resources, resources.new_id())
    sealed = _sealed(resources, made)
    new = NewEndpoint(endpoint_id=made.endpoint_id, url=url, types=sorted(set(types)), sealed=sealed)
    async with resources.pool.acquire() as conn, conn.transaction():
        if await endpoint_store.count(conn, brand_id=caller.brand_id) >= ENDPOINTS_MAX:
            limit = ENDPOINTS_MAX
            raise Exhausted("too_many_endpoints", f"A brand has at most {limit} endpoints.", limit=limit)
        await endpoint_store.insert(
            conn, new, brand_id=caller.brand_id, actor=caller.subject, now_ms=resources.clock()
        )
    log.info("webhook.endpoint_added", brand_id=caller.brand_id, endpoint_id=str(made.endpoint_id))
    return made


async def endpoints(resources: Resources, caller: Caller) -> list[Endpoint]:
    """The endpoints of the caller's brand."""
    async with resources.pool.acquire() as conn:
        return await endpoint_store.endpoints(conn, brand_id=caller.brand_id)


async def endpoint(resources: Resources, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """An endpoint of the caller's brand. NotFound."""
    async with resources.pool.acquire() as conn:
        found = await endpoint_store.find(conn, brand_id=caller.brand_id, endpoint_id=endpoint_id)
    if found is None:
        raise _no_such_endpoint()
    return found


async def rotate(resources: Resources, caller: Caller, endpoint_id: UUID) -> Secret:
    """Make a new secret; for a day messages are signed with the old one too. NotFound."""
    made = _made(resources, endpoint_id)
    async with resources.pool.acquire() as conn:
        is_done = await endpoint_store.rotate(
            conn,
            brand_id=caller.brand_id,
            endpoint_id=endpoint_id,
            sealed=_sealed(resources, made),
            before_until_ms=resources.clock() + ROTATION_MS,
        )
    if not is_done:
        raise _no_such_endpoint()
    return made


async def delete(resources: Resources, caller: Caller, endpoint_id: UUID) -> None:
    """Send an endpoint nothing ever again. NotFound."""
    async with resources.pool.acquire() as conn:
        if not await endpoint_store.delete(conn, brand_id=caller.brand_id, endpoint_id=endpoint_id):
            raise _no_such_endpoint()
    log.info("webhook.endpoint_deleted", brand_id=caller.brand_id, endpoint_id=str(endpoint_id))


async def resume(resources: Resources, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """Send to a paused endpoint again; one that is not paused stays as it is. NotFound."""
    async with resources.pool.acquire() as conn, conn.transaction():
        await endpoint_store.resume(
            conn, brand_id=caller.brand_id, endpoint_id=endpoint_id, now_ms=resources.clock()
        )
    return await endpoint(resources, caller, endpoint_id)


async def ping(resources: Resources, caller: Caller, endpoint_id: UUID) -> Delivery:
    """Have a message sent that says nothing. NotFound."""
    await endpoint(resources, caller, endpoint_id)
    message_id = resources.new_id()
    async with resources.pool.acquire() as conn:
        await delivery_store.insert_message(
            conn,
            brand_id=caller.brand_id,
            endpoint_id=endpoint_id,
            message_id=message_id,
            type_=PING,
            now_ms=resources.clock(),
        )
    return (await history(resources, caller, endpoint_id, message_id)).delivery


async def deliveries(
    resources: Resources,
    caller: Caller,
    endpoint_id: UUID,
    *,
    before: UUID | None,
    state: State | None,
    limit: int,
) -> Page:
    """A page of an endpoint's messages, newest first. NotFound."""
    await endpoint(resources, caller, endpoint_id)
    async with resources.pool.acquire() as conn:
        return await delivery_store.deliveries(
            conn,
            brand_id=caller.brand_id,
            endpoint_id=endpoint_id,
            before=before or _LAST,
            state=state,
            limit=limit,
        )


async def history(resources: Resources, caller: Caller, endpoint_id: UUID, message_id: UUID) -> History:
    """A message of an endpoint with its attempts. NotFound."""
    brand_id = caller.brand_id
    async with resources.pool.acquire() as conn:
        found = await delivery_store.delivery(
            conn, brand_id=brand_id, endpoint_id=endpoint_id, message_id=message_id
        )
        made = await delivery_store.attempts(
            conn, brand_id=brand_id, endpoint_id=endpoint_id, message_id=message_id, limit=ATTEMPTS_SHOWN
        )
    if found is None:
        raise NotFound("delivery_not_found", "There is no such message.")
    return History(delivery=found, attempts=made)


async def replay(resources: Resources, caller: Caller, endpoint_id: UUID, message_id: UUID) -> Delivery:
    """Have a message sent again that waits no more; others stay as they are. NotFound."""
    await history(resources, caller, endpoint_id, message_id)
    await _replay(resources, caller, endpoint_id, first=message_id, last=message_id)
    return (await history(resources, caller, endpoint_id, message_id)).delivery


async def replay_since(
    resources: Resources, caller: Caller, endpoint_id: UUID, *, since_ms: int, after: UUID | None
) -> list[UUID]:
    """Have messages told since a time, and after one, sent again: at most REPLAY_MAX; which. NotFound."""
    await endpoint(resources, caller, endpoint_id)
    first = uuid7(max(0, since_ms), bytes(10))
    if after is not None:
        first = max(first, UUID(int=min(after.int + 1, _LAST.int)))
    return sorted(await _replay(resources, caller, endpoint_id, first=first, last=_LAST))


async def _replay(
    resources: Resources, caller: Caller, endpoint_id: UUID, *, first: UUID, last: UUID
) -> list[UUID]:
    async with resources.pool.acquire() as conn:
        return await delivery_store.replay(
            conn,
            brand_id=caller.brand_id,
            endpoint_id=endpoint_id,
            first=first,
            last=last,
            now_ms=resources.clock(),
            limit=REPLAY_MAX,
        )


def secret_purpose(endpoint_id: UUID) -> str:
    """What the secret of an endpoint is sealed for."""
    return f"webhook endpoint {endpoint_id}"


def _made(resources: Resources, endpoint_id: UUID) -> Secret:
    return Secret(endpoint_id=endpoint_id, secret=secret_text(resources.entropy(SECRET_BYTES)))


def _sealed(resources: Resources, made: Secret) -> bytes:
    return resources.seal(made.secret.encode(), secret_purpose(made.endpoint_id))


def _no_such_endpoint() -> NotFound:
    return NotFound("endpoint_not_found", "There is no such endpoint.")
