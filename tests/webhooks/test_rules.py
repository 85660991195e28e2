"""What bodies say, what they may not say, what may be declared, and how long a failed event waits."""

from typing import Any

import msgspec
import pytest

from game.errors import Refusal
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.declaring import (
    Attribute,
    BooleanAttribute,
    EnumAttribute,
    EventTypeDraft,
    IntegerAttribute,
    StringAttribute,
    complaint,
)
from game.webhooks.rules import (
    AGE_MAX_MS,
    AHEAD_MAX_MS,
    ATTEMPTS_MAX,
    NESTING_MAX,
    PAUSE_MAX_MS,
    RETENTION_MS,
    Said,
    attributes_of,
    bodies_of,
    check_age,
    check_type,
    pause_ms,
    read_body,
)

AT = "2026-09-21T14:13:20+08:00"
AT_MS = 1_789_971_200_000
LONGEST = f"a.{'b' * 31}.{'c' * 30}"
ATTRIBUTES: dict[str, dict[str, Attribute]] = {
    LONGEST: {},
    "parcel.returned": {
        "weight_grams": IntegerAttribute(required=True, least=1, most=30_000),
        "insured": BooleanAttribute(),
        "carrier": EnumAttribute(values=["sf", "ems"]),
        "note": StringAttribute(max_length=5),
    },
    # One that the service has by now: the service's own counts.
    "birthday.reached": {"age": IntegerAttribute(required=True)},
}
BODIES = bodies_of(ATTRIBUTES)


def said(type_: str, **data: Any) -> Said:
    """What an event about `ann` says."""
    data = {"subject": "ann", "occurrence": "1"} | data
    return read_body(msgspec.json.encode({"type": type_, "timestamp": AT, "data": data}), BODIES)


def refusal(body: bytes) -> tuple[str, Any]:
    """The code with which a body is refused, and the field."""
    with pytest.raises(Refusal) as refused:
        read_body(body, BODIES)
    return refused.value.code, refused.value.numbers.get("field")


def test_an_event() -> None:
    """Who, which, when, and the attributes that were given."""
    assert said("review.created", item="tea", rating=5, sequence=3) == Said(
        type="review.created",
        occurred_ms=AT_MS,
        subject="ann",
        occurrence="1",
        sequence=3,
        reverses=None,
        attributes={"item": "tea", "rating": 5},
    )


def test_more_members_of_the_envelope_are_ignored() -> None:
    """The standard lets senders add their own beside type, timestamp and data."""
    body = {"id": 7, "type": "birthday.reached", "timestamp": AT, "data": {"subject": "a", "occurrence": "1"}}
    assert read_body(msgspec.json.encode(body), BODIES).subject == "a"


@pytest.mark.parametrize("type_", ["review.created", "parcel.returned", LONGEST])
def test_a_reversal(type_: str) -> None:
    """Every known type has one; it names what it reverses and nothing else."""
    reversal = said(f"{type_}.reversed")
    assert (reversal.type, reversal.reverses, reversal.state) == (f"{type_}.reversed", type_, "stored")


@pytest.mark.parametrize(
    "type_", ["weather.changed", "weather.changed.reversed", "review.created.reversed.reversed", "Odd-Type"]
)
def test_an_unknown_type(type_: str) -> None:
    """We keep all that it says, and know neither whose it is nor which."""
    unknown = said(type_, n=[1.5, None])
    assert (unknown.state, unknown.subject, unknown.occurrence) == ("unknown", None, None)
    assert unknown.attributes == {"subject": "ann", "occurrence": "1", "n": [1.5, None]}


def test_a_declared_type() -> None:
    """It is read like one of the service's own."""
    parcel = said("parcel.returned", weight_grams=30_000, insured=False, carrier="sf", note="fünf!")
    assert parcel.attributes == {"weight_grams": 30_000, "insured": False, "carrier": "sf", "note": "fünf!"}


def test_the_service_comes_first() -> None:
    """A type that the service learned after a brand had declared it is the service's."""
    assert said("birthday.reached").attributes == {}


