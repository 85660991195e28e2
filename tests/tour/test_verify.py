"""`playfair verify` against a live service: all its logs, from run to run, and what one player was told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.fair.note import vkey
from game.plays.views import PlayView
from game.tour.guests import Made
from game.tour.stage import Place
from game.verify import main
from tests.tour.conftest import Told

S = TypeVar("S", bound=msgspec.Struct)

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def verify(*arguments: object) -> int:
    """The exit status; what is printed is for capsys."""
    return await asyncio.to_thread(main, [str(each) for each in arguments])


async def _keys(told: Told, places: Sequence[Place], folder: Path) -> Path:
    """The keys of some logs, as an auditor has noted them down."""
    logs = [f"/v1/campaigns/{place.campaign_id}/log/vkey" for place in places]
    keys = [(await told.venue.anybody.get(log)).text().decode() for log in logs]
    (folder / "keys").write_text("\n".join(keys))
    return folder / "keys"


def _all_places(told: Told) -> list[Place]:
    return [*told.places, told.fair.place]


def _url(told: Told) -> str:
    return told.venue.resources.settings.public_url


async def test_all_logs_of_the_service(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every campaign's log is found, holds, and continues what the run before has seen."""
    key = await _keys(told, _all_places(told), tmp_path)
    for _ in range(2):
        assert await verify("--url", _url(told), "--all", "--key", key, "--state", tmp_path / "state") == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("OK ")]
        assert {line.split()[1] for line in lines} == {place.log_key.name for place in _all_places(told)}
    assert len(list((tmp_path / "state").glob("*/checkpoint"))) == len(_all_places(told))


async def test_a_log_that_nobody_pinned(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service lists more than the auditor has keys of: that is said, and is no clean result."""
    key = await _keys(told, told.places, tmp_path)
    assert await verify("--url", _url(told), "--all", "--key", key) == 3
    assert f"no key of {told.fair.place.log_key.name} is pinned" in capsys.readouterr().err


async def test_another_key_than_the_pinned_one(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log that another key signs is not taken for the pinned one, whatever the service tells."""
    place = told.places[0]
    other = Ed25519PrivateKey.from_private_bytes(b"other".ljust(32, b".")).public_key()
    (tmp_path / "keys").write_text(vkey(place.log_key.name, other))
    log = f"{_url(told)}/v1/campaigns/{place.campaign_id}/log"
    assert await verify("--url", log, "--key", tmp_path / "keys") == 1
    out = capsys.readouterr().out
    assert f"no signature of {place.log_key.name}" in out
    assert "The service tells another key than yours" in out


async def _check(told: Told, made: Made, view: PlayView, folder: Path) -> int:
    """The answer to a play, as the player has kept it."""
    key = await _keys(told, [made.place], folder)
    (folder / "play.json").write_bytes(msgspec.json.encode(view))
    log = f"{_url(told)}/v1/campaigns/{made.place.campaign_id}/log"
    return await verify("--play", folder / "play.json", "--url", log, "--key", key)


@pytest.mark.parametrize("at", [0, 1], ids=["wheel", "cards"])
async def test_a_play(told: Told, at: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of its draws follows from what the log shows."""
    made = told.made(told.places[at])[0]
    assert await _check(told, made, made.view, tmp_path) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"OK  play {made.view.id}")
    assert out.count("ticket ") == len(made.view.draws)


async def test_a_covered_play(told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A ticket that is still covered has a receipt for its hash, and for no other."""
    made = told.made(told.places[1])[0]
    draws = [_changed(draw, entry=None, outcome=None, face=None) for draw in made.view.draws]
    assert await _check(told, made, _changed(made.view, draws=tuple(draws)), tmp_path) == 0
    assert "covered, entry" in capsys.readouterr().out
    draws[0] = _changed(draws[0], leaf_hash="00" * 32)
    assert await _check(told, made, _changed(made.view, draws=tuple(draws)), tmp_path) == 1
    assert "the receipt is not for the entry of this hash" in capsys.readouterr().out


async def test_a_player_who_was_told_something_else(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer whose outcome is not the entry's is found out, though entry and receipt are genuine."""
    made = told.made(told.places[0])[0]
    draw = made.view.draws[0]
    assert draw.outcome is not None
    wrong = _changed(draw, outcome=_changed(draw.outcome, row="yacht"))
    assert await _check(told, made, _changed(made.view, draws=(wrong, *made.view.draws[1:])), tmp_path) == 1
    assert "BAD  check 7: the player was told" in capsys.readouterr().out


def _changed(struct: S, **changes: object) -> S:
    return msgspec.structs.replace(struct, **changes)
