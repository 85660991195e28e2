"""Ids of plays and prizes as players see them: they name the campaign, so that a lookup asks one shard."""

import re
from uuid import UUID

_WIRE_ID = re.compile(r"([a-z0-9]{12})-([0-9a-f]{32})")


def wire_id(campaign_id: str, row_id: UUID) -> str:
    """The id that players see of a row in a campaign."""
    return f"{campaign_id}-{row_id.hex}"


def parse_wire_id(text: str) -> tuple[str, UUID] | None:
    """The campaign and the row that an id names; None: it is no such id."""
    match = _WIRE_ID.fullmatch(text)
    return None if match is None else (match[1], UUID(match[2]))
