"""A campaign's part of what the clerk does at once: its page is filled, stored, signed, and told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from game.audit import service as audit
from game.errors import Conflict, Refusal
from game.ledger.service import Credit
from game.plays.drawing import Drawn, Page, log_beacon, log_seat, offer_seat, seated
from game.plays.log_store import Settled
from game.plays.reading import Job, Read
from game.plays.rules import Play, Seat
from game.plays.settling import SEAT_ID_BYTES, TAG_BYTES, Settling, can_be_seated, settle_plays
from game.plays.wants import Advanced, Answer, Done, Sitting, Want, WantDraws, WantSeat
from game.prizes.service import Won
from game.resources import Resources


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's part of a transaction: its seats or refusals by want, and what its log gains."""

    job: Job
    settled: Settled
    seats: Sequence[Seat | Refusal | None]
    growth: audit.Growth | None


def turns_of(resources: Resources, jobs: Sequence[Job], read: Read) -> list[Turn]:
    """Fill the pages that were read with what the jobs ask for."""
    return [
        _turn(resources, job, settled, read.known.heads[job.campaign_id])
        for job, settled in zip(jobs, read.settled, strict=True)
    ]


def _turn(resources: Resources, job: Job, settled: Settled, head: audit.Head) -> Turn:
    page = settled.page
    seats = _fill(resources, page, settled.settling, job)
    growth = audit.grow(head, entries=page.entries, last_t_ms=page.t_ms) if page.entries else None
    return Turn(job=job, settled=settled, seats=seats, growth=growth)


def _fill(resources: Resources, page: Page, settling: Settling, job: Job) -> list[Seat | Refusal | None]:
    for beacon in job.beacons:
        log_beacon(page, beacon.round, beacon.signature)
    seats = [_sit(resources, page, want) if isinstance(want, WantSeat) else None for want in job.batch]
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


def won_by(resources: Resources, turns: Sequence[Turn]) -> list[Won]:
    """The draws of all turns, each with what its row pays."""
    draws = [(turn.settled.page, drawn) for turn in turns for drawn in turn.settled.page.draws]
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
        for (page, drawn), grant_id in zip(draws, resources.new_ids(len(draws)), strict=True)
    ]


async def told(resources: Resources, turns: Sequence[Turn], credits_due: Sequence[Credit]) -> dict[str, Done]:
    """Sign what was committed, and answer, by campaign."""
    owed: defaultdict[str, list[Credit]] = defaultdict(list)
    for credit in credits_due:
        owed[credit.campaign_id].append(credit)
    return {turn.job.campaign_id: await _done(resources, turn, owed) for turn in turns}


async def _done(resources: Resources, turn: Turn, owed: Mapping[str, list[Credit]]) -> Done:
    receipts = await _receipts(resources, turn.growth.written) if turn.growth is not None else {}
    draws: defaultdict[UUID, list[Drawn]] = defaultdict(list)
    for drawn in turn.settled.page.draws:
        draws[drawn.play_id].append(drawn)
    wants = zip(turn.job.batch, turn.seats, strict=True)
    answers = (_answer(turn.settled, want, seat, draws, receipts) for want, seat in wants)
    return Done(answers=tuple(answers), credits=tuple(owed.get(turn.job.campaign_id, ())))


async def _receipts(resources: Resources, written: audit.Written) -> dict[int, str]:
    signer = await audit.log_signer(resources, written.head.campaign_id)
    note = signer.checkpoint(written.head.size, written.head.root)
    return audit.receipts_of(written, range(written.first_index, written.head.size), note)


def _answer(
    settled: Settled,
    want: Want,
    seat: Seat | Refusal | None,
    draws: Mapping[UUID, Sequence[Drawn]],
    receipts: Mapping[int, str],
) -> Answer:
    match want, seat:
        case WantSeat(), Seat():
            return _sitting(settled.page, seat, receipts)
        case WantDraws(), _:
            play = settled.settling.plays[want.play.play_id]
            return _advanced(settled.page, play, draws.get(play.play_id, ()), receipts)
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


def _advanced(page: Page, play: Play, draws: Sequence[Drawn], receipts: Mapping[int, str]) -> Advanced:
    who = page.standings.get((page.stakes[play.pool_id].terms.lineage_id, play.player_id))
    return Advanced(
        play=play,
        seat=page.seats.get(play.seat_id) if play.seat_id is not None else None,
        tag=None if who is None else who.tag,
        draws=tuple(draws),
        receipts={drawn.entry_index: receipts[drawn.entry_index] for drawn in draws},
    )
