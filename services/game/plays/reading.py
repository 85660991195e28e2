"""What the clerk reads of logs, under their locks or without, for many campaigns at once."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from game.audit.service import Head, next_t_ms
from game.campaigns.rules import PoolTerms
from game.campaigns.service import pool_secret, pool_terms
from game.db.connection import Connection
from game.fair.rounds import round_time_ms
from game.plays import log_store
from game.plays.drawing import Page, Stake
from game.plays.log_store import PlaceKey, Settled, UnderLog
from game.plays.rules import Seat
from game.plays.settling import Settling
from game.plays.store import PoolKey
from game.plays.wants import Want, WantBeacon, WantDraws, WantSeat, pools_of
from game.resources import Resources

# How many plays one beacon value may drive on in one transaction; the sweeper takes the rest.
WAITING_PLAYS_MAX = 64


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of one campaign, all and by kind, and the terms and secrets of its pools."""

    campaign_id: str
    batch: Sequence[Want]
    seats: Sequence[WantSeat]
    beacons: Sequence[WantBeacon]
    plays: Sequence[WantDraws]
    terms: Mapping[str, PoolTerms]
    secrets: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Without the secrets: what is shown ends up in logs."""
        return f"Job(campaign_id={self.campaign_id!r}, wants={len(self.batch)})"


async def job_of(resources: Resources, campaign_id: str, batch: Sequence[Want]) -> Job:
    """A campaign's batch with all that is known of its pools before the log is locked."""
    pools = {pool_id for want in batch for pool_id in pools_of(want)}
    terms = {key: await pool_terms(resources, campaign_id=campaign_id, pool_id=key) for key in pools}
    secrets = {key: await pool_secret(resources, each, "draw") for key, each in terms.items()}
    return Job(
        campaign_id=campaign_id,
        batch=batch,
        seats=[want for want in batch if isinstance(want, WantSeat)],
        beacons=[want for want in batch if isinstance(want, WantBeacon)],
        plays=[want for want in batch if isinstance(want, WantDraws)],
        terms=terms,
        secrets=secrets,
    )


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for some jobs: of each an empty page of its log, and the plays that it drives on.

    The page has all that its entries may depend on.
    """

    known: UnderLog
    settled: Sequence[Settled]


def is_plain(job: Job) -> bool:
    """Whether only plays are wanted whose seats are in the log: nothing new that other rows refer to."""
    return len(job.plays) == len(job.batch) and not any(terms.is_sealed for terms in job.terms.values())


async def read_locked(
    conn: Connection, jobs: Sequence[Job], heads: Mapping[str, Head], *, now_ms: int
) -> Read:
    """Read under the logs' locks, and lock plays and seats."""
    queues = {job.campaign_id: await _queues(conn, job) for job in jobs}
    orders = {job.campaign_id: await _order(conn, job, queues[job.campaign_id]) for job in jobs}
    keys = {(campaign_id, play_id) for campaign_id, order in orders.items() for play_id in order}
    places = {place for job in jobs for place in _unseated(job)}
    await log_store.lock_played(conn, plays=keys, places=places)
    known = await log_store.read_under_log(conn, plays=keys, places=places, pools=_pools(jobs))
    settling = [_settling(job, known, orders[job.campaign_id], queues[job.campaign_id]) for job in jobs]
    return await _read(conn, jobs, msgspec.structs.replace(known, heads=heads), settling, now_ms=now_ms)


async def read_unlocked(conn: Connection, jobs: Sequence[Job], *, now_ms: int) -> Read:
    """Read what plain jobs need, all of one moment; a beacon value that is there later lets the log grow."""
    orders = [list(dict.fromkeys(want.play.play_id for want in job.plays)) for job in jobs]
    keys = {(job.campaign_id, play_id) for job, order in zip(jobs, orders, strict=True) for play_id in order}
    known = await log_store.read_under_log(conn, plays=keys, places=(), pools=_pools(jobs))
    settling = [_settling(job, known, order, {}) for job, order in zip(jobs, orders, strict=True)]
    return await _read(conn, jobs, known, settling, now_ms=now_ms)


