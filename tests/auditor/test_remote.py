"""`playfair verify` over HTTP: what was verified before, logs that were rewritten, and servers that lie."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from game.auditor import reading
from game.fair.tiles import bundle
from game.verify import main
from tests.auditor.serving import DRIPS, LOG, PLACES, note_of, places_of, serving
from tests.fair import vectors

KEY = ["--key", str(vectors.FOLDER / "vkey")]
LINES = vectors.LINES
FULL = f"{LOG}/tile/entries/000"
PARTIAL = f"{LOG}/tile/entries/001.p/{len(LINES) - 256}"
FORKED = [*LINES[:300], LINES[300].replace(b'"t":', b'"t":1'), *LINES[301:]]


def test_a_log_by_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it is read and replayed."""
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY]) == 0
    assert capsys.readouterr().out.startswith(f"OK  {vectors.ORIGIN}  {len(LINES)} entries")


def test_the_next_run_reads_what_is_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Full bundles are kept, and the checkpoint must continue the one before."""
    state = ["--state", str(tmp_path)]
    with serving(places_of(LINES[:280])) as server:
        assert main(["--url", server.log, *KEY, *state]) == 0
        assert FULL in server.asked
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY, *state]) == 0
        assert FULL not in server.asked
        assert any("/tile/0/" in path for path in server.asked)
    assert capsys.readouterr().out.count("OK  ") == 2


@pytest.mark.parametrize(
    ("lines", "says", "told"),
    [
        (FORKED, "REWRITTEN", "cannot be of one history"),
        (LINES[:200], f"ROLLED BACK: the log had {len(LINES)} entries and shows 200", "does not continue"),
    ],
    ids=["forked", "shrunk"],
)
def test_a_rewritten_log(
    lines: list[bytes], says: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is shown as what it is, with both signatures, which are kept as proof; and again at the next run."""
    state = ["--state", str(tmp_path)]
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY, *state]) == 0
    capsys.readouterr()
    with serving(places_of(lines)) as server:
        assert main(["--url", server.log, *KEY, *state]) == 1
        assert main(["--url", server.log, *KEY, *state]) == 1
    out = capsys.readouterr().out
    assert f"FINDING check 1, the log as a whole: {says}" in out
    assert told in out
    signatures = [note.decode().splitlines()[-1] for note in (note_of(LINES), note_of(lines))]
    assert all(signature in out for signature in signatures)
    (proof,) = tmp_path.glob("*/contradiction-*.txt")
    assert proof.read_bytes() == note_of(LINES) + b"\n" + note_of(lines)


