"""What goes wrong between the service and its ledger, and how often: drawn from a seed, again and again."""

from enum import Enum
from random import Random

import msgspec

SHARE_MAX = 0.12
KINDS_MAX = 5
SILENT_SHARE = 0.15
CHANGES_SECONDS = (1.0, 5.0)


class Fault(Enum):
    """What becomes of one call to the ledger."""

    NONE = "passed on"
    REQUEST_LOST = "requests lost"
    REQUEST_LATE = "requests late"
    ANSWER_LOST = "answers lost"
    ANSWER_CUT = "answers cut"
    ANSWER_SLOW = "answers slow"
    SENT_TWICE = "requests sent again later"
    FAILED_BEFORE = "500 before"
    FAILED_AFTER = "500 after"
    UNAVAILABLE = "503 not executed"
    THROTTLED = "429"
    SILENCE = "black hole"


# The caller does not learn from these what became of its operations.
UNTOLD = frozenset(Fault) - {Fault.NONE, Fault.SENT_TWICE, Fault.UNAVAILABLE, Fault.THROTTLED}


class Weather(msgspec.Struct, frozen=True):
    """The share of each fault among all calls; the rest is passed on."""

    shares: dict[Fault, float]

    def befalls(self, point: float) -> Fault:
        """The fault that a point in [0, 1) falls on."""
        for fault, share in self.shares.items():
            if point < share:
                return fault
            point -= share
        return Fault.NONE


CALM = Weather({})
SILENT = Weather({Fault.SILENCE: 1.0})


def next_weather(random: Random) -> Weather:
    """Some faults of all there are, each with a share of its own; at times nothing but silence."""
    if random.random() < SILENT_SHARE:
        return SILENT
    kinds = [fault for fault in Fault if fault not in (Fault.NONE, Fault.SILENCE)]
    chosen = random.sample(kinds, random.randint(0, KINDS_MAX))
    return Weather({fault: random.uniform(0.0, SHARE_MAX) for fault in chosen})
