"""What a seed stands for: the faults, the players' wishes, and when processes die."""

import random
from typing import Final

import msgspec

from game.plays.rules import PaidWith
from tests.simulation.faults import Faults, faults_of
from tests.simulation.setting import IDLE, PLAYERS, POOLS, TASKS_OPEN_MS
from tests.story.tale import Tale, tale_of

PLAYS: Final = (8, 20)
DEATHS_MAX: Final = 4
SPAN_SECONDS: Final = (5.0, 60.0)
POINTS_MAX: Final = 300
TOP_UPS_MAX: Final = 3
# Half of the seeds have events; each of them, and each reversal, is told by both senders, ten times in all.
TALE_SHARE: Final = 0.5
EVENTS: Final = (4, 16)
SENDERS: Final = ("a", "b")
COPIES: Final = 5
DECISIONS_MAX: Final = 6
TTLS_MS: Final = (1_000, 5_000, 20_000, 60_000)
DEADLINES_MS: Final = (1_000, 3_000)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A play that somebody wants, from a time on, and gives up after having asked so often."""

    number: int
    at_seconds: float
    subject: str
    pool_id: str
    draws: int
    paid_with: PaidWith
    asks_max: int

    @property
    def key(self) -> str:
        """The Idempotency-Key of all its requests."""
        return f"key-{self.number}"


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A sender tells of an event, or of its reversal, at a time: once more, or for the first time."""

    name: str
    by: str
    copy: int
    at_seconds: float


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The process dies so many steps after a time, and is started again later."""

    at_seconds: float
    steps: int
    down_seconds: float


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger gives somebody points, outside of the game."""

    at_seconds: float
    subject: str
    points: int


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """All that is decided before anything happens; after `calm_seconds` nothing goes wrong any more."""

    seed: int
    faults: Faults
    points: dict[str, int]
    wishes: tuple[Wish, ...]
    tale: Tale
    tellings: tuple[Telling, ...]
    decisions: tuple[float, ...]
    deaths: tuple[Death, ...]
    top_ups: tuple[TopUp, ...]
    calm_seconds: float
    operation_ttl_ms: int
    request_deadline_ms: int


def scenario_of(seed: int, *, events: int | None = None) -> Scenario:
    """The same for the same seed, for ever as long as this file stays as it is.

    `events`: no more than the first so many of its events, in a story that is the same else.
    """
    chance = random.Random(f"{seed} scenario")
    span = chance.uniform(*SPAN_SECONDS)
    faults = faults_of(chance, span_seconds=span)
    subjects = PLAYERS[: chance.randint(3, len(PLAYERS))]
    told = random.Random(f"{seed} tale")
    tale = _tale(told, seed, most=events)
    wishes = tuple(
        _wish(chance, number, subjects=subjects, span=span) for number in range(chance.randint(*PLAYS))
    )
    deaths = tuple(_death(chance, wishes) for _ in range(chance.randint(0, DEATHS_MAX)))
    troubles = [span, *(death.at_seconds for death in deaths), *(faults.silence or ())]
    return Scenario(
        seed=seed,
        faults=faults,
        points={subject: chance.choice((0, 30, 100, POINTS_MAX)) for subject in subjects},
        wishes=wishes,
        tale=tale,
        tellings=tuple(each for name in tale.bodies for each in _tellings(seed, name, span=span)),
        decisions=tuple(told.uniform(0, span) for _ in range(told.randint(0, DECISIONS_MAX))),
        deaths=tuple(sorted(deaths, key=lambda death: death.at_seconds)),
        top_ups=tuple(
            TopUp(at_seconds=chance.uniform(0, span), subject=chance.choice(subjects), points=50)
            for _ in range(chance.randint(0, TOP_UPS_MAX))
        ),
        calm_seconds=max(troubles) + chance.uniform(0, 10),
        operation_ttl_ms=chance.choice(TTLS_MS),
        request_deadline_ms=chance.choice(DEADLINES_MS),
    )


def _wish(chance: random.Random, number: int, *, subjects: tuple[str, ...], span: float) -> Wish:
    return Wish(
        number=number,
        # Every other one comes in a crowd, so that batches are filled.
        at_seconds=chance.uniform(0, span) if chance.random() < 0.5 else span * chance.choice((0.1, 0.5)),
        subject=chance.choice(subjects),
        pool_id=chance.choice(POOLS),
        draws=chance.choice((1, 1, 1, 2, 10)),
        paid_with="chance" if chance.random() < 0.15 else "points",
        asks_max=chance.randint(1, 6),
    )


def _tale(chance: random.Random, seed: int, *, most: int | None) -> Tale:
    events = chance.randint(*EVENTS) if chance.random() < TALE_SHARE else 0
    subjects = [*chance.sample(PLAYERS, k=2), *IDLE]
    few = events if most is None else min(events, most)
    return tale_of(f"{seed}", subjects=subjects, events=few, opens_ms=TASKS_OPEN_MS)


def _tellings(seed: int, name: str, *, span: float) -> list[Telling]:
    chance = random.Random(f"{seed} telling {name}")
    return [
        Telling(name=name, by=by, copy=copy, at_seconds=chance.uniform(0, span))
        for by in SENDERS
        for copy in range(COPIES)
    ]


def _death(chance: random.Random, wishes: tuple[Wish, ...]) -> Death:
    """Soon after somebody asked, when most is going on."""
    return Death(
        at_seconds=chance.choice(wishes).at_seconds + chance.choice((0.0, chance.uniform(0, 4))),
        steps=chance.randint(1, 80),
        down_seconds=chance.choice((0.1, chance.uniform(0, 30))),
    )
