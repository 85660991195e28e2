"""The rows of rewards and of chances that are judged."""

from typing import ClassVar
from uuid import UUID

from tests.invariants.row import Row


class Reward(Row, frozen=True, kw_only=True):
    """A reward, with its player's account."""

    SQL: ClassVar[str] = """
        SELECT r.campaign_id, r.reward_id, r.player_id,
               'player:' || coalesce(p.brand_id || '.' || p.subject, 'erased') AS account,
               r.source, r.kind, r.amount, r.item, r.expires_ms, r.state, r.withheld, r.recovered, r.owed
        FROM reward AS r JOIN player AS p USING (player_id)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, reward_id"""
    reward_id: UUID
    player_id: UUID
    account: str
    source: str
    kind: str
    amount: int
    item: str | None
    expires_ms: int | None
    state: str
    withheld: int
    recovered: int
    owed: int

    @property
    def due(self) -> int:
        """What of it was to be handed out."""
        return self.amount - self.withheld


class Debt(Row, frozen=True, kw_only=True):
    """What a player owes of a kind."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, player_id, kind, item, amount FROM debt
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, player_id, kind, item"""
    player_id: UUID
    kind: str
    item: str | None
    amount: int


class Award(Row, frozen=True, kw_only=True):
    """A badge of a player."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, award_id, player_id, badge_id, source, state FROM badge_award
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, award_id"""
    award_id: UUID
    player_id: UUID
    badge_id: str
    source: str
    state: str


class Lot(Row, frozen=True, kw_only=True):
    """Chances of a player."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, lot_id, player_id, source, granted, units_left, taken_back, given_away, expires_ms
        FROM chance_lot
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, lot_id"""
    lot_id: UUID
    player_id: UUID
    source: str
    granted: int
    units_left: int
    taken_back: int
    given_away: int
    expires_ms: int


class Use(Row, frozen=True, kw_only=True):
    """Chances that a play took out of a lot."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, play_id, lot_id, units FROM chance_use
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, play_id, lot_id"""
    play_id: UUID
    lot_id: UUID
    units: int