def _pools(jobs: Sequence[Job]) -> list[PoolKey]:
    return [(job.campaign_id, key) for job in jobs for key in job.terms]


async def _read(
    conn: Connection, jobs: Sequence[Job], known: UnderLog, settling: Sequence[Settling], *, now_ms: int
) -> Read:
    named = {(job.campaign_id, key) for job in jobs for key in _rounds(job, known.seats[job.campaign_id])}
    rounds = await log_store.beacon_values(conn, named)
    settled = []
    for job, each in zip(jobs, settling, strict=True):
        head = known.heads[job.campaign_id]
        t_ms = _t_ms(job, each, head, now_ms=now_ms)
        page = _page(job, known, rounds, size=head.size, t_ms=t_ms)
        states = {key: play.state for key, play in each.plays.items()}
        settled.append(Settled(page=page, settling=each, states=states))
    return Read(known=known, settled=settled)


async def _queues(conn: Connection, job: Job) -> dict[str, list[UUID]]:
    sealed = sorted(pool_id for pool_id, terms in job.terms.items() if terms.is_sealed)
    return {key: await log_store.sealed_queue(conn, job.campaign_id, key) for key in sealed}


async def _order(conn: Connection, job: Job, queues: Mapping[str, list[UUID]]) -> list[UUID]:
    rounds = {want.round for want in job.beacons}
    waiting = (
        await log_store.plays_of_rounds(conn, job.campaign_id, rounds, WAITING_PLAYS_MAX) if rounds else []
    )
    wanted = [want.play.play_id for want in job.plays]
    queued = [play_id for queue in queues.values() for play_id in queue]
    return list(dict.fromkeys([*wanted, *waiting, *queued]))


def _unseated(job: Job) -> Iterator[PlaceKey]:
    """Where players may have a seat whose id nobody has told."""
    for want in job.seats:
        yield job.campaign_id, want.terms.pool_id, want.player_id
    for each in job.plays:
        if job.terms[each.play.pool_id].is_sealed:
            yield job.campaign_id, each.play.pool_id, each.play.player_id


def _rounds(job: Job, seats: Mapping[bytes, Seat]) -> set[int]:
    beacons = {want.round for want in job.beacons}
    return beacons | {seat.round for seat in seats.values() if seat.round is not None}


def _settling(job: Job, known: UnderLog, order: Sequence[UUID], queues: dict[str, list[UUID]]) -> Settling:
    return Settling(
        plays={key: known.plays[key] for key in order if known.plays[key].pool_id in job.terms},
        funded={want.play.play_id: want.funded for want in job.plays if want.funded},
        queues=queues,
    )


def _t_ms(job: Job, settling: Settling, head: Head, *, now_ms: int) -> int:
    """No entry may be older than what it stands on, though another process's clock may be ahead of ours."""
    opens = [job.terms[play.pool_id].opens_ms for play in settling.plays.values()]
    stands_on = [*opens, *(round_time_ms(want.round) for want in job.beacons)]
    return max([next_t_ms(head, now_ms), *stands_on])


def _page(job: Job, known: UnderLog, rounds: Mapping[str, dict[int, bytes]], *, size: int, t_ms: int) -> Page:
    pools = known.pools[job.campaign_id]
    return Page(
        campaign_id=job.campaign_id,
        size=size,
        t_ms=t_ms,
        stakes={
            key: Stake(terms=job.terms[key], secret=job.secrets[key], takes_seats=pool.takes_seats)
            for key, pool in pools.items()
        },
        left={key: pool.left for key, pool in pools.items()},
        standings=known.standings[job.campaign_id],
        seats=known.seats[job.campaign_id],
        rounds=rounds[job.campaign_id],
    )