def test_what_a_type_has() -> None:
    """The service's own attributes come first; there is nothing of a type that nobody declared."""
    declared: dict[str, dict[str, Attribute]] = {
        "birthday.reached": {"age": IntegerAttribute()},
        "parcel.returned": {},
    }
    assert attributes_of("birthday.reached", declared) == CATALOGUE["birthday.reached"]
    assert attributes_of("parcel.returned", declared) == {}
    assert attributes_of("rain.fell", declared) is None


@pytest.mark.parametrize("type_", CATALOGUE)
def test_the_catalogue(type_: str) -> None:
    """Each type of the service may be declared as it is, and takes its least and its most values."""
    attributes = CATALOGUE[type_]
    assert complaint(type_, EventTypeDraft(attributes=dict(attributes))) is None
    for least in (True, False):
        values = {name: value_of(attribute, least=least) for name, attribute in attributes.items()}
        assert said(type_, **values).attributes == values


def value_of(attribute: Attribute, *, least: bool) -> int | str | bool:
    """The least or the most that an attribute may be."""
    match attribute:
        case StringAttribute():
            return "a" if least else "字" * attribute.max_length
        case IntegerAttribute():
            return attribute.least if least else attribute.most
        case BooleanAttribute():
            return not least
        case EnumAttribute():
            return attribute.values[0 if least else -1]


INVALID: dict[str, tuple[str, dict[str, Any], str]] = {
    "no subject": ("review.created", {"subject": None}, "$.data.subject"),
    "a subject that no token has": ("review.created", {"subject": "a b"}, "$.data.subject"),
    "a subject with a line break": ("birthday.reached", {"subject": "ann\n"}, "$.data.subject"),
    "an empty occurrence": ("birthday.reached", {"occurrence": ""}, "$.data.occurrence"),
    "an occurrence that is too long": ("birthday.reached", {"occurrence": "1" * 129}, "$.data.occurrence"),
    "a negative sequence": ("birthday.reached", {"sequence": -1}, "$.data.sequence"),
    "a sequence beyond exact numbers": ("birthday.reached", {"sequence": 2**53}, "$.data.sequence"),
    "six stars": ("review.created", {"item": "1", "rating": 6}, "$.data.rating"),
    "no star": ("review.created", {"item": "1", "rating": 0}, "$.data.rating"),
    "half a star": ("review.created", {"item": "1", "rating": 4.5}, "$.data.rating"),
    "a number as text": ("review.created", {"item": "1", "rating": "5"}, "$.data.rating"),
    "a truth as a number": ("review.created", {"item": "1", "verified_purchase": 1},
                            "$.data.verified_purchase"),
    "a required attribute is missing": ("share.created", {}, "$.data"),
    "an attribute of another type": ("birthday.reached", {"rating": 5}, "$.data"),
    "a word that is none of them": ("referral.completed", {"stage": "dreamt"}, "$.data.stage"),
    "an attribute of a reversal": ("review.created.reversed", {"item": "tea"}, "$.data"),
    "a control character": ("checkin.created", {"place": "a\nb"}, "$.data.place"),
    "an empty text": ("checkin.created", {"place": ""}, "$.data.place"),
    "a NUL": ("checkin.created", {"place": "a\0b"}, "$"),
    "a declared text that is too long": ("parcel.returned", {"weight_grams": 1, "note": "123456"},
                                         "$.data.note"),
    "a declared number that is too low": ("parcel.returned", {"weight_grams": 0}, "$.data.weight_grams"),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
def test_invalid_events(case: str) -> None:
    """What is not what its type asks for is refused with the field at fault."""
    type_, data, field = INVALID[case]
    data = {"subject": "ann", "occurrence": "1"} | data
    body = msgspec.json.encode({"type": type_, "timestamp": AT, "data": data})
    assert refusal(body) == ("invalid_body", field)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_body"),
        (b"{", "malformed_body"),
        (b"\xff\xfe", "malformed_body"),
        (b"[]", "invalid_body"),
        (b"[" * 3_000 + b"]" * 3_000, "invalid_body"),
        (b'{"type": 1}', "invalid_body"),
        (b'{"type": "a b"}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00", "data": {}}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": 1795435200, "data": {}}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00Z"}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00Z", "data": []}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00Z", "data": {"n": 1e400}}', "invalid_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00Z", "data": {"n": "\\ud800"}}', "malformed_body"),
        (b'{"type": "x.y", "timestamp": "2026-01-01T00:00:00Z", "data": ' + b'{"n":' * 3_000,
         "malformed_body"),
    ],
)  # fmt: skip
def test_what_is_no_event(body: bytes, code: str) -> None:
    """Whatever a sender may sign, there is an answer to it."""
    assert refusal(body)[0] == code


