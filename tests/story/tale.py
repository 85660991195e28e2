"""A seed's tale: what happened to some players, what was taken back of it, and what tasks make of it.

How often, in which order and by whom it is told is up to whoever tells it: the end is the same (`oracle`).
The first events of a tale are those of a shorter one of the same seed, so that a failure shrinks.
"""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import msgspec

from game.instants import to_datetime
from tests.campaigns.office import DAY_MS, HOUR_MS, rfc3339

REVERSED_SHARE: Final = 0.4
SPAN_MS: Final = 6 * DAY_MS
# Some of it happened before any task was open.
EARLY_MS: Final = 6 * HOUR_MS
BADGE: Final = "fan"
BATCH: Final = "gift"
PLACES: Final = 4
NAME: Final = {"zh": "任务", "en": "Task"}
FAN: Final = {"name": NAME, "description": NAME, "criteria": NAME, "image_url": "https://img.example/fan.png"}
_TYPES: Final[dict[str, list[dict[str, int | str]]]] = {
    "purchase.completed": [{"amount_fen": fen, "store": store} for fen in (300, 900) for store in ("n", "s")],
    "share.created": [{"channel": "weibo"}, {"channel": "mail"}],
    "review.created": [{"item": "tea", "rating": rating} for rating in (1, 5)],
    "suggestion.submitted": [{}, {"topic": "tea"}],
    "checkin.created": [{}],
    "birthday.reached": [{}],
}


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event. `occurrence` names it; one that `is_reversed` is taken back some time."""

    occurrence: str
    subject: str
    type: str
    at_ms: int
    sequence: int | None
    attributes: dict[str, int | str]
    is_reversed: bool


class Tale(msgspec.Struct, frozen=True):
    """The distinct events of a seed, between `opens_ms` and six days later, or a little before."""

    opens_ms: int
    events: tuple[Happened, ...]

    @property
    def bodies(self) -> dict[str, bytes]:
        """The webhook of each event, by its occurrence, and with `!` behind it that of its reversal."""
        told = {each.occurrence: _body(each) for each in self.events}
        return told | {f"{each.occurrence}!": _reversal(each) for each in self.events if each.is_reversed}

    @property
    def kept(self) -> Sequence[Happened]:
        """What was never taken back."""
        return [each for each in self.events if not each.is_reversed]

    def tasks(self, *, closes_ms: int) -> dict[str, dict[str, Any]]:
        """The tasks that make something of it, in an order in which they can be saved."""
        return {name: _task(each, self.opens_ms, closes_ms) for name, each in TASKS.items()}


def tale_of(seed: str, *, subjects: Sequence[str], events: int, opens_ms: int) -> Tale:
    """The same for the same seed."""
    return Tale(opens_ms, tuple(_event(seed, nth, subjects, opens_ms) for nth in range(events)))


def _event(seed: str, nth: int, subjects: Sequence[str], opens_ms: int) -> Happened:
    chance = Random(f"{seed} event {nth}")
    type_ = chance.choice(list(_TYPES))
    return Happened(
        occurrence=f"o{nth}",
        subject=chance.choice(subjects),
        type=type_,
        at_ms=opens_ms + chance.randrange(-EARLY_MS, SPAN_MS),
        sequence=chance.choice((None, nth)),
        attributes=chance.choice(_TYPES[type_]),
        is_reversed=chance.random() < REVERSED_SHARE,
    )


def _body(event: Happened) -> bytes:
    data = {"subject": event.subject, "occurrence": event.occurrence, "sequence": event.sequence}
    told = {"type": event.type, "timestamp": to_datetime(event.at_ms), "data": data | event.attributes}
    return msgspec.json.encode(told)


def _reversal(event: Happened) -> bytes:
    data = {"subject": event.subject, "occurrence": event.occurrence}
    told = {"type": f"{event.type}.reversed", "timestamp": to_datetime(event.at_ms), "data": data}
    return msgspec.json.encode(told)


def _reward(kind: str, amount: int = 1, item: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "amount": amount, "item": item}


def _task(task: dict[str, Any], opens_ms: int, closes_ms: int) -> dict[str, Any]:
    expires = {"expires_at": rfc3339(closes_ms)} if task["reward"]["kind"] == "chances" else {}
    return task | {"opens": rfc3339(opens_ms), "reward": task["reward"] | expires}


def _terms(event_type: str, **terms: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "text": NAME,
        "event_type": event_type,
        "filters": [],
        "sum_of": None,
        "target": 1,
        "window": "day",
        "times_per_window": 2,
        "times_per_player": 8,
        "times_overall": 1_000,
        "prerequisites": [],
        "needs_review": False,
    } | terms


# Each kind of window and of reward; sums and filters; chains, also over a review and over a cap.
TASKS: Final[dict[str, dict[str, Any]]] = {
    "buy": _terms("purchase.completed", times_per_window=3, reward=_reward("points", 10)),
    "north": _terms(
        "purchase.completed",
        filters=[{"attribute": "store", "kind": "is", "values": ["n"]}],
        window="week",
        week_starts="monday",
        target=2,
        reward=_reward("chances", 2),
    ),
    "spend": _terms(
        "purchase.completed",
        sum_of="amount_fen",
        target=1_000,
        window="campaign",
        times_per_window=8,
        times_overall=90,
        reward=_reward("voucher", item=BATCH),
    ),
    "share": _terms("share.created", prerequisites=["buy"], reward=_reward("badge", item=BADGE)),
    "birthday": _terms(
        "birthday.reached",
        prerequisites=["share", "north"],
        window="once",
        times_per_window=1,
        times_per_player=1,
        reward=_reward("points", 25),
    ),
    "review": _terms("review.created", needs_review=True, reward=_reward("points", 15)),
    "suggest": _terms(
        "suggestion.submitted",
        prerequisites=["review"],
        window="month",
        times_overall=PLACES,
        reward=_reward("points", 5),
    ),
    "visit": _terms(
        "checkin.created",
        prerequisites=["suggest"],
        needs_review=True,
        times_per_player=3,
        reward=_reward("badge", item=BADGE),
    ),
}
# Runs of days with a purchase, with a freeze that is earned and used, and what they earn.
STREAK: Final[dict[str, Any]] = {
    "name": NAME,
    "text": NAME,
    "event_type": "purchase.completed",
    "policy": {"freeze_every": 2, "freezes_held": 1, "repair_points": 50, "repair_days": 0},
    "milestones": [
        {"days": days, "times_overall": 1_000, "reward": _reward("points", points)}
        for days, points in ((1, 3), (2, 4), (3, 5), (4, 6))
    ],
}
# What is told late counts for as long as it may: no season is frozen before the end.
BOARDS: Final[dict[str, dict[str, Any]]] = {
    "days": {"name": NAME, "metric": "tasks", "seasons": "day", "grace_hours": 720},
    "spenders": {
        "name": NAME, "metric": "progress", "task": "spend", "seasons": "campaign", "grace_hours": 720
    },
}  # fmt: skip
