"""Sources, keys, event types and events as managers send and see them."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from game.instants import to_datetime
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.declaring import Attributes, TypeName
from game.webhooks.letter_store import Letter, Page
from game.webhooks.rules import State
from game.webhooks.signing import PUBLIC
from game.webhooks.source_store import DeclaredType, ListedKey
from game.webhooks.sources import SourceKeys
from game.wire import Instant, Line

SOURCE_TYPES_MAX: Final = 50


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class SourceDraft(_Input, frozen=True, kw_only=True):
    """What people call a source, and of which event types it may tell; absent: of all.

    Whoever holds the key of a source can tell all that it may: a widget for reviews needs no purchases.
    """

    title: Line
    types: Annotated[tuple[TypeName, ...], msgspec.Meta(min_length=1, max_length=SOURCE_TYPES_MAX)] | None = (
        None
    )


class SecretWanted(_Input, frozen=True, kw_only=True, tag_field="kind", tag="secret"):
    """Ask for a secret, made here. Without `expires_at` it holds until it is taken away."""

    expires_at: Instant | None = None


class PublicKeyGiven(_Input, frozen=True, kw_only=True, tag_field="kind", tag="public_key"):
    """Register an Ed25519 key of the sender's."""

    public_key: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^whpk_[A-Za-z0-9+/]{43}=$(?!\n)",
            examples=["whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
        ),
    ]
    expires_at: Instant | None = None


class KeyEnd(_Input, frozen=True, kw_only=True):
    """When a key ends; null: when it is taken away."""

    expires_at: Instant | None


class DeadLetters(_Input, frozen=True, kw_only=True):
    """Which dead letters: those of a type, or (null) all."""

    type: TypeName | None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key. The public half of the sender's own; a secret is never shown again."""

    key_id: UUID
    public_key: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """A source. `path` is where it sends; `conflicts` counts ids that came again with another body."""

    source: str
    title: str
    types: Sequence[str] | None
    path: str
    conflicts: int
    created_by: str
    created_at: datetime
    keys: Sequence[KeyView]


class SourceList(msgspec.Struct, frozen=True, kw_only=True):
    """All sources of a brand."""

    sources: Sequence[SourceView]


class KeyAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A new key. `secret` is told now and never again; null: the key is the sender's own."""

    key_id: UUID
    secret: str | None


class EventTypeView(msgspec.Struct, frozen=True, kw_only=True):
    """An event type; the service's own were declared by nobody."""

    type: str
    attributes: Attributes
    changed_by: str | None
    changed_at: datetime | None


class EventTypeList(msgspec.Struct, frozen=True, kw_only=True):
    """The event types that a brand may use."""

    types: Sequence[EventTypeView]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event. Of an unknown type, `attributes` is all data that came; `reason` is of the last failure."""

    id: UUID
    state: State
    source: str
    webhook_id: str
    type: str
    reverses: str | None
    subject: str | None
    occurrence: str | None
    sequence: int | None
    occurred_at: datetime
    received_at: datetime
    attributes: Mapping[str, Any]
    attempts: int
    next_attempt_at: datetime
    reason: str | None


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first; `next` is the `before` of the page that follows, null at the end.

    A page may have few events, or none, and others follow: go on until `next` is null.
    """

    events: Sequence[EventView]
    next: UUID | None


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """How many dead letters are tried again; ask again until there is none."""

    redriven: int


def source_view(found: SourceKeys, *, brand_id: str) -> SourceView:
    """A source as it is sent."""
    source = found.source
    return SourceView(
        source=source.source,
        title=source.title,
        types=source.types,
        path=f"/v1/webhooks/{brand_id}.{source.source}",
        conflicts=source.conflicts,
        created_by=source.created_by,
        created_at=to_datetime(source.created_ms),
        keys=[_key_view(key) for key in found.keys],
    )


def _key_view(key: ListedKey) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        public_key=None if key.public_key is None else PUBLIC + base64.b64encode(key.public_key).decode(),
        created_by=key.created_by,
        created_at=to_datetime(key.created_ms),
        expires_at=None if key.expires_ms is None else to_datetime(key.expires_ms),
    )


def event_type_list(declared: Iterable[DeclaredType]) -> EventTypeList:
    """The types of the service, then the brand's own."""
    ours = [
        EventTypeView(type=name, attributes=attributes, changed_by=None, changed_at=None)
        for name, attributes in CATALOGUE.items()
    ]
    return EventTypeList(types=[*ours, *map(declared_view, declared)])


def declared_view(declared: DeclaredType) -> EventTypeView:
    """A type of a brand's own as it is sent."""
    return EventTypeView(
        type=declared.type,
        attributes=declared.attributes,
        changed_by=declared.changed_by,
        changed_at=to_datetime(declared.changed_ms),
    )


def event_view(letter: Letter) -> EventView:
    """An event as it is sent."""
    fields = msgspec.structs.asdict(letter)
    for name in ("occurred", "received", "next_attempt"):
        fields[f"{name}_at"] = to_datetime(fields.pop(f"{name}_ms"))
    return EventView(id=fields.pop("event_id"), **fields)


def event_page(page: Page) -> EventPage:
    """A page of events as it is sent."""
    return EventPage(events=[event_view(letter) for letter in page.letters], next=page.next)
