"""Ids of plays and prizes as players see them: they name the campaign, so that a lookup asks one shard."""

import re
from uuid import UUID

from game.errors import Invalid

_WIRE_ID = re.compile(r"([a-z0-9]{12})-([0-9a-f]{32})")
_NEWEST = UUID(int=2**128 - 1)


def wire_id(campaign_id: str, row_id: UUID) -> str:
    """The id that players see of a row in a campaign."""
    return f"{campaign_id}-{row_id.hex}"


def parse_wire_id(text: str) -> tuple[str, UUID] | None:
    """The campaign and the row that an id names; None: it is no such id."""
    match = _WIRE_ID.fullmatch(text)
    return None if match is None else (match[1], UUID(match[2]))


def parse_cursor(before: str | None, *, campaign_id: str) -> UUID:
    """The row that a page of a campaign's rows ends before, newest first; None: the page is the first.

    Raises Invalid `invalid_cursor` for what is no id of a row of this campaign.
    """
    place = (campaign_id, _NEWEST) if before is None else parse_wire_id(before)
    if place is None or place[0] != campaign_id:
        raise Invalid("invalid_cursor", "`before` is the `next` of the page before.")
    return place[1]
