"""`playfair verify` with files: each attack has its reason, and the exit status says the verdict."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from game.verify import main
from tests.auditor.serving import note_of
from tests.fair import vectors

ATTACKS = vectors.FOLDER / "attacks"
KEY = ["--key", str(vectors.FOLDER / "vkey")]
LOG = ["--log", str(vectors.FOLDER / "log.jsonl")]
NEWEST = ["--checkpoint", str(vectors.FOLDER / "checkpoint")]
OLDER = ["--older", str(vectors.FOLDER / "checkpoint.old")]


def test_the_log_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    """With its tables, and with the beacon's signatures."""
    assert main([*LOG, *NEWEST, *OLDER, *KEY]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"OK  {vectors.ORIGIN}  {len(vectors.LINES)} entries")
    assert "signatures of the beacon were verified" in out
    assert "pool wheel-1 (wheel, entry 0)" in out


@pytest.mark.parametrize("attack", vectors.ATTACKS, ids=lambda attack: Path(attack["log"]).stem)
def test_attacks(attack: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Check and entry are those of the vectors; with BLS the forged beacon is found too."""
    arguments = ["--log", ATTACKS / attack["log"], "--checkpoint", ATTACKS / attack["checkpoint"]]
    arguments += ["--older", ATTACKS / attack["old"]] if "old" in attack else []
    expected = attack | attack.get("with_bls", {})
    status = main([*map(str, arguments), *KEY])
    out = capsys.readouterr().out
    assert status == (0 if expected["verdict"] == "OK" else 1)
    if expected["verdict"] == "BAD":
        place = "entry 8:" if "with_bls" in attack else _place(expected["entry"])
        assert f"FINDING check {expected['check']}, {place}" in out
    else:
        assert [line.removeprefix("  WARNING ") for line in out.splitlines() if "  WARNING" in line] == (
            expected["warnings"]
        )


def _place(entry: int | None) -> str:
    return "the log as a whole:" if entry is None else f"entry {entry}:"


def test_a_rewritten_log_is_shown_with_both_notes(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has the key can see from the two that one of them is a lie."""
    names = [ATTACKS / f"rewritten.{part}" for part in ("jsonl", "checkpoint", "old")]
    assert main(["--log", str(names[0]), "--checkpoint", str(names[1]), "--older", str(names[2]), *KEY]) == 1
    out = capsys.readouterr().out
    assert "FINDING check 1, the log as a whole: REWRITTEN" in out
    for note in names[1:]:
        assert all(line.strip() in out for line in note.read_text().splitlines())


@pytest.mark.parametrize(
    ("field", "check", "says"),
    [("i", 2, "index says 9"), ("chain", 4, "a value of another beacon")],
)
def test_a_forged_beacon_in_a_malformed_entry(
    field: str, check: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its place is where it stands, whatever it says; there, what the replay finds comes first."""
    lines = (ATTACKS / "beacon-forged.jsonl").read_bytes().splitlines()
    entry = json.loads(lines[8]) | {field: 9 if field == "i" else "00" * 32}
    lines[8] = msgspec.json.encode(entry, order="sorted")
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    (tmp_path / "note").write_bytes(note_of(lines))
    assert main(["--log", str(tmp_path / "log"), "--checkpoint", str(tmp_path / "note"), *KEY]) == 1
    assert f"FINDING check {check}, entry 8: {says}" in capsys.readouterr().out


def test_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON with all that the text says, and a page that needs nothing else."""
    monkeypatch.setattr("game.auditor.page.MAX_POOLS_PLOTTED", 1)
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    assert main([*LOG, *NEWEST, *KEY, "--json", str(report), "--html", str(page)]) == 0
    written = json.loads(report.read_bytes())
    (audit,) = written["audits"]
    assert (written["verdict"], audit["verdict"]) == ("OK", "OK")
    assert (audit["origin"], audit["log"]["verdict"]) == (vectors.ORIGIN, "OK")
    assert [pool["id"] for pool in audit["log"]["pools"]] == [pool["id"] for pool in vectors.VALUES["pools"]]
    html = page.read_text()
    assert vectors.ORIGIN in html
    assert "<svg" in html
    assert "://" not in html.replace("http://www.w3.org", "")


def test_a_receipt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For its entry, and for no other."""
    entry = tmp_path / "entry.json"
    entry.write_bytes(vectors.LINES[vectors.VALUES["receipt_entry"]] + b"\n")
    arguments = ["--receipt", str(vectors.FOLDER / "receipt.tlog-proof"), "--entry", str(entry), *KEY]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("OK  draw: entry 338 of ")
    entry.write_bytes(vectors.LINES[0])
    assert main(arguments) == 1
    assert "BAD  check 1: the receipt is not for this entry" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (b"", "no key"),
        (b"nonsense", "is no key"),
        (b"\xff\xfe", "is no key"),
        (b"other.example/x+00000000+AAAA", "is no key"),
    ],
)
def test_keys_that_are_none(
    keys: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is checked under a key that is none."""
    (tmp_path / "keys").write_bytes(keys)
    assert main([*LOG, *NEWEST, "--key", str(tmp_path / "keys")]) == 3
    assert says in capsys.readouterr().err


def test_files_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which, and that is no verdict."""
    missing = str(tmp_path / "missing")
    assert main(["--log", missing, *NEWEST, *KEY]) == 3
    assert missing in capsys.readouterr().err
    assert main([*LOG, "--checkpoint", missing, *KEY]) == 3


def test_a_command_line_that_says_too_little(capsys: pytest.CaptureFixture[str]) -> None:
    """Usage, status 2."""
    with pytest.raises(SystemExit) as left:
        main(KEY)
    assert left.value.code == 2
    assert "what to verify" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--url", "http://x.example/log", *LOG],
        ["--url", "http://x.example/log", "--entry", "entry.json"],
        ["--receipt", "receipt", "--url", "http://x.example/log"],
        ["--play", "play.json", *LOG, *NEWEST],
        ["--pack", "pack.zip", *OLDER],
        ["--pack", "pack.zip", "--url", "http://x.example/log"],
        ["--url", "http://x.example", "--all", *OLDER],
        [*LOG, *NEWEST, "--witness", "witnesses"],
        [*LOG, *NEWEST, "--state", "state"],
        ["--receipt", "receipt", "--entry", "entry.json", "--json", "report.json"],
    ],
    ids=lambda options: " ".join(option for option in options if option.startswith("--")),
)
def test_options_that_do_not_go_together(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """None is passed by in silence: whoever gave an older checkpoint would think that it was held against."""
    with pytest.raises(SystemExit) as left:
        main([*options, *KEY])
    assert left.value.code == 2
    assert "what to verify" in capsys.readouterr().err


def test_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report says that no beacon was verified, and a page cannot be made: it is said what to install."""
    monkeypatch.setitem(sys.modules, "pyblst", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*LOG, *NEWEST, *KEY]) == 0
    assert (
        "signatures of the beacon were NOT verified: pip install 'playfair[audit]'" in capsys.readouterr().out
    )
    assert main([*LOG, *NEWEST, *KEY, "--html", str(tmp_path / "page.html")]) == 3
    assert "pip install 'playfair[audit]'" in capsys.readouterr().err


def test_a_report_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which file; a log that is bad stays bad."""
    report = ["--json", str(tmp_path / "missing" / "report")]
    assert main([*LOG, *NEWEST, *KEY, *report]) == 3
    assert f"playfair verify: {report[1]}: No such file or directory" in capsys.readouterr().err
    bad = ["--log", str(ATTACKS / "wrong-row.jsonl"), "--checkpoint", str(ATTACKS / "wrong-row.checkpoint")]
    assert main([*bad, *KEY, *report]) == 1
