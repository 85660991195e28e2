"""The rows of streaks that are judged; what belongs together is counted by the statement."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from tests.invariants.row import Row


class Repair(Row, frozen=True, kw_only=True):
    """A repair, with its player's account, and whether an event checks its day as well."""

    SQL: ClassVar[str] = """
        SELECT r.campaign_id, r.repair_id, r.player_id, r.streak_id, r.day,
               'player:' || coalesce(p.brand_id || '.' || p.subject, 'erased') AS account,
               r.state, r.price_points, r.is_refunded,
               EXISTS (SELECT FROM streak_event AS e
                       WHERE (e.campaign_id, e.player_id, e.streak_id, e.day)
                           = (r.campaign_id, r.player_id, r.streak_id, r.day)
                         AND e.reversed_ms IS NULL) AS is_checked
        FROM streak_repair AS r JOIN player AS p USING (player_id)
        WHERE r.campaign_id = ANY ($1::text[]) ORDER BY r.campaign_id, r.repair_id"""
    repair_id: UUID
    player_id: UUID
    streak_id: str
    day: date
    account: str
    state: str
    price_points: int
    is_refunded: bool
    is_checked: bool

    @property
    def is_live(self) -> bool:
        """Whether it takes a place, and its day from others."""
        return self.state in {"funding", "resolving", "applied"}


class StreakDay(Row, frozen=True, kw_only=True):
    """A player's day, by its row and by its events."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, player_id, streak_id, day, coalesce(d.events, 0) AS events,
               coalesce(e.events, 0)::integer AS stand
        FROM streak_day AS d
        FULL JOIN (SELECT campaign_id, player_id, streak_id, day, count(*) AS events
                   FROM streak_event WHERE reversed_ms IS NULL
                   GROUP BY campaign_id, player_id, streak_id, day) AS e
            USING (campaign_id, player_id, streak_id, day)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, player_id, streak_id, day"""
    player_id: UUID
    streak_id: str
    day: date
    events: int
    stand: int


class Reach(Row, frozen=True, kw_only=True):
    """A milestone of a player's."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, player_id, streak_id, days, generation, state FROM streak_reach
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, player_id, streak_id, days"""
    player_id: UUID
    streak_id: str
    days: int
    generation: int
    state: str


class Places(Row, frozen=True, kw_only=True):
    """Places that are taken of a milestone, or (`days` 0) of a streak's repairs, and how many hold one."""

    SQL: ClassVar[str] = """
        SELECT m.campaign_id, m.streak_id, m.days, m.taken,
               (SELECT count(*) FROM streak_reach AS r
                WHERE (r.campaign_id, r.streak_id, r.days) = (m.campaign_id, m.streak_id, m.days)
                  AND r.has_place) AS held
        FROM streak_milestone AS m
        WHERE m.campaign_id = ANY ($1::text[]) AND m.places IS NOT NULL
        UNION ALL
        SELECT s.campaign_id, s.streak_id, 0, s.repairs_taken,
               (SELECT count(*) FROM streak_repair AS r
                WHERE (r.campaign_id, r.streak_id) = (s.campaign_id, s.streak_id)
                  AND r.state IN ('funding', 'resolving', 'applied'))
        FROM streak AS s
        WHERE s.campaign_id = ANY ($1::text[])
        ORDER BY 1, 2, 3"""
    streak_id: str
    days: int
    taken: int
    held: int
