"""Interleaved rounds: whoever is compared takes turns, so that a machine's moods meet all alike."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

# Who asks, and the ledger, which others own: our side of it is in the service.
OTHERS = frozenset({"generator", "ledger"})
PERCENTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is done: turns of each contestant, players in the tables; `tell` is told how far it is.

    `connections`: only with so many, as far as a part can choose; None: all that it knows.
    """

    rounds: int
    players: int
    connections: frozenset[int] | None
    tell: Callable[[str], None]

    def loads(self, known: Mapping[int, int]) -> dict[int, int]:
        """Numbers of connections, and the requests of a round for each."""
        return {
            each: count
            for each, count in known.items()
            if self.connections is None or each in self.connections
        }


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of one contestant. CPU by process, per unit of work."""

    units: int
    seconds: float
    cpu_us: dict[str, float]
    latency_ms: dict[str, float]

    @property
    def per_second(self) -> float:
        """Units of work done in a second."""
        return self.units / self.seconds


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """All turns of one contestant, in order."""

    name: str
    rounds: list[Round]

    @property
    def per_second(self) -> "Spread":
        """Units of work done in a second."""
        return Spread.of([each.per_second for each in self.rounds])

    @property
    def cpu_us(self) -> dict[str, float]:
        """The median of each process's CPU time per unit."""
        return {name: median(each.cpu_us[name] for each in self.rounds) for name in self.rounds[0].cpu_us}

    @property
    def latency_ms(self) -> dict[str, float]:
        """The median of each percentile."""
        names = self.rounds[0].latency_ms
        return {name: median(each.latency_ms[name] for each in self.rounds) for name in names}


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A median, and the least and the most that there were."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of some values."""
        return cls(median=median(values), least=min(values), most=max(values))


Turn = Callable[[], Awaitable[Round]]


async def interleaved(turns: Mapping[str, Turn], scale: Scale) -> list[Series]:
    """Let each have so many turns, in alternating order; each series has the others' moments."""
    found: dict[str, list[Round]] = {name: [] for name in turns}
    for number in range(scale.rounds):
        for name in list(turns) if number % 2 == 0 else reversed(list(turns)):
            found[name].append(taken := await turns[name]())
            scale.tell(f"    round {number + 1} of {scale.rounds}  {name:<28}{taken.per_second:>10,.0f}/s")
    return [Series(name=name, rounds=taken) for name, taken in found.items()]


def ratios(ours: Series, yardstick: Series) -> list[float]:
    """The rate of ours to that of the yardstick, round by round."""
    pairs = zip(ours.rounds, yardstick.rounds, strict=True)
    return [mine.per_second / theirs.per_second for mine, theirs in pairs]


def costs(ours: Series, yardstick: Series) -> list[float]:
    """The CPU time of a unit of ours to one of the yardstick, round by round, without that of OTHERS."""
    pairs = zip(ours.rounds, yardstick.rounds, strict=True)
    return [_ours_us(mine) / _ours_us(theirs) for mine, theirs in pairs]


def _ours_us(taken: Round) -> float:
    return sum(us for name, us in taken.cpu_us.items() if name not in OTHERS)


def percentiles_ms(latencies: Sequence[float]) -> dict[str, float]:
    """Percentiles of sorted seconds, in milliseconds."""
    last = len(latencies) - 1
    return {name: latencies[round(last * share)] * 1000 for name, share in PERCENTILES.items()}
