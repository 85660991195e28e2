"""Endpoints and their messages as managers send and see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from game.instants import to_datetime
from game.webhooks.out.delivery_store import Delivery, Page
from game.webhooks.out.endpoint_store import Endpoint
from game.webhooks.out.endpoints import History
from game.webhooks.out.guard import URL_MAX
from game.webhooks.out.rules import EndpointState, MessageType, PauseReason, Sent, State
from game.wire import Instant


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class EndpointDraft(_Input, frozen=True, kw_only=True):
    """Where to be told, and of what."""

    url: Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=URL_MAX, pattern=r"^[!-~]+$(?!\n)", examples=["https://example.com/hook"]
        ),
    ]
    types: Annotated[list[MessageType], msgspec.Meta(min_length=1, max_length=20)]


class ReplayWanted(_Input, frozen=True, kw_only=True):
    """Which messages to send again: those told since then, and after one (`next` of the answer before)."""

    since: Instant
    after: UUID | None = None


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `gone`: it answered 410; `failing`: for days it took nothing. Mended, it is resumed."""

    endpoint_id: UUID
    url: str
    types: Sequence[str]
    state: EndpointState
    pause_reason: PauseReason | None
    paused_at: datetime | None
    failing_since: datetime | None
    created_by: str
    created_at: datetime


class EndpointList(msgspec.Struct, frozen=True, kw_only=True):
    """All endpoints of a brand."""

    endpoints: Sequence[EndpointView]


class EndpointSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The secret of an endpoint, told now and never again."""

    endpoint_id: UUID
    secret: str


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """A message; `webhook_id` is the same at every attempt. It waits for `next_attempt_at`."""

    message_id: UUID
    webhook_id: str
    type: str
    told_at: datetime
    state: State
    attempts: int
    next_attempt_at: datetime | None


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, newest first; `next` is the `before` of the page that follows, null at the end.

    A page may have few messages, or none, and others follow: go on until `next` is null.
    """

    deliveries: Sequence[DeliveryView]
    next: UUID | None


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt: the status that came, or the error; `excerpt` is how the answer began."""

    began_at: datetime
    took_ms: int
    status: int | None
    error: str | None
    excerpt: str


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A message and its attempts, the last one first."""

    delivery: DeliveryView
    attempts: Sequence[AttemptView]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are sent again; ask again with `next` as `after` until it is null."""

    replayed: int
    next: UUID | None


def endpoint_view(found: Endpoint) -> EndpointView:
    """An endpoint as it is sent."""
    return EndpointView(
        endpoint_id=found.endpoint_id,
        url=found.url,
        types=found.types,
        state=found.state,
        pause_reason=found.pause_reason,
        paused_at=_at(found.paused_ms),
        failing_since=_at(found.failing_since_ms),
        created_by=found.created_by,
        created_at=to_datetime(found.created_ms),
    )


def delivery_view(found: Delivery) -> DeliveryView:
    """A message as it is sent."""
    return DeliveryView(
        message_id=found.message_id,
        webhook_id=f"msg_{found.message_id.hex}",
        type=found.type,
        told_at=to_datetime(found.told_ms),
        state=found.state,
        attempts=found.attempts,
        next_attempt_at=to_datetime(found.next_attempt_ms) if found.state == "waiting" else None,
    )


def delivery_page(page: Page) -> DeliveryPage:
    """A page of messages as it is sent."""
    return DeliveryPage(deliveries=[delivery_view(each) for each in page.deliveries], next=page.next)


def history_view(found: History) -> HistoryView:
    """A message and its attempts as they are sent."""
    return HistoryView(
        delivery=delivery_view(found.delivery), attempts=[_attempt_view(each) for each in found.attempts]
    )


def replayed(message_ids: Sequence[UUID], *, limit: int) -> Replayed:
    """What was replayed, at most `limit`."""
    return Replayed(replayed=len(message_ids), next=message_ids[-1] if len(message_ids) == limit else None)


def _attempt_view(sent: Sent) -> AttemptView:
    return AttemptView(
        began_at=to_datetime(sent.began_ms),
        took_ms=sent.took_ms,
        status=sent.status,
        error=sent.error,
        excerpt=sent.excerpt,
    )


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else to_datetime(ms)
