"""The one place that decides what may be played now."""

import re
from datetime import date
from typing import Any

import msgspec
import pytest

from game.campaigns.rules import (
    Participation,
    PoolState,
    PoolTerms,
    campaign_id_from,
    local_day,
    refusal,
    used_today,
)
from game.errors import Conflict, Exhausted
from game.fair.entries import BeaconTerms, PoolEntry, WheelRow
from game.fair.rounds import QUICKNET_CHAIN

DAY_MS = 86_400_000
OPENS_MS = 1_790_000_000_000
CLOSES_MS = OPENS_MS + 30 * DAY_MS
NOW_MS = OPENS_MS + DAY_MS
SHANGHAI = "Asia/Shanghai"

ENTRY = PoolEntry(
    i=0,
    t=OPENS_MS,
    v=1,
    pool="main",
    game="wheel",
    rows=(WheelRow(id="a", weight=1),),
    weight=1,
    price=10,
    seat_draws=1,
    opens=OPENS_MS,
    closes=CLOSES_MS,
    commit="00" * 32,
    rules="00" * 32,
)
TERMS = PoolTerms(
    campaign_id="campaign0001",
    brand_id="demo",
    pool_id="main",
    lineage_id="main",
    game="wheel",
    price_points=10,
    seat_draws=1,
    opens_ms=OPENS_MS,
    closes_ms=CLOSES_MS,
    time_zone=SHANGHAI,
    limit_per_day=5,
    limit_total=20,
    entry=ENTRY,
    entry_index=0,
    pool_hash=bytes(32),
    prizes=(),
    secret_sealed=b"",
)
LIVE = PoolState(campaign_state="live", state="live", accepting=True, draws_reserved=90, draws_cap=100)
TODAY = local_day(NOW_MS, SHANGHAI)
NOBODY = Participation(draws_total=0, day=TODAY, draws_today=0)


def refused(
    *, pool: PoolState = LIVE, taken: Participation = NOBODY, draws: int = 1, now_ms: int = NOW_MS
) -> tuple[Any, ...] | None:
    """The kind, code and numbers of the refusal; None where there is none."""
    reason = refusal(TERMS, pool, taken, draws=draws, now_ms=now_ms)
    return None if reason is None else (type(reason), reason.code, reason.numbers)


def test_a_live_pool_may_be_played() -> None:
    """Nothing stands in the way of a first draw, nor of as many as the day allows."""
    assert refused() is None
    assert refused(draws=5) is None


@pytest.mark.parametrize(
    ("now_ms", "code"),
    [(OPENS_MS - 1, "not_open_yet"), (OPENS_MS, None), (CLOSES_MS - 1, None), (CLOSES_MS, "closed")],
)
def test_a_pool_is_open_from_opens_until_just_before_closes(now_ms: int, code: str | None) -> None:
    """`opens` belongs to the pool, `closes` does not."""
    found = refused(now_ms=now_ms)
    assert (found and found[1]) == code


