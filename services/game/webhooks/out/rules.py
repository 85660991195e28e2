"""What is told, how long a failed message waits, and when an endpoint is given up: pure decisions.

Source of the schedule: Standard Webhooks 1.0.0, "Deliverability and reliability".
"""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from game.instants import to_datetime

SECOND_MS: Final = 1_000
HOUR_MS: Final = 3_600 * SECOND_MS
DAY_MS: Final = 24 * HOUR_MS
# How long to wait after the first attempt, the second, and so on.
PAUSES_MS: Final = (
    5 * SECOND_MS, 5 * 60 * SECOND_MS, 30 * 60 * SECOND_MS,
    *(hours * HOUR_MS for hours in (2, 5, 10, 14, 20, 24)),
)  # fmt: skip
# By the attempt before a message's last one (after 51.6 hours), so that whoever comes back has lost none.
GIVEN_UP_AFTER_MS: Final = 2 * DAY_MS
# A failing endpoint is sent one message at a time, and no sooner than this after the last failure.
PROBE_MS: Final = SECOND_MS
RETENTION_MS: Final = 30 * DAY_MS
ROTATION_MS: Final = DAY_MS
SUCCESS: Final = range(200, 300)
GONE: Final = 410

MessageType = Literal[
    "prize.won",
    "badge.awarded",
    "task.completed",
    "streak.expiring",
    "stock.low",
    "play.review",
    "fairness.alert",
]
State = Literal["waiting", "delivered", "failed"]
EndpointState = Literal["active", "paused"]
PauseReason = Literal["gone", "failing"]
Data: TypeAlias = dict[str, str | int | bool | None]

PING: Final = "webhook.ping"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt: a status, or (None) an error; `excerpt` is how the answer begins."""

    began_ms: int
    took_ms: int
    status: int | None
    error: str | None
    excerpt: str

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the message."""
        return self.status is not None and self.status in SUCCESS


def pause_ms(attempts: int) -> int | None:
    """How long a message waits after so many attempts that failed; None: it is not sent again."""
    return PAUSES_MS[attempts - 1] if attempts <= len(PAUSES_MS) else None


def giving_up(sent: Sent, *, failing_since_ms: int | None, now_ms: int) -> PauseReason | None:
    """Why an endpoint that has failed just now is paused; None: it is tried on."""
    if sent.status == GONE:
        return "gone"
    if failing_since_ms is not None and now_ms - failing_since_ms >= GIVEN_UP_AFTER_MS:
        return "failing"
    return None


def body_of(*, type_: str, told_ms: int, data: Data, subject: str | None) -> bytes:
    """The bytes that are sent. `subject`: the brand's name of the player, None: it is about none we know."""
    envelope: dict[str, Any] = {
        "type": type_,
        "timestamp": to_datetime(told_ms),
        "data": data if subject is None else {"subject": subject} | data,
    }
    return msgspec.json.encode(envelope)
