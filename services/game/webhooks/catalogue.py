"""The event types that come with the service. A brand declares more; none of these can be declared anew.

No attribute names a person: who an event is about is its subject.
"""

from collections.abc import Mapping
from typing import Final

from game.webhooks.declaring import (
    Attribute,
    Attributes,
    BooleanAttribute,
    EnumAttribute,
    IntegerAttribute,
    StringAttribute,
)

MONEY_FEN_MAX: Final = 100_000_000_000


def _text(*, required: bool = False) -> Attribute:
    return StringAttribute(required=required, max_length=100)


def _whole(least: int, most: int, *, required: bool = False) -> Attribute:
    return IntegerAttribute(required=required, least=least, most=most)


CATALOGUE: Final[Mapping[str, Attributes]] = {
    "share.created": {"channel": _text(required=True), "item": _text()},
    "review.created": {
        "item": _text(required=True),
        "rating": _whole(1, 5),
        "length": _whole(0, 1_000_000),
        "photos": _whole(0, 1_000),
        "verified_purchase": BooleanAttribute(),
    },
    "checkin.created": {"place": _text()},
    "purchase.completed": {
        "amount_fen": _whole(0, MONEY_FEN_MAX, required=True),
        "category": _text(),
        "store": _text(),
        "items": _whole(1, 1_000_000),
    },
    "survey.completed": {"survey": _text(required=True), "answers": _whole(0, 10_000)},
    "suggestion.submitted": {"topic": _text(), "length": _whole(0, 1_000_000)},
    "referral.completed": {
        "stage": EnumAttribute(required=True, values=["registered", "purchased"]),
        "channel": _text(),
    },
    "session.attended": {"session": _text(required=True), "minutes": _whole(0, 10_000)},
    "birthday.reached": {},
    "donation.made": {"cause": _text(required=True), "amount_fen": _whole(1, MONEY_FEN_MAX)},
}
