"""The clerk of a campaign's log: seats, beacon values and paid plays, many in one transaction.

Whoever holds the lock of the log's head writes; stock, seats taken and standings change nowhere else.
What was committed is signed afterwards, so nothing that may roll back is ever signed.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from game.audit import service as audit
from game.campaigns.rules import PoolTerms
from game.campaigns.service import pool_secret, pool_terms
from game.db.connection import Connection
from game.errors import Conflict, Refusal
from game.fair.rounds import round_time_ms
from game.ledger.service import Credit
from game.plays import log_store, store
from game.plays.drawing import Drawn, Page, Stake, log_beacon, log_seat, offer_seat, seated
from game.plays.rules import Play, Seat
from game.plays.settling import SEAT_ID_BYTES, TAG_BYTES, Funded, Settling, can_be_seated, settle_plays
from game.prizes.service import Won, grant
from game.resources import Resources

# How many plays one beacon value may drive on in one transaction; the sweeper takes the rest.
WAITING_PLAYS_MAX = 64


class WantSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A player wants a seat, or without a seed its anchor alone. With a beacon the seed may be empty."""

    terms: PoolTerms
    player_id: UUID
    seed: bytes | None


class WantDraws(msgspec.Struct, frozen=True, kw_only=True):
    """A play to be driven on; `funded` where its debit was just found to have been applied."""

    play: Play
    funded: Funded | None