@pytest.mark.parametrize(
    ("type_", "attributes", "field"),
    [
        ("a.b", {"x": IntegerAttribute(least=2, most=1)}, "$.attributes.x.least"),
        ("a.b", {"x": EnumAttribute(values=["a", "a"])}, "$.attributes.x.values"),
        ("a.b", {"subject": StringAttribute()}, "$.attributes.subject"),
        ("a.b", {"sequence": IntegerAttribute()}, "$.attributes.sequence"),
        ("a.b.reversed", {}, "$"),
    ],
)
def test_what_may_not_be_declared(type_: str, attributes: dict[str, Attribute], field: str) -> None:
    """Bounds that nothing meets, a word twice, what every event has, and a reversal."""
    found = complaint(type_, EventTypeDraft(attributes=attributes))
    assert found is not None
    assert found[0] == field


def test_pauses_grow_and_end() -> None:
    """Twice as long each time, up to a limit; then it is a dead letter."""
    pauses = [pause_ms(attempts) for attempts in range(1, ATTEMPTS_MAX + 1)]
    assert pauses[:4] == [2_000, 4_000, 8_000, 16_000]
    assert pauses[-1] is None
    given = [pause for pause in pauses if pause is not None]
    assert given == sorted(given)
    assert max(given) <= PAUSE_MAX_MS


@pytest.mark.parametrize(
    ("occurred_ms", "code"),
    [
        (AT_MS - AGE_MAX_MS - 1, "event_too_old"),
        (AT_MS - AGE_MAX_MS, None),
        (AT_MS + AHEAD_MAX_MS, None),
        (AT_MS + AHEAD_MAX_MS + 1, "event_in_future"),
    ],
)
def test_an_event_is_of_our_time(occurred_ms: int, code: str | None) -> None:
    """No older than is remembered, so that no copy counts again, and no later than clocks may differ."""
    assert AGE_MAX_MS + AHEAD_MAX_MS < RETENTION_MS
    if code is None:
        check_age(occurred_ms, now_ms=AT_MS)
        return
    with pytest.raises(Refusal) as refused:
        check_age(occurred_ms, now_ms=AT_MS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("type_", "allowed", "is_refused"),
    [
        ("review.created", None, False),
        ("review.created", {"review.created"}, False),
        ("review.created.reversed", {"review.created"}, False),
        ("parcel.returned.reversed", {"review.created"}, True),
        ("birthday.reached", {"review.created"}, True),
        ("rain.fell", {"rain.fell"}, False),
        ("rain.fell.reversed", {"rain.fell"}, False),
        ("rain.fell", {"review.created"}, True),
    ],
)
def test_of_what_a_source_may_tell(type_: str, allowed: set[str] | None, *, is_refused: bool) -> None:
    """Of its own types and of their reversals, known or not."""
    data = {"item": "tea"} if type_ == "review.created" else {}
    told = said(type_, **data)
    if not is_refused:
        check_type(told, allowed)
        return
    with pytest.raises(Refusal) as refused:
        check_type(told, allowed)
    assert refused.value.code == "event_type_not_allowed"


@pytest.mark.parametrize("opened", ["[", '{"n":'])
def test_unknown_data_has_so_many_levels(opened: str) -> None:
    """Of lists and of objects alike."""
    closed = "]" if opened == "[" else "}"

    def nested(levels: int) -> bytes:
        inside = opened * (levels - 1) + "1" + closed * (levels - 1)
        return f'{{"type":"rain.fell","timestamp":"{AT}","data":{{"n":{inside}}}}}'.encode()

    assert read_body(nested(NESTING_MAX), BODIES).state == "unknown"
    assert refusal(nested(NESTING_MAX + 1)) == ("invalid_body", "$.data")