def test_a_pool_that_is_not_open_says_when() -> None:
    """The refusals of the schedule carry its times."""
    assert refused(now_ms=OPENS_MS - 1) == (Conflict, "not_open_yet", {"opens_ms": OPENS_MS})
    assert refused(now_ms=CLOSES_MS) == (Conflict, "closed", {"closes_ms": CLOSES_MS})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"campaign_state": "paused"}, (Conflict, "campaign_paused", {})),
        ({"campaign_state": "ended"}, (Conflict, "campaign_ended", {})),
        ({"state": "draining"}, (Conflict, "pool_draining", {})),
        ({"state": "replaced", "replaced_by": "next"}, (Conflict, "pool_replaced", {"by": "next"})),
        ({"state": "closed", "replaced_by": "next"}, (Conflict, "pool_replaced", {"by": "next"})),
        ({"state": "closed"}, (Conflict, "closed", {"closes_ms": CLOSES_MS})),
    ],
)
def test_a_state_that_stops_play_is_named(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """Each state has its own code."""
    pool = msgspec.structs.replace(LIVE, accepting=False, **changes)
    assert refused(pool=pool) == expected


def test_an_urn_that_was_closed_because_it_was_empty_is_sold_out() -> None:
    """The player is told what happened, not what the books call it."""
    pool = msgspec.structs.replace(LIVE, accepting=False, state="closed", draws_reserved=100)
    assert refused(pool=pool) == (Exhausted, "sold_out", {"left": 0, "asked": 1})


def test_the_reason_that_lasts_longest_comes_first() -> None:
    """A pool of an ended campaign that has not opened yet never will."""
    pool = msgspec.structs.replace(LIVE, accepting=False, campaign_state="ended")
    found = refused(pool=pool, now_ms=OPENS_MS - 1)
    assert found is not None
    assert found[1] == "campaign_ended"


def test_draws_beyond_the_cap_are_sold_out() -> None:
    """The last ten may be asked for, eleven may not; without a cap there is no end."""
    rich = Participation(draws_total=0, day=date(2000, 1, 1), draws_today=0)
    terms = msgspec.structs.replace(TERMS, limit_per_day=None, limit_total=None)
    assert refusal(terms, LIVE, rich, draws=10, now_ms=NOW_MS) is None
    reason = refusal(terms, LIVE, rich, draws=11, now_ms=NOW_MS)
    assert reason is not None
    assert (reason.code, reason.numbers) == ("sold_out", {"left": 10, "asked": 11})
    endless = msgspec.structs.replace(LIVE, draws_cap=None)
    assert refusal(terms, endless, rich, draws=11, now_ms=NOW_MS) is None


def test_limits_count_what_was_taken_and_what_is_asked() -> None:
    """Exactly the limit is allowed, one more is not."""
    three_today = Participation(draws_total=3, day=TODAY, draws_today=3)
    assert refused(taken=three_today, draws=2) is None
    numbers = {"limit": 5, "used": 3, "asked": 3}
    assert refused(taken=three_today, draws=3) == (Exhausted, "limit_per_day", numbers)
    nineteen = Participation(draws_total=19, day=TODAY, draws_today=0)
    assert refused(taken=nineteen, draws=1) is None
    assert refused(taken=nineteen, draws=2) == (
        Exhausted,
        "limit_total",
        {"limit": 20, "used": 19, "asked": 2},
    )


def test_yesterdays_draws_do_not_count_today() -> None:
    """The count of a day ends with it."""
    yesterday = Participation(draws_total=5, day=date.fromordinal(TODAY.toordinal() - 1), draws_today=5)
    assert used_today(yesterday, TODAY) == 0
    assert refused(taken=yesterday, draws=5) is None


def test_a_day_is_the_one_of_the_campaigns_time_zone() -> None:
    """Midnight in Shanghai is 16:00 UTC of the day before; New York changes its offset in March."""
    midnight_ms = 1_767_196_800_000  # 2025-12-31T16:00:00Z
    assert local_day(midnight_ms - 1, SHANGHAI) == date(2025, 12, 31)
    assert local_day(midnight_ms, SHANGHAI) == date(2026, 1, 1)
    new_york_midnight_ms = 1_773_028_800_000  # 2026-03-09T04:00:00Z, the first midnight of summer time
    assert local_day(new_york_midnight_ms - 1, "America/New_York") == date(2026, 3, 8)
    assert local_day(new_york_midnight_ms, "America/New_York") == date(2026, 3, 9)


def test_a_pool_that_does_not_accept_is_paused_though_its_campaign_was_read_before() -> None:
    """The campaign's state is read without a lock: a pause that has just turned the pool counts."""
    assert refused(pool=msgspec.structs.replace(LIVE, accepting=False)) == (Conflict, "campaign_paused", {})


def test_only_single_draws_under_a_beacon_are_sealed() -> None:
    """One draw without a beacon, or two with one, are not."""
    beacon = BeaconTerms(chain=QUICKNET_CHAIN, delay=2)
    sealed = msgspec.structs.replace(TERMS, entry=msgspec.structs.replace(ENTRY, beacon=beacon))
    several = msgspec.structs.replace(
        TERMS, entry=msgspec.structs.replace(ENTRY, beacon=beacon, seat_draws=2)
    )
    assert (TERMS.is_sealed, sealed.is_sealed, several.is_sealed) == (False, True, False)


def test_an_id_is_spelled_from_its_entropy() -> None:
    """Twelve letters and digits, and another entropy is another id."""
    assert campaign_id_from(bytes(16)) == "a" * 12
    ids = {campaign_id_from(number.to_bytes(16, "big")) for number in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch("[a-z0-9]{12}", id_) for id_ in ids)
