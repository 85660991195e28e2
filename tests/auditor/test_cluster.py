"""Logs replayed elsewhere: by other processes of this machine, by a cluster."""

from itertools import count

import pytest
from distributed import LocalCluster

from game.auditor.cluster import LogFile, verify_file, verify_files
from game.auditor.parallel import MIN_ENTRIES, spread_for, spread_over
from game.fair.preparing import Page, prepare
from game.fair.verify import verify_log
from tests.fair import vectors

ATTACKS = vectors.FOLDER / "attacks"


def log_files() -> list[LogFile]:
    """The vectors' log and what was made of it."""
    honest = LogFile(
        path=vectors.FOLDER / "log.jsonl", checkpoint=vectors.CHECKPOINT, key=vectors.VALUES["vkey"]
    )
    attacks = [
        LogFile(
            path=ATTACKS / attack["log"],
            checkpoint=(ATTACKS / attack["checkpoint"]).read_bytes(),
            key=vectors.VALUES["vkey"],
            older=((ATTACKS / attack["old"]).read_bytes(),) if "old" in attack else (),
        )
        for attack in vectors.ATTACKS
    ]
    return [honest, *attacks]


def test_two_processes_come_to_the_same_report() -> None:
    """Pages that other processes prepare are replayed in their order."""
    older = [vectors.OLD_CHECKPOINT]
    here = verify_log(vectors.LINES, vectors.CHECKPOINT, vectors.VERIFIER, older=older)
    with spread_over(2) as spread:
        there = verify_log(vectors.LINES, vectors.CHECKPOINT, vectors.VERIFIER, older=older, spread=spread)
    assert there == here


def test_few_pages_are_ahead() -> None:
    """However long a log is, only so many of its pages are held."""
    read = count()
    pages = (Page(next(read), vectors.LINES[:1]) for _ in range(100))
    with spread_over(1) as spread:
        prepared = spread(prepare, pages)
        next(prepared)
        ahead = next(read)
        assert len(list(prepared)) == 99
    assert ahead < 20


def test_short_logs_stay_here() -> None:
    """Processes are started for long logs alone."""
    with spread_for(MIN_ENTRIES - 1) as spread:
        assert spread is map


@pytest.mark.slow
def test_a_cluster_comes_to_the_same_reports() -> None:
    """Two worker processes of Dask replay every vector and attack as this process does."""
    logs = log_files()
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster:
        reports = verify_files(logs, scheduler=cluster.scheduler_address)
    assert reports == [verify_file(log) for log in logs]
    assert {report.verdict for report in reports} == {"OK", "BAD"}
