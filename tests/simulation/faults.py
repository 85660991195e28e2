"""What goes wrong between the game and the ledger in one seed."""

import random
from typing import Final

import msgspec

LOSS_MAX: Final = 0.3
DUPLICATION_MAX: Final = 0.5
DELAY_SECONDS_MAX: Final = 5.0
FAILURE_MAX: Final = 0.15
SKEW_MS_MAX: Final = 30_000
RESTARTS_MAX: Final = 3
SILENCE_SECONDS: Final = (1.0, 75.0)


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of messages (0 to 1) that meet with each fault; times in virtual seconds from the beginning.

    `delay_seconds` is the longest that a message takes, `silence` a time in which the network swallows all.
    At `restarts` the ledger's connections break. `skew_ms` is what its clock is ahead of the game's.
    """

    loss: float = 0.0
    reply_loss: float = 0.0
    duplication: float = 0.0
    delay_seconds: float = 0.05
    error_before: float = 0.0
    error_after: float = 0.0
    throttled: float = 0.0
    busy: float = 0.0
    truncated: float = 0.0
    wrong_id: float = 0.0
    restarts: tuple[float, ...] = ()
    silence: tuple[float, float] | None = None
    skew_ms: int = 0


def faults_of(chance: random.Random, *, span_seconds: float) -> Faults:
    """Each kind of fault is there in every other seed only, so that rare combinations come up too.

    Source: A. Groce et al., "Swarm Testing", ISSTA 2012.
    """

    def share(most: float) -> float:
        return chance.uniform(0, most) if chance.random() < 0.5 else 0.0

    start = chance.uniform(0, span_seconds)
    return Faults(
        loss=share(LOSS_MAX),
        reply_loss=share(LOSS_MAX),
        duplication=share(DUPLICATION_MAX),
        delay_seconds=max(0.05, share(DELAY_SECONDS_MAX)),
        error_before=share(FAILURE_MAX),
        error_after=share(FAILURE_MAX),
        throttled=share(FAILURE_MAX),
        busy=share(FAILURE_MAX),
        truncated=share(FAILURE_MAX),
        wrong_id=share(FAILURE_MAX),
        restarts=tuple(
            sorted(chance.uniform(0, span_seconds) for _ in range(chance.randint(0, RESTARTS_MAX)))
        ),
        silence=(start, start + chance.uniform(*SILENCE_SECONDS)) if chance.random() < 0.25 else None,
        skew_ms=chance.randint(-SKEW_MS_MAX, SKEW_MS_MAX) if chance.random() < 0.25 else 0,
    )
