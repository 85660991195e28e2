"""A player's badges as they are told: named by all that they are told by, and made for who has them not yet.

No clock is asked: nothing of a set changes but by what somebody does.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.badges import store
from game.badges.chances import Table, tables_of
from game.badges.rules import Standing
from game.badges.store import BadgeSet, Collection
from game.badges.views import BoundView, MyBadges, bound_by, my_badges
from game.campaigns import pool_store
from game.campaigns.records import Campaign
from game.campaigns.together import Together
from game.db.connection import Connection
from game.polling import tag_of
from game.resources import Resources

# To be raised when the same is told in another way: apps name what they have by it.
FORM: Final = 1


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What the badges of all players of a campaign are told by."""

    form: int
    campaign_id: str
    sets: tuple[BadgeSet, ...]
    tables: tuple[Table, ...]
    bound: tuple[BoundView, ...]


class _Album(msgspec.Struct, frozen=True):
    held: Mapping[str, int]
    draws: int
    claims: Mapping[str, int]


_album = msgspec.json.Decoder(_Album)


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What a player's badges are told by; `digest` is that of what is shared."""

    shared: Shared
    digest: bytes
    album: str

    @property
    def tag(self) -> str:
        """Names the answer: what is told by the same has the same."""
        return tag_of(self.digest + self.album.encode())

    def view(self) -> MyBadges:
        """The answer."""
        album = _album.decode(self.album)
        found = [
            Collection(
                badge_set=each,
                standing=Standing(
                    held=album.held, draws=album.draws, claims=album.claims.get(each.set_id, 0)
                ),
            )
            for each in self.shared.sets
        ]
        return my_badges(found, self.shared.tables, self.shared.bound)


async def told(mine: Mine) -> MyBadges:
    """The answer. Odds that were not asked for before take long: a thread reckons them."""
    return await asyncio.to_thread(mine.view)


async def _read_all(
    conn: Connection, resources: Resources, campaign: Campaign, player_ids: Sequence[UUID]
) -> list[Mine]:
    del resources
    campaign_id = campaign.campaign_id
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        sets = await store.sets_of_campaign(conn, campaign_id=campaign_id)
        pools = await pool_store.pools_of_campaign(conn, campaign_id=campaign_id)
        albums = await store.albums_of(conn, player_ids, campaign_id=campaign_id)
    published = [pool for pool in pools if pool.state != "draft"]
    shared = Shared(
        form=FORM,
        campaign_id=campaign_id,
        sets=tuple(sets.values()),
        tables=tables_of(published),
        bound=bound_by(published),
    )
    digest = hashlib.sha256(msgspec.json.encode(shared)).digest()
    return [Mine(shared=shared, digest=digest, album=album) for album in albums]


collected: Final = Together(_read_all).mine
