"""What a player holds in the hand: one receipt, or the answer to a play."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, TypeVar

import msgspec

from game.auditor.beacon import BlsMissingError, first_forged
from game.auditor.reading import RemoteLog, UnreadableError
from game.fair.entries import BeaconEntry, DrawEntry, Entry, Natural, SeatEntry, decode, leaf_hash
from game.fair.findings import Finding
from game.fair.merkle import verify_inclusion
from game.fair.note import Verifier, open_checkpoint
from game.fair.receipt import Evidence, OwnDraw, decode_receipt, verify_draw, verify_receipt
from game.fair.tiles import TILE_WIDTH

MAX_DRAWS = 10
MAX_BUNDLES_SEARCHED = 256

K = TypeVar("K")


class _Outcome(msgspec.Struct, frozen=True):
    row: str


class _Draw(msgspec.Struct, frozen=True):
    ticket: int
    entry_index: Natural
    n: int
    outcome: _Outcome | None
    entry: str | None
    receipt: str
    leaf_hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Seat(msgspec.Struct, frozen=True):
    entry_index: Natural


class Play(msgspec.Struct, frozen=True):
    """What counts of the answer to a play (`GET /v1/campaigns/{id}/plays/{play}`)."""

    id: str
    pool_entry_index: Natural
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
    if len({draw.entry_index for draw in play.draws}) < len(play.draws):
        raise Finding(7, "the player was told of one draw for two tickets")
    pool = _shown(log, play.pool_entry_index, verifier)
    seat = _shown(log, play.seat.entry_index, verifier)
    drawn = next((draw for draw in play.draws if draw.entry is not None), None)
    beacon = _beacon(log, seat, _evidence(drawn), verifier) if drawn else None
    if beacon:
        yield _signed(beacon)
    for draw in play.draws:
        if draw.entry is None:
            yield f"ticket {draw.ticket}: covered, entry {_covered(draw, verifier)} of the log"
            continue
        own = verify_draw(pool=pool, seat=seat, beacon=beacon, draw=_evidence(draw), verifier=verifier)
        _check_told(draw)
        yield f"ticket {draw.ticket}: {_told(own)}"


def _evidence(draw: _Draw) -> Evidence:
    return Evidence((draw.entry or "").encode(), draw.receipt)


def _covered(draw: _Draw, verifier: Verifier) -> int:
    """Where the entry stands whose hash was told before the ticket is uncovered."""
    receipt = decode_receipt(draw.receipt)
    log = open_checkpoint(receipt.checkpoint, verifier)
    leaf = bytes.fromhex(draw.leaf_hash)
    if receipt.index != draw.entry_index:
        raise Finding(7, f"the player was told of entry {draw.entry_index}", entry=receipt.index)
    if not verify_inclusion(leaf, receipt.index, size=log.size, proof=receipt.path, root_hash=log.root):
        raise Finding(1, "the receipt is not for the entry of this hash", entry=receipt.index)
    return receipt.index


def _check_told(draw: _Draw) -> None:
    """The rest of the answer says what the entry says."""
    entry = _read(_evidence(draw), DrawEntry)
    logged = (entry.i, entry.n, entry.row, leaf_hash(_evidence(draw).entry).hex())
    told = (draw.entry_index, draw.n, draw.outcome.row if draw.outcome else None, draw.leaf_hash)
    if told != logged:
        raise Finding(7, f"the player was told {told}, the log says {logged}", entry=entry.i)


def _signed(beacon: Evidence) -> str:
    """That the beacon did give this value, or that nobody checked it. Raises a Finding (check 4)."""
    entry = _read(beacon, BeaconEntry)
    try:
        forged = first_forged([(entry.i, entry.round, bytes.fromhex(entry.sig))])
    except BlsMissingError as missing:
        return str(missing)
    if forged is not None:
        raise Finding(4, "the beacon's signature is not valid", entry=entry.i)
    return f"beacon: the signature of round {entry.round} is valid"


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
