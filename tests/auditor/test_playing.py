"""`playfair verify --play`: a player's own draws of a pool with a beacon."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from game.fair.entries import leaf_hash
from game.verify import main
from tests.auditor.serving import LOG, places_of, receipt_of, serving
from tests.fair import vectors

KEY = ["--key", str(vectors.FOLDER / "vkey")]
FORGED = (vectors.FOLDER / "attacks" / "beacon-forged.jsonl").read_bytes().splitlines()
HONEST = (vectors.FOLDER / "attacks" / "honest.jsonl").read_bytes().splitlines()


def answer_of(lines: Sequence[bytes]) -> dict[str, Any]:
    """The answer to a play: the first three draws of the first seat that names a round."""
    entries = [json.loads(line) for line in lines]
    seat = next(entry for entry in entries if entry["k"] == "seat" and "round" in entry)
    draws = [entry for entry in entries if entry["k"] == "draw" and entry["seat"] == seat["i"]][:3]
    return {
        "id": "play-1",
        "pool_entry_index": seat["pool"],
        "seat": {"entry_index": seat["i"]},
        "draws": [
            {
                "ticket": nth,
                "entry_index": draw["i"],
                "n": draw["n"],
                "outcome": {"row": draw["row"]},
                "entry": lines[draw["i"]].decode(),
                "receipt": receipt_of(lines, draw["i"]),
                "leaf_hash": leaf_hash(lines[draw["i"]]).hex(),
            }
            for nth, draw in enumerate(draws, start=1)
        ],
    }


def checked(lines: Sequence[bytes], answer: dict[str, Any], folder: Path) -> int:
    """The command's exit status, with a server of these entries."""
    places = places_of(lines)
    places |= {f"{LOG}/receipts/{index}": receipt_of(lines, index).encode() for index in range(len(lines))}
    (folder / "play.json").write_text(json.dumps(answer))
    with serving(places) as server:
        return main(["--play", str(folder / "play.json"), "--url", server.log, *KEY])


def test_draws_of_a_beacon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The value of the seat's round is found in the log, and is the beacon's."""
    assert checked(HONEST, answer_of(HONEST), tmp_path) == 0
    out = capsys.readouterr().out
    assert "beacon: the signature of round " in out
    assert "proven by X = " in out or "a replay of the log decides" in out


def test_a_value_that_the_beacon_never_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All else follows from it; its signature is not valid."""
    assert checked(FORGED, answer_of(FORGED), tmp_path) == 1
    assert "BAD  check 4: the beacon's signature is not valid" in capsys.readouterr().out


def test_a_draw_whose_beacon_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A draw before the beacon's value could not have been made."""
    entries = [json.loads(line) for line in HONEST]
    at = next(entry["i"] for entry in entries if entry["k"] == "beacon")
    lines = [*HONEST[:at], HONEST[at].replace(b'"round":', b'"round":1'), *HONEST[at + 1 :]]
    assert checked(lines, answer_of(lines), tmp_path) == 1
    assert "BAD  check 4: no beacon of round" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"), [("entry_index", 1), ("n", 9), ("outcome", {"row": "yacht"}), ("leaf_hash", "0" * 64)]
)
def test_an_answer_that_says_something_else(
    field: str, value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the app would show must be what the entry says."""
    answer = answer_of(HONEST)
    answer["draws"][1][field] = value
    assert checked(HONEST, answer, tmp_path) == 1
    assert "BAD  check 7: the player was told" in capsys.readouterr().out


def test_one_draw_for_two_tickets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who paid for three has three of them, covered or not."""
    answer = answer_of(HONEST)
    answer["draws"][1] = answer["draws"][0] | {"ticket": 2}
    assert checked(HONEST, answer, tmp_path) == 1
    assert "BAD  check 7: the player was told of one draw for two tickets" in capsys.readouterr().out
    answer["draws"][1] |= {"entry": None, "entry_index": 999}
    assert checked(HONEST, answer, tmp_path) == 1
    assert "BAD  check 7: the player was told of entry 999" in capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"id":"x","pool_entry_index":0,"seat":null,"draws":[]}',
        json.dumps(answer_of(HONEST) | {"pool_entry_index": -1}).encode(),
        json.dumps(answer_of(HONEST) | {"seat": {"entry_index": -1}}).encode(),
    ],
)
def test_answers_that_are_none(body: bytes, tmp_path: Path) -> None:
    """What is no play's answer is no verdict."""
    (tmp_path / "play.json").write_bytes(body)
    with serving(places_of(HONEST)) as server:
        assert main(["--play", str(tmp_path / "play.json"), "--url", server.log, *KEY]) == 3
        assert server.asked in ([], [f"{LOG}/checkpoint"])
