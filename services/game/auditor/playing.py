"""What a player holds in the hand: one receipt, or the answer to a play."""

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from game.auditor.reading import RemoteLog, UnreadableError
from game.fair.entries import BeaconEntry, DrawEntry, Entry, SeatEntry, decode, leaf_hash
from game.fair.findings import Finding
from game.fair.note import Verifier, open_checkpoint
from game.fair.receipt import Evidence, OwnDraw, decode_receipt, verify_draw, verify_receipt
from game.fair.tiles import TILE_WIDTH

MAX_DRAWS = 10
MAX_BUNDLES_SEARCHED = 256

K = TypeVar("K")


class _Draw(msgspec.Struct, frozen=True):
    ticket: int
    entry: str | None
    receipt: str
    leaf_hash: str


class _Seat(msgspec.Struct, frozen=True):
    entry_index: int


class Play(msgspec.Struct, frozen=True):
    """What counts of the answer to a play (`GET /v1/campaigns/{id}/plays/{play}`)."""

    id: str
    pool_entry_index: int
    seat: _Seat | None
    draws: tuple[_Draw, ...]


def read_play(data: bytes) -> Play:
    """A play's answer. Raises UnreadableError where it is none."""
    try:
        play = msgspec.json.decode(data, type=Play)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(f"not the answer to a play: {error}") from error
    if play.seat is None or not 1 <= len(play.draws) <= MAX_DRAWS:
        raise UnreadableError(f"play {play.id} has no draws (yet)")
    return play


def check_receipt(receipt: str, entry: bytes, verifier: Verifier) -> str:
    """What a receipt proves of an entry's bytes, in words. Raises a Finding."""
    logged = verify_receipt(receipt, entry, verifier)
    kind = type(logged.entry).__name__.removesuffix("Entry").lower()
    at = f"entry {logged.entry.i} of {logged.checkpoint.origin}, which had {logged.checkpoint.size} then"
    return f"OK  {kind}: {at}, leaf hash {leaf_hash(entry).hex()}"


def check_play(play: Play, log: RemoteLog, verifier: Verifier) -> Iterator[str]:
    """Each draw against its seat, its pool and the beacon, which the log shows. Raises a Finding."""
    assert play.seat is not None
    pool = _shown(log, play.pool_entry_index, verifier)
    seat = _shown(log, play.seat.entry_index, verifier)
    for draw in play.draws:
        if draw.entry is None:
            yield f"ticket {draw.ticket}: covered; its receipt is for the entry of hash {draw.leaf_hash}"
            continue
        given = Evidence(draw.entry.encode(), draw.receipt)
        verify_receipt(draw.receipt, given.entry, verifier)
        beacon = _beacon(log, seat, given, verifier)
        own = verify_draw(pool=pool, seat=seat, beacon=beacon, draw=given, verifier=verifier)
        yield f"ticket {draw.ticket}: {_told(own)}"


def _told(own: OwnDraw) -> str:
    if not own.replay_decides:
        return f"row {own.row}, proven by X = {own.x:064x}"
    picked = f", X picked {own.picked}" if own.picked is not None else ""
    return f"row {own.row}{picked}; a replay of the log decides ({', '.join(own.replay_decides)})"


def _shown(log: RemoteLog, index: int, verifier: Verifier) -> Evidence:
    """An entry of the log, with its receipt."""
    receipt = log.receipt(index)
    size = open_checkpoint(decode_receipt(receipt).checkpoint, verifier).size
    start = index // TILE_WIDTH * TILE_WIDTH
    entries = log.entries(min(size, start + TILE_WIDTH), start)
    entry = next(islice(entries, index - start, None), None)
    if entry is None:
        raise Finding(1, "the receipt is of a smaller log than its entry", entry=index)
    return Evidence(entry, receipt)


def _beacon(log: RemoteLog, seat: Evidence, draw: Evidence, verifier: Verifier) -> Evidence | None:
    """The value of the seat's round, which stands between the seat and its draw."""
    seated, drawn = _read(seat, SeatEntry), _read(draw, DrawEntry)
    if seated.round is None:
        return None
    start = seated.i // TILE_WIDTH * TILE_WIDTH
    stop = open_checkpoint(decode_receipt(draw.receipt).checkpoint, verifier).size
    entries = islice(log.entries(stop, start), MAX_BUNDLES_SEARCHED * TILE_WIDTH)
    for index, entry in enumerate(map(decode, entries), start=start):
        if index == drawn.i:
            break
        if isinstance(entry, BeaconEntry) and entry.round == seated.round:
            return _shown(log, index, verifier)
    return None


def _read(evidence: Evidence, kind: type[K]) -> K:
    entry: Entry = decode(evidence.entry)
    if not isinstance(entry, kind):
        raise Finding(2, f"not a {kind.__name__}", entry=entry.i)
    return entry
