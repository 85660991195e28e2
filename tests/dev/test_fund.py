"""`playfair fund`: points for whoever wants to launch or play on the embedded run."""

from pathlib import Path

import pytest

from game.__main__ import main
from tests.support.embedded_run import embedded_run


def funded(folder: Path, account: str, points: str) -> int:
    """The exit code of the command."""
    return main(["fund", account, points, "--data", str(folder)])


def test_points_are_added_up_in_the_running_ledger(
    open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each call issues more; what is no account or no amount is told and changes nothing."""
    data = open_folder / "data"
    with embedded_run(data) as run:
        run.wait_until_ready()
        assert funded(data, "campaign:abcdefghijkl:budget", "500") == 0
        assert funded(data, "campaign:abcdefghijkl:budget", "70") == 0
        assert capsys.readouterr().out.splitlines()[-1] == "campaign:abcdefghijkl:budget has 570 points"
        assert (funded(data, "nobody", "1"), funded(data, "player:demo.alice", "0")) == (1, 1)
        said = capsys.readouterr().err
    assert "$.legs[0].credit" in said
    assert "$.legs[0].amount" in said


def test_a_folder_without_a_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what to do first."""
    assert funded(tmp_path, "player:demo.alice", "1") == 1
    assert "Does `playfair dev` run with this data folder?" in capsys.readouterr().err
