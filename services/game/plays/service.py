"""Seats and plays: one function per use case of a player."""

from collections.abc import Sequence

from game.audit import reading
from game.audit import service as audit
from game.auth import Caller
from game.campaigns.rules import PoolTerms
from game.campaigns.service import no_such_pool, pool_terms
from game.errors import Conflict, Invalid
from game.ids import parse_cursor, parse_wire_id
from game.players import account_of, player_id_of
from game.plays import store
from game.plays.engine import Engine
from game.plays.rules import Asked, PaidWith, Play
from game.plays.telling import Ask, no_such_play
from game.plays.views import (
    AnchorView,
    PlayPage,
    PlayView,
    SeatedView,
    draw_views,
    play_view,
    seat_view,
)  # fmt: skip
from game.plays.wants import Advanced, WantSeat
from game.resources import Resources

SEED_BYTES_MIN = 16
PAGE, PAGE_MAX = 20, 50


async def terms_for(engine: Engine, caller: Caller, *, campaign_id: str, pool_id: str) -> PoolTerms:
    """The terms of a published pool of the caller's brand; NotFound for any other."""
    terms = await pool_terms(engine.resources, campaign_id=campaign_id, pool_id=pool_id)
    if terms.brand_id != caller.brand_id:
        raise no_such_pool()
    return terms


async def offer_anchor(engine: Engine, caller: Caller, terms: PoolTerms) -> AnchorView:
    """The anchor of the player's seat; until that is used up, asking again shows the same one."""
    if terms.entry.beacon is not None:
        raise Conflict("no_anchor_needed", "This pool has a beacon: open a seat, or just play.")
    player_id = await player_id_of(engine.resources, caller)
    sitting = await engine.seat(WantSeat(terms=terms, player_id=player_id, seed=None))
    seat = sitting.seat
    signer = await audit.log_signer(engine.resources, terms.campaign_id)
    return AnchorView(
        seat=seat.seat_id.hex(),
        logged=seat.entry_index is not None,
        tag=sitting.tag.hex(),
        anchor=seat.anchor.hex(),
        pool_hash=terms.pool_hash.hex(),
        offer=signer.offer(terms.pool_hash, seat.seat_id, sitting.tag, seat.anchor),
    )


async def open_seat(engine: Engine, caller: Caller, terms: PoolTerms, seed: bytes) -> SeatedView:
    """Log the player's seat. Asking again with the same seed gives the same seat."""
    if terms.is_sealed:
        raise Conflict("sealed_pool", "The seat of a sealed draw is logged once the draw is paid: just play.")
    if terms.entry.beacon is None and len(seed) < SEED_BYTES_MIN:
        raise Invalid(
            "seed_too_short",
            f"Without a beacon the seed decides: send at least {SEED_BYTES_MIN} random bytes in hex.",
            bytes=len(seed),
            least=SEED_BYTES_MIN,
        )
    player_id = await player_id_of(engine.resources, caller)
    sitting = await engine.seat(WantSeat(terms=terms, player_id=player_id, seed=seed))
    view = seat_view(sitting.seat, sitting.tag)
    if sitting.entry is not None and sitting.receipt is not None:
        return SeatedView(seat=view, entry=sitting.entry.decode(), receipt=sitting.receipt)
    async with engine.resources.pool.acquire() as conn:
        entry = await store.entry_of_seat(conn, sitting.seat)
    receipt = await reading.receipt(
        engine.resources, campaign_id=terms.campaign_id, brand_id=terms.brand_id, index=view.entry_index
    )
    return SeatedView(seat=view, entry=entry.decode(), receipt=receipt)


async def play(
    engine: Engine, caller: Caller, terms: PoolTerms, *, key: str, draws: int, paid_with: PaidWith
) -> PlayView:
    """Accept a play and wait for its outcome up to the deadline; the same key gives the same play."""
    asked = Asked(
        terms=terms,
        play_id=engine.resources.new_id(),
        player_id=await player_id_of(engine.resources, caller),
        account=account_of(brand_id=caller.brand_id, subject=caller.subject),
        idempotency_key=key,
        draws=draws,
        paid_with=paid_with,
    )
    driven = await engine.accept(asked)
    if driven.play.is_finished:
        return await told(engine, driven.play)
    task = engine.drive(driven.play, driven.debit)
    if not await engine.done_in_time(task):
        return await read(engine, caller, driven.play.wire_id)
    return await _outcome(engine, terms, task.result())


async def _outcome(engine: Engine, terms: PoolTerms, advanced: Advanced) -> PlayView:
    """Tell a play that was settled just now from memory, any other from the database."""
    play = advanced.play
    if play.state != "settled" or len(advanced.draws) < play.draws or advanced.seat is None:
        return await told(engine, play)
    assert advanced.tag is not None
    draws = draw_views(terms, advanced.draws, advanced.receipts, engine.faces[terms.game])
    return play_view(terms, play, seat_view(advanced.seat, advanced.tag), draws)


async def told(engine: Engine, play: Play) -> PlayView:
    """A play as the database has it; receipts are those of the moment at which it had settled."""
    return await engine.teller.tell(
        Ask(campaign_id=play.campaign_id, play_id=play.play_id, player_id=play.player_id)
    )


async def read(engine: Engine, caller: Caller, wire_id: str) -> PlayView:
    """One play of the caller's own."""
    return await _told_own(engine, caller, wire_id, tickets=())


async def history(
    resources: Resources,
    caller: Caller,
    *,
    campaign_id: str,
    before: str | None = None,
    limit: int = PAGE,
) -> PlayPage:
    """The caller's plays in a campaign, newest first, without their draws."""
    start = parse_cursor(before, campaign_id=campaign_id)
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn:
        plays = await store.history(
            conn, campaign_id=campaign_id, player_id=player_id, before=start, limit=limit
        )
    views = [play_view(await _terms_of(resources, play), play, None, ()) for play in plays]
    return PlayPage(plays=tuple(views), next=plays[-1].wire_id if len(plays) == limit else None)


async def _terms_of(resources: Resources, play: Play) -> PoolTerms:
    return await pool_terms(resources, campaign_id=play.campaign_id, pool_id=play.pool_id)


async def uncover(engine: Engine, caller: Caller, wire_id: str, tickets: Sequence[int]) -> PlayView:
    """Uncover tickets of a settled scratch play; those that are uncovered stay so."""
    return await _told_own(engine, caller, wire_id, tickets=tickets)


async def _told_own(engine: Engine, caller: Caller, wire_id: str, *, tickets: Sequence[int]) -> PlayView:
    place = parse_wire_id(wire_id)
    if place is None:
        raise no_such_play()
    campaign_id, play_id = place
    player_id = await player_id_of(engine.resources, caller)
    return await engine.teller.tell(
        Ask(campaign_id=campaign_id, play_id=play_id, player_id=player_id, tickets=tickets)
    )
