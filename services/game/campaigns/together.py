"""What players of a campaign have, read for all who ask at once: apps poll, and all at the same moment."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar
from uuid import UUID

import asyncpg

from game.auth import Caller
from game.batch import Batcher
from game.campaigns.access import brand_of, launched
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.errors import NotFound
from game.players import player_id_of
from game.recent import Recent
from game.resources import Resources

CAMPAIGNS_KEPT: Final = 2_000
POLLS_PER_BATCH: Final = 64
POLLS_WAITING: Final = 4_096

Mine = TypeVar("Mine")
Read = Callable[[Connection, Resources, Campaign, Sequence[UUID]], Awaitable[Sequence[Mine]]]


class Together(Generic[Mine]):
    """Reads for players who ask meanwhile in one batch after the other, for each campaign by itself."""

    def __init__(self, read: Read[Mine]) -> None:
        self._read = read
        self._recent: Recent[tuple[asyncpg.Pool[asyncpg.Record], str, str], Batcher[UUID, Mine]] = Recent(
            limit=CAMPAIGNS_KEPT
        )

    async def mine(self, resources: Resources, caller: Caller, *, campaign_id: str) -> Mine:
        """The caller's in a launched campaign. NotFound for a draft or another brand's, before all else."""
        await brand_of(resources, caller, campaign_id)
        player_id = await player_id_of(resources, caller)
        key = (resources.pool, caller.brand_id, campaign_id)
        polls = self._recent.get(key) or self._recent.put(
            key, self._polls(resources, caller.brand_id, campaign_id)
        )
        return await polls.submit(player_id)

    def _polls(self, resources: Resources, brand_id: str, campaign_id: str) -> Batcher[UUID, Mine]:
        async def ask(player_ids: Sequence[UUID]) -> Sequence[Mine | BaseException]:
            async with resources.pool.acquire() as conn:
                try:
                    campaign = await launched(conn, campaign_id=campaign_id, brand_id=brand_id)
                except NotFound as refusal:
                    return [refusal for _ in player_ids]
                return await self._read(conn, resources, campaign, player_ids)

        return Batcher(ask, batch_limit=POLLS_PER_BATCH, waiting_limit=POLLS_WAITING)
