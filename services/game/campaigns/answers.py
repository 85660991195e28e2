"""What managers are told of changes, vouchers and free plays."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from game.campaigns.records import Chances, Change
from game.instants import to_datetime


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did, with the values before and after."""

    index: int
    at: datetime
    actor: str
    action: str
    old: dict[str, Any]
    new: dict[str, Any]


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    """Changes, oldest first; `next` is the `start` of the page that follows, null at the end."""

    changes: tuple[ChangeView, ...]
    next: int | None


class VouchersAdded(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the codes were not in the batch before."""

    voucher_batch: str
    sent: int
    added: int


class ChancesView(msgspec.Struct, frozen=True, kw_only=True):
    """Free plays of one player, out of one source."""

    lot_id: UUID
    subject: str
    source: str
    granted: int
    units_left: int
    expires_at: datetime


def change_page(changes: list[Change], *, start: int, limit: int) -> ChangePage:
    """A page of at most `limit` changes."""
    views = tuple(
        ChangeView(
            index=index,
            at=to_datetime(change.at_ms),
            actor=change.actor,
            action=change.action,
            old=change.old,
            new=change.new,
        )
        for index, change in enumerate(changes, start=start)
    )
    return ChangePage(changes=views, next=start + limit if len(views) == limit else None)


def chances_view(chances: Chances, *, subject: str, source: str) -> ChancesView:
    """Free plays, as the manager who granted them sees them."""
    return ChancesView(
        lot_id=chances.lot_id,
        subject=subject,
        source=source,
        granted=chances.granted,
        units_left=chances.units_left,
        expires_at=to_datetime(chances.expires_ms),
    )
