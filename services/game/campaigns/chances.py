"""Free plays that a manager grants."""

import msgspec

from game.auth import Caller
from game.campaigns import store
from game.campaigns.access import desk_of, require_state
from game.campaigns.checks import check_foreseeable
from game.campaigns.records import Chances
from game.errors import Conflict
from game.players import player_id_of
from game.resources import Resources

SOURCE_PREFIX = "manager:"  # keeps managers' sources apart from those of prizes


class Recipient(msgspec.Struct, frozen=True):
    """A player by the brand's own name."""

    brand_id: str
    subject: str


async def grant_chances(
    resources: Resources,
    caller: Caller,
    *,
    campaign_id: str,
    subject: str,
    count: int,
    expires_ms: int,
    source: str,
) -> Chances:
    """Grant free plays, once for each source: asked again, the answer is what stands there already.

    Conflict `source_used` where the same source has granted something else to this player.
    """
    check_foreseeable("$.expires_at", expires_ms, now_ms=resources.clock())
    player_id = await player_id_of(resources, Recipient(caller.brand_id, subject))
    wanted = Chances(lot_id=resources.new_id(), granted=count, units_left=count, expires_ms=expires_ms)
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft", "live", "paused")
        key = store.LotKey(campaign_id=campaign_id, player_id=player_id, source=SOURCE_PREFIX + source)
        if await store.insert_chances(work.conn, wanted, key):
            new = {"subject": subject, "count": count, "expires_ms": expires_ms, "source": source}
            await work.record("chances.grant", old={}, new=new)
            return wanted
        stands = await store.chances_of_source(work.conn, key)
    assert stands is not None
    if (stands.granted, stands.expires_ms) != (count, expires_ms):
        raise Conflict(
            "source_used", "This source has granted the player something else.", granted=stands.granted
        )
    return stands
