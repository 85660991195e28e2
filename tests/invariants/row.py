"""What all rows that are judged have in common."""

from typing import ClassVar

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a campaign; `SQL` reads those of campaigns $1, with columns that are the struct's fields."""

    SQL: ClassVar[str]
    campaign_id: str
