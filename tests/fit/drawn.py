"""Draws in any number through the service's own draw path: seats, plays and pages of the log, in memory.

The seam is `plays.settling.settle_plays` over a `Page`: the clerk fills its pages by it, nothing else makes
draws. Left out is reading the page's rows from PostgreSQL, and storing what it came to.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from game.fair.entries import PoolEntry, encode, leaf_hash
from game.fair.merkle import root
from game.fair.note import checkpoint_body, sign
from game.fair.verify import Report, verify_log
from game.plays.drawing import Page, log_seat, offer_seat, seated
from game.plays.rules import Play, Seat
from game.plays.settling import Funded, Settling, settle_plays
from tests.plays.book import CAMPAIGN, CLOSES_MS, KEY, OPENS_MS, ORIGIN, VERIFIER, Book

PLAY_DRAWS = 10


def bytes_of(what: str, number: int, length: int) -> bytes:
    """Bytes that are the same in every run."""
    return hashlib.shake_256(f"{what} {number}".encode()).digest(length)


def pages(pool: PoolEntry, *, draws: int) -> Iterator[Page]:
    """Pages that make so many draws of a pool, a seat of another player on each."""
    book = Book(pool)
    size, left, number = len(book.lines), draws, 0
    while left > 0:
        page = _page(book, pool.pool, size=size)
        _settle(page, _sat(page, pool.pool, number), draws=min(left, pool.seat_draws))
        yield page
        size, left, number = size + len(page.entries), left - len(page.draws), number + 1
        book.left[pool.pool] = page.left[pool.pool]


def _page(book: Book, pool_id: str, *, size: int) -> Page:
    return Page(
        campaign_id=CAMPAIGN, size=size, t_ms=OPENS_MS, stakes=book.stakes,
        left={pool_id: book.left[pool_id]}, standings={}, seats={}, rounds={},
    )  # fmt: skip


def _sat(page: Page, pool_id: str, number: int) -> Seat:
    stake, player_id = page.stakes[pool_id], UUID(bytes=bytes_of("player", number, 16))
    tag = seated(page, stake.terms, player_id, tag=bytes_of("tag", number, 16)).tag
    offered = offer_seat(page, stake, player_id, seat_id=bytes_of("seat", number, 16))
    return log_seat(page, stake, offered, tag=tag, seed=bytes_of("seed", number, 16))


def _settle(page: Page, seat: Seat, *, draws: int) -> None:
    sizes = [min(PLAY_DRAWS, draws - done) for done in range(0, draws, PLAY_DRAWS)]
    plays = {UUID(int=nth): _play(seat, UUID(int=nth), size) for nth, size in enumerate(sizes)}
    funded = dict.fromkeys(plays, Funded(ledger_seq=1, balance_points=None))
    settling = Settling(plays=plays, funded=funded, queues={})
    settle_plays(page, settling, list(plays), entropy=bytes, now_ms=OPENS_MS)


def _play(seat: Seat, play_id: UUID, draws: int) -> Play:
    return Play(
        campaign_id=CAMPAIGN, play_id=play_id, player_id=seat.player_id, pool_id=seat.pool_id,
        idempotency_key="key", request_digest=bytes(32), state="funding", draws=draws, drawn=0,
        paid_with="points", price_points=10, day=date(2026, 1, 1), seat_id=seat.seat_id, accepted_ms=OPENS_MS,
        apply_before_ms=CLOSES_MS, finished_ms=None, balance_points=None, refusal=None, log_size=None,
    )  # fmt: skip


def verified(pool: PoolEntry, made: list[Page]) -> Report:
    """What the auditor says of the log that these pages make."""
    lines = [encode(pool), *(line for page in made for line in page.entries)]
    body = checkpoint_body(ORIGIN, len(lines), root([leaf_hash(line) for line in lines]))
    return verify_log(lines, sign(body, ORIGIN, KEY), VERIFIER)
