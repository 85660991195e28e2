"""What an event type looks like: attributes of four kinds with their bounds, and the struct that reads them.

The types that come with the service and those that a brand declares are the same to whoever reads events.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeAlias, assert_never

import msgspec

from game.wire import LINE, Instant, SubjectName

ATTRIBUTES_MAX: Final = 20
VALUES_MAX: Final = 50
TEXT_MAX: Final = 200
WHOLE_MAX: Final = 2**53 - 1
READERS_CACHED: Final = 1_024
REVERSED: Final = ".reversed"
RESERVED: Final = frozenset({"subject", "occurrence", "sequence"})

# What may be declared has up to 64 characters; a reversal has nine more, and we know nothing of unknown ones.
TYPE = r"^[A-Za-z0-9_.-]{1,80}$(?!\n)"
TypeName = Annotated[str, msgspec.Meta(pattern=TYPE, examples=["review.created"])]
AttributeName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$(?!\n)", examples=["rating"])]
Whole = Annotated[int, msgspec.Meta(ge=-WHOLE_MAX, le=WHOLE_MAX)]
Occurrence = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,128}$(?!\n)", examples=["order-8812"])]
Sequence = Annotated[int, msgspec.Meta(ge=0, le=WHOLE_MAX)]
EnumValue = Annotated[str, msgspec.Meta(max_length=64, pattern=LINE)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field has its default."""


class StringAttribute(_Input, frozen=True, kw_only=True, tag_field="kind", tag="string"):
    """One line of text."""

    required: bool = False
    max_length: Annotated[int, msgspec.Meta(ge=1, le=TEXT_MAX)] = TEXT_MAX


class IntegerAttribute(_Input, frozen=True, kw_only=True, tag_field="kind", tag="integer"):
    """A whole number from `least` to `most`."""

    required: bool = False
    least: Whole = 0
    most: Whole = WHOLE_MAX


class BooleanAttribute(_Input, frozen=True, kw_only=True, tag_field="kind", tag="boolean"):
    """Yes or no."""

    required: bool = False


class EnumAttribute(_Input, frozen=True, kw_only=True, tag_field="kind", tag="enum"):
    """One of some words."""

    required: bool = False
    values: Annotated[list[EnumValue], msgspec.Meta(min_length=1, max_length=VALUES_MAX)]


Attribute: TypeAlias = StringAttribute | IntegerAttribute | BooleanAttribute | EnumAttribute
Attributes: TypeAlias = Mapping[str, Attribute]


class EventTypeDraft(_Input, frozen=True, kw_only=True):
    """The attributes that events of a type may have; those that are `required` they must have."""

    attributes: Annotated[dict[AttributeName, Attribute], msgspec.Meta(max_length=ATTRIBUTES_MAX)]


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every event says: whose it is and which it is. `sequence` orders a subject's events."""

    subject: SubjectName
    occurrence: Occurrence
    sequence: Sequence | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A body as Standard Webhooks recommends it; `timestamp`: when it happened. More members are ignored."""

    type: str
    timestamp: Instant
    data: Data


def body_type(attributes: Attributes) -> type[Envelope]:
    """The struct that reads bodies of a type, with its attributes beside those of every event."""
    return _body_type(msgspec.json.encode(attributes, order="sorted"))


@lru_cache(maxsize=READERS_CACHED)
def _body_type(encoded: bytes) -> type[Envelope]:
    attributes = msgspec.json.decode(encoded, type=dict[str, Attribute])
    fields = [_field(name, attribute) for name, attribute in attributes.items()]
    data = msgspec.defstruct(
        "EventData", fields, bases=(Data,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    made = msgspec.defstruct("EventBody", [("data", data)], bases=(Envelope,), frozen=True, kw_only=True)
    assert issubclass(made, Envelope)
    return made


def _field(name: str, attribute: Attribute) -> tuple[str, Any] | tuple[str, Any, Any]:
    value = _value_type(attribute)
    return (name, value) if attribute.required else (name, value | None, None)


def _value_type(attribute: Attribute) -> Any:
    match attribute:
        case StringAttribute():
            return Annotated[str, msgspec.Meta(min_length=1, max_length=attribute.max_length, pattern=LINE)]
        case IntegerAttribute():
            return Annotated[int, msgspec.Meta(ge=attribute.least, le=attribute.most)]
        case BooleanAttribute():
            return bool
        case EnumAttribute():
            return Literal[tuple(attribute.values)]
        case _:
            assert_never(attribute)


def complaint(type_name: str, draft: EventTypeDraft) -> tuple[str, str] | None:
    """The field of a declaration that breaks a rule, and the rule; None: it may be declared."""
    if type_name.endswith(REVERSED):
        return "$", f"a type does not end with {REVERSED}: every type has that reversal"
    for name, attribute in draft.attributes.items():
        field = f"$.attributes.{name}"
        if name in RESERVED:
            return field, f"every event has {', '.join(sorted(RESERVED))}"
        if isinstance(attribute, IntegerAttribute) and attribute.least > attribute.most:
            return f"{field}.least", "least <= most"
        if isinstance(attribute, EnumAttribute) and len(set(attribute.values)) < len(attribute.values):
            return f"{field}.values", "each value once"
    return None
