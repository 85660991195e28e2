"""What everybody may know of a campaign, and what a player may do in it now."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from game.audit.service import log_signer
from game.auth import Caller, Role
from game.campaigns import pool_store, store
from game.campaigns.access import brand_of, campaign_of
from game.campaigns.records import Campaign, LiveSeat, PublicState, Summary
from game.campaigns.rules import Participation, PoolTerms, local_day, refusal, used_today
from game.campaigns.service import no_such_pool, pool_terms
from game.campaigns.together import Together
from game.db.connection import Connection
from game.errors import Forbidden, NotFound, Refusal, Unavailable
from game.resources import Resources


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


class _Seen(msgspec.Struct, frozen=True):
    """What everybody sees of a campaign, at one moment."""

    campaign: Campaign
    states: Sequence[PublicState]


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
    if caller is not None and Role.PLAYER in caller.roles:
        with suppress(Forbidden):  # one who is being erased is shown what everybody is
            return await _shown(resources, *await _seen_by(resources, caller, campaign_id=campaign_id))
    brand_id = await brand_of(resources, caller, campaign_id)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        seen = await _see(conn, campaign_id=campaign_id, brand_id=brand_id)
    return await _shown(resources, seen, None)


async def _shown(resources: Resources, seen: _Seen, you: Standing | None) -> PublicCampaign:
    campaign_id = seen.campaign.campaign_id
    pools = [
        PublicPool(
            terms=await pool_terms(resources, campaign_id=campaign_id, pool_id=state.pool_id), now=state
        )
        for state in seen.states
    ]
    signer = await log_signer(resources, campaign_id)
    return PublicCampaign(
        campaign=seen.campaign,
        log_origin=signer.origin,
        log_vkey=signer.vkey,
        pools=tuple(pools),
        you=_with_refusals(resources, you, pools) if you else None,
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


async def _see(conn: Connection, *, campaign_id: str, brand_id: str) -> _Seen:
    campaign = await campaign_of(conn, campaign_id=campaign_id, brand_id=brand_id)
    return _Seen(campaign, await pool_store.pool_states(conn, campaign_id=campaign_id))


async def _read_players(
    conn: Connection, resources: Resources, campaign: Campaign, player_ids: Sequence[UUID]
) -> list[tuple[_Seen, Standing]]:
    """How players stand, at one moment with what everybody sees; without refusals."""
    campaign_id, now_ms = campaign.campaign_id, resources.clock()
    today = local_day(now_ms, campaign.time_zone)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        seen = await _see(conn, campaign_id=campaign_id, brand_id=campaign.brand_id)
        pool_ids = [state.pool_id for state in seen.states]
        taken = await store.participations_of(conn, player_ids, campaign_id=campaign_id)
        seats = await pool_store.seats_of_players(
            conn, player_ids, campaign_id=campaign_id, pool_ids=pool_ids
        )
        chances = await store.chances_left(conn, player_ids, campaign_id=campaign_id, now_ms=now_ms)
    nothing = Participation(draws_total=0, day=today, draws_today=0)
    return [
        (
            seen,
            Standing(
                taken=taken.get(each, nothing),
                used_today=used_today(taken.get(each, nothing), today),
                chances_left=chances.get(each, 0),
                seats=seats.get(each, {}),
                refusals={},
            ),
        )
        for each in player_ids
    ]


_seen_by: Final = Together(_read_players).mine


def _with_refusals(resources: Resources, player: Standing, pools: Sequence[PublicPool]) -> Standing:
    reasons = {pool.terms.pool_id: _reason(resources, player, pool) for pool in pools}
    refusals = {pool_id: reason for pool_id, reason in reasons.items() if reason is not None}
    return msgspec.structs.replace(player, refusals=refusals)


def _reason(resources: Resources, player: Standing, pool: PublicPool) -> Refusal | None:
    reason = refusal(pool.terms, pool.now.state, player.taken, draws=1, now_ms=resources.clock())
    if reason is None and pool.terms.price_points > 0 and not resources.ledger.available():
        return Unavailable("ledger_unavailable", "The ledger does not answer; nothing can be charged.")
    return reason
