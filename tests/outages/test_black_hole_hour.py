"""A ledger that takes calls and answers none, in virtual time: the same figures on every machine."""

from typing import Final

import pytest

from game.plays.sweep import DRAIN_SHARE
from ledger_client import Applied, Fenced
from tests.outages.virtual import World, live

HOUR_SECONDS: Final = 3_600.0
OPENS_SECONDS: Final = 2.0
AMPLIFICATION_MAX: Final = 1.1
DRAINED_SECONDS: Final = 300.0
SHARE_TOLERANCE: Final = 0.01
FRESH_SECONDS: Final = 0.1


Hour = tuple[World, float]


@pytest.fixture(scope="module")
def hour() -> Hour:
    """Two plays and four credits a second around an hour of silence, and how soon that was found out."""
    world = World(plays=2.0, credits_=4.0)
    return world, live(world, silent_seconds=HOUR_SECONDS)


@pytest.mark.parametrize("per_second", [0.05, 0.5, 1.0, 5.0, 50.0])
def test_the_breaker_opens_within_two_seconds_at_any_load(per_second: float) -> None:
    """From the start of the first lost call on; a play that comes then is refused before it is stored."""
    assert live(World(plays=per_second, credits_=0.0), silent_seconds=60.0) <= OPENS_SECONDS


def test_no_operation_of_the_hour_is_lost_or_doubled(hour: Hour) -> None:
    """Each is decided as the ledger has it and applied at most once; all credits are paid."""
    desk, entries = hour[0].desk, hour[0].books.entries
    applied = [entry.operation_id for entry in entries if not entry.operation_id.startswith("fund")]
    assert len(applied) == len(set(applied))
    assert {id_ for id_, outcome in desk.decided.items() if isinstance(outcome, Applied)} == set(applied)
    never = desk.decided.keys() - set(applied)
    assert {type(desk.decided[id_]) for id_ in never} == {Fenced}
    assert {id_.startswith("play") for id_ in never} == {True}
    assert desk.refused > HOUR_SECONDS


def test_the_hour_costs_the_ledger_few_calls(hour: Hour) -> None:
    """An operation goes over the wire 1.1 times on average, probes and fences counted."""
    world, opened_seconds = hour
    sends = world.hole.sends
    assert opened_seconds <= OPENS_SECONDS
    assert sends.total() <= AMPLIFICATION_MAX * len(sends)


def test_the_hour_is_drained_in_five_minutes(hour: Hour) -> None:
    """The backlog takes a bounded share of one connection, and no fresh play waits for it."""
    world, _ = hour
    assert world.drained - world.healed <= DRAINED_SECONDS
    assert world.drain_share() <= DRAIN_SHARE + SHARE_TOLERANCE
    assert max(world.waits_of_fresh_plays()) <= FRESH_SECONDS
