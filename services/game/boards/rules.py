"""The order on a board, and what a player is told of it. Pure.

More comes before less; of the same, whoever reached it first; of the same time, the lower id, which players
do not know.
"""

import hashlib
from typing import Final
from uuid import UUID

import msgspec

TOP_MAX: Final = 100
AROUND_MAX: Final = 10
ALIAS_CHARS: Final = 12


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A player on a board: from 1 on, and when that was reached (ms)."""

    player_id: UUID
    score: int
    reached_ms: int


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A standing and its rank, from 1 on."""

    rank: int
    standing: Standing


def order(standing: Standing) -> tuple[int, int, UUID]:
    """What standings are sorted by, the first one first."""
    return -standing.score, standing.reached_ms, standing.player_id


def lacking(mine: Standing, above: Standing) -> int:
    """How much more it takes to come before whoever is one rank higher now."""
    return above.score - mine.score + 1


def alias(campaign_id: str, player_id: UUID) -> str:
    """What other players see of a player: the same in all of a campaign, and another in the next.

    The id, which nobody outside is told, has 74 random bits: the alias does not lead back to it.
    """
    return hashlib.sha256(b"playfair/alias\0" + campaign_id.encode() + player_id.bytes).hexdigest()[
        :ALIAS_CHARS
    ]
