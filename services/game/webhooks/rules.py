"""What a webhook's body says, whether it is of our time, how long a failed event waits: pure decisions."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import msgspec

from game.errors import Forbidden, Invalid
from game.instants import to_ms
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.declaring import REVERSED, Attributes, Data, Envelope, TypeName, body_type
from game.wire import Instant, decode_body

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
# An event is kept longer than one may be old when it comes: a copy that comes after the first was forgotten
# is too old, so no occurrence counts twice, however late it is sent again.
AGE_MAX_MS: Final = 30 * DAY_MS
RETENTION_MS: Final = 35 * DAY_MS
DEAD_RETENTION_MS: Final = 180 * DAY_MS
AHEAD_MAX_MS: Final = 5 * 60_000
ATTEMPTS_MAX: Final = 10
FIRST_PAUSE_MS: Final = 1_000
PAUSE_MAX_MS: Final = 15 * 60_000
REASON_MAX: Final = 500
# Of data that no type bounds: it is read and shown under stacks of other depths than the one that took it in.
NESTING_MAX: Final = 32

State = Literal["stored", "processed", "reversed", "unknown", "dead"]


class _Head(msgspec.Struct, frozen=True):
    type: TypeName


class _Unread(msgspec.Struct, frozen=True):
    timestamp: Instant
    data: dict[str, Any]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a body says. Of a type that nobody declared we know neither `subject` nor `occurrence`.

    `reverses` is the type of the event that this one takes back, the one of the same subject and occurrence;
    None: it takes none back. `attributes` are the values that were given, or all data of an unknown type.
    """

    type: str
    occurred_ms: int
    subject: str | None
    occurrence: str | None
    sequence: int | None
    reverses: str | None
    attributes: Mapping[str, Any]

    @property
    def state(self) -> State:
        """What it is when it comes."""
        return "unknown" if self.subject is None else "stored"


def bodies_of(declared: Mapping[str, Attributes]) -> Mapping[str, type[Envelope]]:
    """What reads the bodies of each type that there is: those of the service, and those of a brand."""
    return {name: body_type(attributes) for name, attributes in {**declared, **CATALOGUE}.items()}


def read_body(body: bytes, bodies: Mapping[str, type[Envelope]]) -> Said:
    """Read a body by its type. Malformed, Invalid."""
    head: _Head = decode_body(body, _Head)
    reverses = head.type.removesuffix(REVERSED) if head.type.endswith(REVERSED) else None
    body_of_type = bodies.get(reverses or head.type)
    if body_of_type is None:
        return _unknown(head.type, decode_body(body, _Unread))
    envelope: Envelope = decode_body(body, Envelope if reverses else body_of_type)
    return _known(envelope, reverses)


def attributes_of(type_name: str, declared: Mapping[str, Attributes]) -> Attributes | None:
    """What events of a type have; None: there is no such type."""
    return CATALOGUE.get(type_name, declared.get(type_name))


def _unknown(type_name: str, unread: _Unread) -> Said:
    _check_nesting(unread.data, levels=NESTING_MAX)
    return Said(
        type=type_name,
        occurred_ms=to_ms(unread.timestamp),
        subject=None,
        occurrence=None,
        sequence=None,
        reverses=None,
        attributes=unread.data,
    )


def _check_nesting(value: object, *, levels: int) -> None:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inside is None:
        return
    if levels < 1:
        rule = f"at most {NESTING_MAX} levels"
        raise Invalid("invalid_body", f"$.data: {rule}", field="$.data", rule=rule)
    for each in inside:
        _check_nesting(each, levels=levels - 1)


def _known(envelope: Envelope, reverses: str | None) -> Said:
    data = msgspec.structs.asdict(envelope.data)
    return Said(
        type=envelope.type,
        occurred_ms=to_ms(envelope.timestamp),
        subject=envelope.data.subject,
        occurrence=envelope.data.occurrence,
        sequence=envelope.data.sequence,
        reverses=reverses,
        attributes={
            name: value
            for name, value in data.items()
            if value is not None and name not in Data.__struct_fields__
        },
    )


def check_type(said: Said, allowed: Collection[str] | None) -> None:
    """Raise Forbidden for an event, or a reversal, of which its source may not tell; None: of all."""
    type_name = said.type.removesuffix(REVERSED)
    if allowed is not None and type_name not in allowed:
        raise Forbidden(
            "event_type_not_allowed", f"This source may not tell of {type_name}.", type_name=type_name
        )


def check_age(occurred_ms: int, *, now_ms: int) -> None:
    """Raise Invalid for what happened too long ago to be told from a copy of it, or has yet to happen."""
    if occurred_ms < now_ms - AGE_MAX_MS:
        days = AGE_MAX_MS // DAY_MS
        raise Invalid("event_too_old", f"It happened more than {days} days ago.", days=days)
    if occurred_ms > now_ms + AHEAD_MAX_MS:
        raise Invalid(
            "event_in_future", "It has not happened yet: `timestamp` is ahead of us.", now_ms=now_ms
        )


def pause_ms(attempts: int) -> int | None:
    """How long an event waits after so many failed attempts; None: it is a dead letter now."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return min(FIRST_PAUSE_MS << attempts, PAUSE_MAX_MS)
