"""Moments at which somebody may poll: around a change of summer time, on travels, at edges."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from game.campaigns.records import Campaign
from game.campaigns.rules import Text
from game.tasks.days import Zone
from tests.campaigns.office import DAY_MS, HOUR_MS

# The Saturday before clocks are set back in New York, at noon in UTC.
START_MS = 1_793_448_000_000
DAYS = 9
CAMPAIGN = Campaign(
    campaign_id="frw8y9cvjwbh", brand_id="acme", operator_name="acme.example", state="live",
    name=Text(zh="节", en="Fair"), rules=Text(zh="节", en="Fair"), opens_ms=START_MS,
    closes_ms=START_MS + DAYS * DAY_MS, time_zone="Asia/Shanghai", limit_per_day=None, limit_total=None,
    version=1, created_by="mia", created_ms=START_MS, launched_ms=START_MS,
)  # fmt: skip
# Somebody who went to New York and back, and somebody who chose nothing.
TRAVELS = ((), (Zone(START_MS - DAY_MS, "America/New_York"), Zone(START_MS + 4 * DAY_MS, "Asia/Shanghai")))


def moments(edges_ms: Iterable[int]) -> list[int]:
    """Every quarter of an hour from a day before the campaign to a day after it, and around edges."""
    edges = [ms + by for ms in edges_ms for by in (-1, 0, 1)]
    return sorted([*edges, *range(START_MS - DAY_MS, START_MS + (DAYS + 1) * DAY_MS, HOUR_MS // 4)])


def changes(lists: Iterable[Any]) -> int:
    """How often a list is another one than before."""
    return sum(one != other for one, other in pairwise(lists))
