"""A verifier accepts the vectors' log, and finds in each manipulated one what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from game.fair.entries import decode, encode
from game.fair.findings import Finding
from game.fair.receipt import verify_receipt
from game.fair.verify import PoolReport, Report, verify_log
from tests.fair import vectors

ATTACKS = vectors.FOLDER / "attacks"


def test_the_log_is_accepted() -> None:
    """The whole log, against its checkpoint and an older one, without a warning."""
    older = [vectors.OLD_CHECKPOINT]
    report = verify_log(vectors.LINES, vectors.CHECKPOINT, vectors.VERIFIER, older=older)
    assert (report.verdict, report.check, report.entry, report.says) == ("OK", None, None, None)
    assert (report.warnings, report.size) == ((), vectors.VALUES["size"])


def test_lines_may_come_from_a_file() -> None:
    """A log's file can be read line by line, line feeds included."""
    with (vectors.FOLDER / "log.jsonl").open("rb") as lines:
        assert verify_log(lines, vectors.CHECKPOINT, vectors.VERIFIER).verdict == "OK"


def test_stock_draws_and_statistics() -> None:
    """What the replay counts per pool and row is what the vectors say."""
    report = verify_log(vectors.LINES, vectors.CHECKPOINT, vectors.VERIFIER)
    assert [_summary(pool) for pool in report.pools] == [
        {name: pool[name] for name in ("entry", "id", "draws", "left", "statistics")}
        for pool in vectors.VALUES["pools"]
    ]


def _summary(pool: PoolReport) -> dict[str, Any]:
    statistics = {
        group: {row.id: getattr(row, group) for row in pool.rows} for group in ("drawn", "next", "later")
    }
    left = {row.id: row.left for row in pool.rows}
    return {"entry": pool.entry, "id": pool.id, "draws": pool.draws, "left": left, "statistics": statistics}


def test_pools_say_how_they_drew_and_ended() -> None:
    """The report tells beacon from seed, closed from open, and what replaced what."""
    report = verify_log(vectors.LINES, vectors.CHECKPOINT, vectors.VERIFIER)
    pools = {pool.id: pool for pool in report.pools}
    assert pools["wheel-1"].beacon
    assert not pools["office-wheel"].beacon
    assert pools["wheel-1"].closed
    assert not pools["wheel-2"].closed
    assert pools["day-wheel"].replaced_by == pools["day-wheel-2"].entry
    assert (pools["day-cards"].game, pools["day-wheel"].game) == ("scratch", "wheel")


@pytest.mark.parametrize("attack", vectors.ATTACKS, ids=lambda attack: Path(attack["log"]).stem)
def test_each_manipulated_log_is_seen_through(attack: dict[str, Any]) -> None:
    """Verdict, check and entry are the vectors' own; beacon signatures are another tool's work."""
    report = _verify_attack(attack)
    assert report.verdict == attack["verdict"], report
    assert (report.check, report.entry) == (attack.get("check"), attack.get("entry")), report
    if report.verdict == "OK":
        assert list(report.warnings) == attack["warnings"]


def _verify_attack(attack: dict[str, Any]) -> Report:
    older = [(ATTACKS / attack["old"]).read_bytes()] if "old" in attack else []
    checkpoint = (ATTACKS / attack["checkpoint"]).read_bytes()
    lines = (ATTACKS / attack["log"]).read_bytes().splitlines()
    return verify_log(lines, checkpoint, vectors.VERIFIER, older=older)


def test_a_grammatical_log_reads_and_writes_the_same() -> None:
    """Reading an entry and writing it again gives its bytes."""
    assert [encode(decode(line)) for line in vectors.LINES] == vectors.LINES


def test_the_receipt_holds_for_its_entry_alone() -> None:
    """The receipt's file proves its entry, and refuses every other one."""
    index = vectors.VALUES["receipt_entry"]
    logged = verify_receipt(vectors.RECEIPT, vectors.LINES[index], vectors.VERIFIER)
    assert (logged.entry, logged.checkpoint.size) == (decode(vectors.LINES[index]), vectors.VALUES["size"])
    for other in (*vectors.LINES[:index], *vectors.LINES[index + 1 :]):
        with pytest.raises(Finding) as found:
            verify_receipt(vectors.RECEIPT, other, vectors.VERIFIER)
        assert found.value.check == 1
