"""What the players check of their own draws, and the auditor of a whole log. A finding names the play."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from game.fair.entries import DrawEntry, decode, leaf_hash
from game.fair.findings import Finding
from game.fair.note import open_checkpoint
from game.fair.receipt import Evidence, decode_receipt, verify_draw, verify_receipt
from game.fair.verify import Report, verify_log
from game.plays.views import DrawView
from game.tour.client import Client
from game.tour.download import checkpoint_of, entries_of
from game.tour.guests import Made
from game.tour.stage import Place


class Replayed(msgspec.Struct, frozen=True):
    """A log that was replayed: its draws' rows by index, and how many older checkpoints it continues."""

    report: Report
    rows: dict[int, str]
    older: int


def check_draws(made: Iterable[Made]) -> Iterator[str]:
    """Every receipt against the log's key, and every draw against its seat: what a player can do alone."""
    for play in made:
        for draw in play.view.draws:
            for fault in _faults(play, draw):
                yield f"play {play.view.id}, ticket {draw.ticket}: {fault}"


def _faults(play: Made, draw: DrawView) -> Iterator[str]:
    if draw.entry is None or draw.outcome is None:
        yield "it is still covered"
        return
    entry, log_key = draw.entry.encode(), play.place.log_key
    seat = Evidence(play.seat.entry.encode(), play.seat.receipt)
    given = Evidence(entry, draw.receipt)
    try:
        logged = verify_receipt(draw.receipt, entry, log_key).entry
        own = verify_draw(pool=play.place.evidence, seat=seat, beacon=None, draw=given, verifier=log_key)
    except Finding as finding:
        yield f"check {finding.check}: {finding.says}"
        return
    assert isinstance(logged, DrawEntry), "verify_draw takes nothing else"
    told = (draw.entry_index, draw.n, draw.outcome.row, draw.leaf_hash)
    if told != (logged.i, logged.n, own.row, leaf_hash(entry).hex()):
        yield f"the player was told {told}, the log says {draw.entry}"


def check_cards(covered: Sequence[Made], uncovered: Sequence[Made]) -> Iterator[str]:
    """What a card shows is what its receipt stood for while it was covered."""
    for before, after in zip(covered, uncovered, strict=True):
        if any(draw.entry is not None or draw.outcome is not None for draw in before.view.draws):
            yield f"play {before.view.id}: its cards were never covered"
        if _bound(before) != _bound(after):
            yield f"play {before.view.id}: its cards are not what their receipts stood for"


def _bound(made: Made) -> list[tuple[int, str, str]]:
    return [(draw.entry_index, draw.leaf_hash, draw.receipt) for draw in made.view.draws]


async def replay(anybody: Client, place: Place, made: Iterable[Made]) -> Replayed:
    """Download a log and replay all of it; every receipt's checkpoint must be of the same history."""
    newest = await checkpoint_of(anybody, place.campaign_id)
    size = open_checkpoint(newest, place.log_key).size
    entries = await entries_of(anybody, place.campaign_id, size=size)
    receipts = (decode_receipt(draw.receipt) for play in made for draw in play.view.draws)
    older = {place.early, *(receipt.checkpoint for receipt in receipts)}
    report = verify_log(entries, newest, place.log_key, older=sorted(older))
    rows = {entry.i: entry.row for entry in map(decode, entries) if isinstance(entry, DrawEntry)}
    return Replayed(report, rows, len(older))


def check_log(replayed: Replayed, place: Place, made: Iterable[Made]) -> Iterator[str]:
    """The log is sound, and its draws are those that players were told of, each once."""
    report = replayed.report
    plays = [(draw.entry_index, play.view.id) for play in made for draw in play.view.draws]
    owners = dict(plays)
    if report.verdict != "OK":
        owner = owners.get(report.entry or 0, "nobody's")
        yield f"log of {place.name}: check {report.check}, entry {report.entry} ({owner}): {report.says}"
    for index, times in Counter(index for index, _ in plays).items():
        if times > 1:
            yield f"play {owners[index]}: entry {index} was told {times} times"
    for index in sorted(owners.keys() - replayed.rows.keys()):
        yield f"play {owners[index]}: the log has no draw at entry {index}"
    for index in sorted(replayed.rows.keys() - owners.keys()):
        yield f"log of {place.name}: the draw at entry {index} is of a play that nobody was told of"
