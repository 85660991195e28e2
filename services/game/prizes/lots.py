"""A player's free plays, lot by lot: what they were given for, what is left, and which are used first."""

from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns import store as campaign_store
from game.campaigns.access import launched
from game.db.statements import load
from game.players import player_id_of
from game.resources import Resources

_SQL = load("game.prizes")

LotKind = Literal["draw", "manager", "task", "streak", "set", "gift", "board", "other"]
_REWARD: Final = "reward:"


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Free plays out of one source, until a time."""

    lot_id: UUID
    source: str
    granted: int
    units_left: int
    expires_ms: int

    @property
    def kind(self) -> LotKind:
        """What they were given for: the first word of the source, after `reward:` where it is one."""
        word = self.source.removeprefix(_REWARD).partition(":")[0]
        return next((kind for kind in get_args(LotKind) if kind == word), "other")


class OpenLots(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lots in the order in which they are used, and the sum over all pages."""

    chances_left: int
    lots: tuple[Lot, ...]


async def open_lots(
    resources: Resources, caller: Caller, *, campaign_id: str, after: UUID, limit: int
) -> OpenLots:
    """The caller's free plays after a given lot. NotFound for a draft or another brand's campaign.

    What was won under a ticket that is still covered is left out, and not in the sum.
    """
    player_id, now_ms = await player_id_of(resources, caller), resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        left = await campaign_store.chances_left(conn, [player_id], campaign_id=campaign_id, now_ms=now_ms)
        rows = await conn.fetch(_SQL.open_lots, campaign_id, player_id, now_ms, after, limit)
    return OpenLots(chances_left=left.get(player_id, 0), lots=tuple(Lot(**row) for row in rows))
