"""What everybody may know of a campaign, and what a player may do in it now."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.audit.service import log_signer
from game.auth import Caller, Role
from game.campaigns import pool_store, store
from game.campaigns.access import campaign_of, no_such_campaign
from game.campaigns.records import Campaign, PublicState, Summary
from game.campaigns.rules import Participation, PoolTerms, local_day, refusal, used_today
from game.campaigns.service import no_such_pool, pool_terms
from game.db.connection import Connection
from game.errors import Forbidden, NotFound, Refusal, Unavailable
from game.players import player_id_of
from game.resources import Resources


class LiveSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A player's live seat, and how many of its draws are not spoken for."""

    seat_id: bytes
    draws_left: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A player in a campaign. `taken` counts draws; `seats` and `refusals` are by pool.

    A pool that is not in `seats` has no live seat of the player, one that is not in `refusals` may be played.
    """

    taken: Participation
    used_today: int
    chances_left: int
    seats: dict[str, LiveSeat]
    refusals: dict[str, Refusal]


class PublicPool(msgspec.Struct, frozen=True, kw_only=True):
    """A published pool: what never changes of it, and what does."""

    terms: PoolTerms
    now: PublicState


class PublicCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A launched campaign. `you` is None without a player's token."""

    campaign: Campaign
    log_origin: str
    log_vkey: str
    pools: tuple[PublicPool, ...]
    you: Standing | None


async def list_campaigns(resources: Resources, *, brand_id: str, after: str, limit: int) -> list[Summary]:
    """One page of a brand's launched campaigns. NotFound `brand_not_found`."""
    async with resources.pool.acquire() as conn:
        if not await store.brand_exists(conn, brand_id=brand_id):
            raise no_such_brand()
        return await store.campaigns_of_brand(
            conn, brand_id=brand_id, after=after, with_drafts=False, limit=limit
        )


async def show_campaign(resources: Resources, caller: Caller | None, *, campaign_id: str) -> PublicCampaign:
    """A launched campaign. NotFound for a draft, and for one of another brand than the token's."""
    brand_id = await brand_of(resources, caller, campaign_id)
    player_id = await _player_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        campaign = await campaign_of(conn, campaign_id=campaign_id, brand_id=brand_id)
        states = await pool_store.pool_states(conn, campaign_id=campaign_id)
        player = (
            await _read_player(conn, campaign, player_id, states, resources.clock()) if player_id else None
        )
    pools = [
        PublicPool(
            terms=await pool_terms(resources, campaign_id=campaign_id, pool_id=state.pool_id), now=state
        )
        for state in states
    ]
    signer = await log_signer(resources, campaign_id)
    return PublicCampaign(
        campaign=campaign,
        log_origin=signer.origin,
        log_vkey=signer.vkey,
        pools=tuple(pools),
        you=_with_refusals(resources, player, pools) if player else None,
    )


async def rules_text(resources: Resources, caller: Caller | None, *, campaign_id: str, pool_id: str) -> bytes:
    """The exact bytes whose SHA-256 stands in the pool's entry. NotFound for a draft or another brand's."""
    await brand_of(resources, caller, campaign_id)
    async with resources.pool.acquire() as conn:
        rules = await pool_store.rules_of_pool(conn, campaign_id=campaign_id, pool_id=pool_id)
    if rules is None:
        raise no_such_pool()
    return rules


def no_such_brand() -> NotFound:
    """The one answer for a brand that is not there or not the token's."""
    return NotFound("brand_not_found", "There is no such brand.")


async def _player_of(resources: Resources, caller: Caller | None) -> UUID | None:
    """The player who asks; None: nobody, or one who is being erased, who is shown what everybody is."""
    if caller is None or Role.PLAYER not in caller.roles:
        return None
    try:
        return await player_id_of(resources, caller)
    except Forbidden:
        return None


async def brand_of(resources: Resources, caller: Caller | None, campaign_id: str) -> str:
    """The brand of a launched campaign; NotFound unless it is the token's, where there is one."""
    async with resources.pool.acquire() as conn:
        brand_id = await store.brand_of_launched(conn, campaign_id=campaign_id)
    if brand_id is None or (caller and caller.brand_id != brand_id):
        raise no_such_campaign()
    return brand_id


async def _read_player(
    conn: Connection, campaign: Campaign, player_id: UUID, states: Sequence[PublicState], now_ms: int
) -> Standing:
    campaign_id = campaign.campaign_id
    today = local_day(now_ms, campaign.time_zone)
    nothing = Participation(draws_total=0, day=today, draws_today=0)
    taken = await store.participation_of(conn, campaign_id=campaign_id, player_id=player_id) or nothing
    pool_ids = [state.pool_id for state in states]
    seats = await pool_store.seats_of_player(
        conn, campaign_id=campaign_id, player_id=player_id, pool_ids=pool_ids
    )
    return Standing(
        taken=taken,
        used_today=used_today(taken, today),
        chances_left=await store.chances_left(
            conn, campaign_id=campaign_id, player_id=player_id, now_ms=now_ms
        ),
        seats={pool_id: LiveSeat(seat_id=seat[0], draws_left=seat[1]) for pool_id, seat in seats.items()},
        refusals={},
    )


def _with_refusals(resources: Resources, player: Standing, pools: Sequence[PublicPool]) -> Standing:
    reasons = {pool.terms.pool_id: _reason(resources, player, pool) for pool in pools}
    refusals = {pool_id: reason for pool_id, reason in reasons.items() if reason is not None}
    return msgspec.structs.replace(player, refusals=refusals)


def _reason(resources: Resources, player: Standing, pool: PublicPool) -> Refusal | None:
    reason = refusal(pool.terms, pool.now.state, player.taken, draws=1, now_ms=resources.clock())
    if reason is None and pool.terms.price_points > 0 and not resources.ledger.available():
        return Unavailable("ledger_unavailable", "The ledger does not answer; nothing can be charged.")
    return reason
