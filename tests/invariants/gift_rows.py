"""The rows of gifts that are judged."""

from typing import ClassVar
from uuid import UUID

from tests.invariants.row import Row


class Gift(Row, frozen=True, kw_only=True):
    """A gift; of a badge with its award."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, gift_id, giver_id, kind, amount, badge_id, award_id, state, taken_back,
               recipient_id
        FROM gift
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, gift_id"""
    gift_id: UUID
    giver_id: UUID
    kind: str
    amount: int
    badge_id: str | None
    award_id: UUID | None
    state: str
    taken_back: int
    recipient_id: UUID | None

    @property
    def is_gone(self) -> bool:
        """Whether what is in it is its giver's no more."""
        return self.state in ("open", "redeemed")


class Portion(Row, frozen=True, kw_only=True):
    """Chances of a lot in a gift."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, gift_id, lot_id, units, expires_ms, is_taken_back FROM gift_lot
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, gift_id, lot_id"""
    gift_id: UUID
    lot_id: UUID
    units: int
    expires_ms: int
    is_taken_back: bool
