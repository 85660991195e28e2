"""That a run can be looked at."""

from pathlib import Path
from xml.etree import ElementTree as ET

from tests.bench.plot import draw
from tests.bench.report import Report, Section, alone, compared
from tests.bench.rounds import Round, Series


def series(name: str, latency_ms: dict[str, float]) -> Series:
    """One turn."""
    return Series(
        name=name,
        rounds=[Round(units=100, seconds=1.0, cpu_us={"service": 100.0}, latency_ms=latency_ms)],
    )


def test_a_run_is_one_picture_by_itself(tmp_path: Path) -> None:
    """Sections with yardsticks and without, with times and without, are in it; it loads nothing."""
    timed = {"p50": 1.0, "p99": 4.0, "p99.9": 9.0, "max": 12.0}
    plays, trivial, idle = series("plays", timed), series("trivial", timed), series("idle", {})
    sections = [
        Section(title="Plays", rows=[compared("64 connections, to the trivial", plays, trivial)]),
        Section(title="Nothing", rows=[alone("a second", idle)]),
    ]
    draw(Report(machine={}, sections=sections), path := tmp_path / "bench.svg")
    written = path.read_text()
    ET.fromstring(written)
    for words in ("Plays", "Nothing", "64 connections: plays", "a second: idle", "p99.9", "CPU time"):
        assert words in written
    assert 'href="http' not in written