class WantBeacon(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a round, and the pools whose seats wait for it."""

    round: int
    signature: bytes
    pool_ids: tuple[str, ...]


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as it stands. `entry` and `receipt` are None for an anchor that is only offered."""

    seat: Seat
    tag: bytes
    entry: bytes | None
    receipt: str | None


class Advanced(msgspec.Struct, frozen=True, kw_only=True):
    """A play as it stands; `draws` and `receipts` (by entry index) where it was settled just now."""

    play: Play
    seat: Seat | None
    tag: bytes | None
    draws: tuple[Drawn, ...]
    receipts: Mapping[int, str]


Want = WantSeat | WantDraws | WantBeacon
Answer = Sitting | Advanced | Refusal | None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to a batch, in its order, and the credits that are due from it."""

    answers: tuple[Answer, ...]
    credits: tuple[Credit, ...]


async def write_batch(resources: Resources, campaign_id: str, batch: Sequence[Want]) -> Done:
    """Do what is wanted in one transaction, then sign what was committed."""
    terms = {key: await pool_terms(resources, campaign_id=campaign_id, pool_id=key) for key in _pools(batch)}
    secrets = {key: await pool_secret(resources, each, "draw") for key, each in terms.items()}
    async with resources.pool.acquire() as conn, conn.transaction():
        head = await audit.lock_head(conn, campaign_id=campaign_id)
        settling = await _read_plays(conn, campaign_id, terms, batch)
        t_ms = max(audit.next_t_ms(head, resources.clock()), _earliest_ms(batch, terms, settling))
        page = await _read(conn, terms, secrets, batch, settling, size=head.size, t_ms=t_ms)
        seats = _fill(resources, page, settling, batch)
        written = (
            await audit.append(conn, head=head, entries=page.entries, last_t_ms=t_ms)
            if page.entries
            else None
        )
        await log_store.save_page(conn, page, settling, now_ms=resources.clock())
        for play_id in settling.contradicted:
            await store.contradict(conn, settling.plays[play_id])
        credits_due = await grant(conn, resources, _won(resources, page)) if page.draws else []
    receipts = await _receipts(resources, written) if written is not None else {}
    answers = (_answer(page, settling, want, seat, receipts) for want, seat in zip(batch, seats, strict=True))
    return Done(answers=tuple(answers), credits=tuple(credits_due))


def _pools(batch: Sequence[Want]) -> set[str]:
    pools: set[str] = set()
    for want in batch:
        match want:
            case WantSeat():
                pools.add(want.terms.pool_id)
            case WantDraws():
                pools.add(want.play.pool_id)
            case WantBeacon():
                pools.update(want.pool_ids)
    return pools


def _earliest_ms(batch: Sequence[Want], terms: Mapping[str, PoolTerms], settling: Settling) -> int:
    """No entry may be older than what it stands on, though another process's clock may be ahead of ours."""
    opens = [terms[play.pool_id].opens_ms for play in settling.plays.values()]
    return max([0, *opens, *(round_time_ms(want.round) for want in batch if isinstance(want, WantBeacon))])


async def _read(
    conn: Connection,
    terms: Mapping[str, PoolTerms],
    secrets: Mapping[str, bytes],
    batch: Sequence[Want],
    settling: Settling,
    *,
    size: int,
    t_ms: int,
) -> Page:
    campaign_id = next(iter(terms.values())).campaign_id
    plays = settling.plays.values()
    pools = await log_store.pools_under_log(conn, campaign_id, terms.keys())
    wanted = [(want.terms.pool_id, want.player_id) for want in batch if isinstance(want, WantSeat)]
    sealed = [(play.pool_id, play.player_id) for play in plays if terms[play.pool_id].is_sealed]
    seat_ids = {play.seat_id for play in plays if play.seat_id is not None}
    seats = await log_store.seats_of(conn, campaign_id, seat_ids, [*wanted, *sealed])
    places = [*wanted, *((play.pool_id, play.player_id) for play in plays)]
    standings = [(terms[pool_id].lineage_id, player_id) for pool_id, player_id in places]
    return Page(
        campaign_id=campaign_id,
        size=size,
        t_ms=t_ms,
        stakes={
            pool_id: Stake(terms=terms[pool_id], secret=secrets[pool_id], takes_seats=open_)
            for pool_id, (open_, _) in pools.items()
        },
        left={pool_id: left for pool_id, (_, left) in pools.items()},
        standings=await log_store.standings_of(conn, campaign_id, standings),
        seats=seats,
        rounds=await log_store.beacon_values(conn, campaign_id, _rounds(batch, seats)),
    )


def _rounds(batch: Sequence[Want], seats: Mapping[bytes, Seat]) -> set[int]:
    beacons = {want.round for want in batch if isinstance(want, WantBeacon)}
    return beacons | {seat.round for seat in seats.values() if seat.round is not None}


async def _read_plays(
    conn: Connection, campaign_id: str, terms: Mapping[str, PoolTerms], batch: Sequence[Want]
) -> Settling:
    queues = {
        pool_id: await log_store.sealed_queue(conn, campaign_id, pool_id)
        for pool_id in sorted(terms)
        if terms[pool_id].is_sealed
    }
    rounds = {want.round for want in batch if isinstance(want, WantBeacon)}
    waiting = await log_store.plays_of_rounds(conn, campaign_id, rounds, WAITING_PLAYS_MAX) if rounds else []
    wanted = [want.play.play_id for want in batch if isinstance(want, WantDraws)]
    order = dict.fromkeys([*wanted, *waiting, *(play_id for queue in queues.values() for play_id in queue)])
    plays = await store.lock_plays(conn, campaign_id, list(order)) if order else {}
    return Settling(
        plays={play_id: plays[play_id] for play_id in order if plays[play_id].pool_id in terms},
        funded={
            want.play.play_id: want.funded for want in batch if isinstance(want, WantDraws) and want.funded
        },
        queues=queues,
    )


def _fill(
    resources: Resources, page: Page, settling: Settling, batch: Sequence[Want]
) -> list[Seat | Refusal | None]:
    for want in batch:
        if isinstance(want, WantBeacon):
            log_beacon(page, want.round, want.signature)
    seats = [_sit(resources, page, want) if isinstance(want, WantSeat) else None for want in batch]
    settle_plays(page, settling, list(settling.plays), entropy=resources.entropy, now_ms=resources.clock())
    return seats


def _sit(resources: Resources, page: Page, want: WantSeat) -> Seat | Refusal:
    """Offer an anchor or log a seat; asking again for what is there already gives the same."""
    stake = page.stakes[want.terms.pool_id]
    seat = page.live_seat(want.terms.pool_id, want.player_id)
    if seat is not None and (seat.state == "live" or want.seed is None):
        return _same_seat(seat, want)
    if not can_be_seated(page, stake):
        return Conflict("no_more_seats", "The pool takes no more seats.", closes_ms=want.terms.closes_ms)
    if want.seed and seat is None and want.terms.entry.beacon is None:
        return Conflict("anchor_required", "Ask for the anchor before you choose the seed.")
    tag = seated(page, want.terms, want.player_id, tag=resources.entropy(TAG_BYTES)).tag
    if seat is None:
        seat = offer_seat(page, stake, want.player_id, seat_id=resources.entropy(SEAT_ID_BYTES))
    return seat if want.seed is None else log_seat(page, stake, seat, tag=tag, seed=want.seed)


def _same_seat(seat: Seat, want: WantSeat) -> Seat | Refusal:
    if want.seed and want.seed != seat.seed:
        return Conflict(
            "seat_is_live",
            "You have a live seat in this pool; the next one opens when its draws are made.",
            left=seat.seat_draws - seat.draws_taken,
        )
    return seat


def _won(resources: Resources, page: Page) -> list[Won]:
    return [
        Won(
            campaign_id=page.campaign_id,
            grant_id=grant_id,
            play_id=drawn.play_id,
            player_id=drawn.player_id,
            entry_index=drawn.entry_index,
            pool_id=drawn.pool_id,
            prize=page.stakes[drawn.pool_id].terms.prizes[drawn.row_ordinal],
            closes_ms=page.stakes[drawn.pool_id].terms.closes_ms,
        )
        for drawn, grant_id in zip(page.draws, resources.new_ids(len(page.draws)), strict=True)
    ]


async def _receipts(resources: Resources, written: audit.Written) -> dict[int, str]:
    signer = await audit.log_signer(resources, written.head.campaign_id)
    note = signer.checkpoint(written.head.size, written.head.root)
    return audit.receipts_of(written, range(written.first_index, written.head.size), note)


def _answer(
    page: Page, settling: Settling, want: Want, seat: Seat | Refusal | None, receipts: Mapping[int, str]
) -> Answer:
    match want, seat:
        case WantSeat(), Seat():
            return _sitting(page, seat, receipts)
        case WantDraws(), _:
            return _advanced(page, settling.plays[want.play.play_id], receipts)
        case _:
            return seat if isinstance(seat, Refusal) else None


def _sitting(page: Page, seat: Seat, receipts: Mapping[int, str]) -> Sitting:
    lineage_id = page.stakes[seat.pool_id].terms.lineage_id
    logged_now = seat.entry_index is not None and seat.entry_index >= page.size
    return Sitting(
        seat=seat,
        tag=page.standings[lineage_id, seat.player_id].tag,
        entry=page.entries[seat.entry_index - page.size]
        if logged_now and seat.entry_index is not None
        else None,
        receipt=receipts[seat.entry_index] if logged_now and seat.entry_index is not None else None,
    )


def _advanced(page: Page, play: Play, receipts: Mapping[int, str]) -> Advanced:
    who = page.standings.get((page.stakes[play.pool_id].terms.lineage_id, play.player_id))
    draws = tuple(drawn for drawn in page.draws if drawn.play_id == play.play_id)
    return Advanced(
        play=play,
        seat=page.seats.get(play.seat_id) if play.seat_id is not None else None,
        tag=None if who is None else who.tag,
        draws=draws,
        receipts={drawn.entry_index: receipts[drawn.entry_index] for drawn in draws},
    )