@pytest.mark.parametrize(("less", "status"), [({}, 1), ({FULL: 404}, 3)], ids=["at fault", "withheld"])
def test_a_log_that_is_rewritten_once_it_was_found_out(
    less: PLACES, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was signed is remembered, though it was wrong, or was not shown: nothing else takes its place."""
    state = ["--state", str(tmp_path)]
    with serving(places_of(FORKED) | less) as server:
        assert main(["--url", server.log, *KEY, *state]) == status
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY, *state]) == 1
    assert "FINDING check 1, the log as a whole: REWRITTEN" in capsys.readouterr().out


def test_a_kept_bundle_that_was_damaged(tmp_path: Path) -> None:
    """What is kept is not believed: it is read again."""
    state = ["--state", str(tmp_path)]
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY, *state]) == 0
        (kept,) = tmp_path.glob("*/bundles/0/0")
        kept.write_bytes(kept.read_bytes().replace(b"wheel-1", b"wheel-9"))
        assert main(["--url", server.log, *KEY, *state]) == 0
        assert b"wheel-1" in kept.read_bytes()


Bend = Callable[[PLACES], object]
LIES: dict[str, tuple[Bend, int]] = {
    "no checkpoint": (lambda places: places.pop(f"{LOG}/checkpoint"), 3),
    "an error": (lambda places: places.update({f"{LOG}/checkpoint": 500}), 3),
    "a redirect": (lambda places: places.update({f"{LOG}/checkpoint": 302}), 3),
    "a checkpoint that is none": (lambda places: places.update({f"{LOG}/checkpoint": b"x\xff\n\n"}), 1),
    "a checkpoint without an end": (lambda places: places.update({f"{LOG}/checkpoint": b"x" * 70_000}), 3),
    "an unsigned checkpoint": (
        lambda places: places.update({f"{LOG}/checkpoint": note_of(LINES).replace(b"355", b"356")}),
        1,
    ),
    "another key": (lambda places: places.update({f"{LOG}/vkey": b"other.example+00000000+AAAA"}), 1),
    "no bundle": (lambda places: places.pop(FULL), 3),
    "a bundle that is cut": (lambda places: places.update({FULL: bundle(LINES[:256])[:-1]}), 3),
    "a bundle of too few": (lambda places: places.update({FULL: bundle(LINES[:255])}), 3),
    "a bundle of too many": (lambda places: places.update({PARTIAL: bundle([*LINES[256:], b"{}"])}), 3),
    "other entries": (lambda places: places.update({FULL: bundle([*LINES[1:256], LINES[0]])}), 1),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies(lie: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is found out, or it is said what could not be read; what it has signed is kept, and nothing else."""
    places = places_of(LINES)
    bend, status = LIES[lie]
    bend(places)
    with serving(places) as server:
        assert main(["--url", server.log, *KEY, "--state", str(tmp_path)]) == status
    said = capsys.readouterr()
    assert ("playfair verify: " in said.err) if status == 3 else ("BAD" in said.out)
    signed = places.get(f"{LOG}/checkpoint") == note_of(LINES)
    assert [path.read_bytes() for path in tmp_path.glob("*/checkpoint")] == [note_of(LINES)] * signed


def test_tiles_that_lie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tiles that are not the signed ones are a finding; without proof nobody is told of a rewritten log."""
    state = ["--state", str(tmp_path)]
    with serving(places_of(LINES[:280])) as server:
        assert main(["--url", server.log, *KEY, *state]) == 0
    places = places_of(LINES)
    (tile,) = (path for path in places if "/tile/0/001" in path)
    said = places[tile]
    assert isinstance(said, bytes)
    capsys.readouterr()
    with serving(places) as server:
        places[tile] = said[::-1]
        assert main(["--url", server.log, *KEY, *state]) == 1
        out = capsys.readouterr().out
        assert "FINDING check 1, the log as a whole: the tiles are not those of the checkpoint" in out
        assert "history" not in out
        places[tile] = said[:-1]
        assert main(["--url", server.log, *KEY, *state]) == 3
    assert not list(tmp_path.glob("*/contradiction-*"))


def test_words_that_would_write_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """What a server says moves no cursor, ends no line and turns no text around."""
    places = places_of(LINES)
    places[f"{LOG}/vkey"] = "x\x1b[2J\nOK  fine \u202e\u009b".encode()
    listed = {"logs": [{"origin": "a\nOK  b\x1b[2J", "path": LOG}], "next": None}
    places[f"/v1/logs?operator={vectors.ORIGIN.rpartition('/')[0]}"] = json.dumps(listed).encode()
    with serving(places) as server:
        assert main(["--url", server.log, *KEY]) == 1
        assert main(["--url", server.url, "--all", *KEY]) == 3
    said = capsys.readouterr()
    lines = (said.out + said.err).split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("OK") for line in lines)


def test_all_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each log with a pinned key is checked; an unpinned one, or one that is gone, is said aloud."""
    operator = vectors.ORIGIN.rpartition("/")[0]
    listed = [{"origin": vectors.ORIGIN, "path": LOG}, {"origin": f"{operator}/other", "path": "/other"}]
    places = places_of(LINES)
    places[f"/v1/logs?operator={operator}"] = json.dumps({"logs": listed[:1], "next": "a b"}).encode()
    places[f"/v1/logs?operator={operator}&after=a+b"] = json.dumps({"logs": [], "next": None}).encode()
    with serving(places) as server:
        assert main(["--url", server.url, "--all", *KEY, "--state", str(tmp_path)]) == 0
        places[f"/v1/logs?operator={operator}"] = json.dumps({"logs": listed, "next": None}).encode()
        assert main(["--url", server.url, "--all", *KEY]) == 3
        assert f"no key of {operator}/other is pinned" in capsys.readouterr().err
        places[f"/v1/logs?operator={operator}"] = json.dumps({"logs": [], "next": None}).encode()
        assert main(["--url", server.url, "--all", *KEY]) == 3
        assert f"{vectors.ORIGIN} has a pinned key, and is not listed any more" in capsys.readouterr().err
        places[f"/v1/logs?operator={operator}"] = b"[]"
        assert main(["--url", server.url, "--all", *KEY]) == 3


def test_addresses_that_are_none() -> None:
    """Files and other schemes are not read through an address."""
    with pytest.raises(reading.UnreadableError, match="not a web address"):
        reading.fetch("file:///etc/passwd", limit=10)


def test_a_server_that_drips(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A byte now and then, for ever, is given up."""
    monkeypatch.setattr(reading, "FETCH_SECONDS", 0.2)
    with serving({f"{LOG}/checkpoint": DRIPS}) as server:
        assert main(["--url", server.log, *KEY]) == 3
    assert "no end after 0.2 seconds" in capsys.readouterr().err
