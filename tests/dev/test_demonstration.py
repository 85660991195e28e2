"""The demonstration brand: the printed lines work as they stand, and what is missing is brought in."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.support.embedded_run import EmbeddedRun, embedded_run
from tests.support.processes import wait_for

BLOCK = re.compile(r"^Tasks, badges.*?(?=^$)", re.MULTILINE | re.DOTALL)
LINE_SECONDS = 30


def pasted(run: EmbeddedRun) -> list[Any]:
    """What comes of the tokens' lines and of the block of tasks, pasted into a shell: JSON, line by line."""
    tokens = re.findall(r"^  (\w+=\S+)$", run.said, re.MULTILINE)
    block = BLOCK.search(run.said)
    assert block is not None, run.said
    script = "\n".join([*tokens, *block[0].splitlines()[1:]])
    ran = subprocess.run(
        ["sh", "-ec", script], capture_output=True, text=True, check=True, timeout=LINE_SECONDS
    )
    return [msgspec.json.decode(line) for line in ran.stdout.splitlines()]


def token_of(run: EmbeddedRun, role: str) -> dict[str, str]:
    """The header of a person whose token is printed."""
    (token,) = re.findall(rf"^  {role}=(\S+)$", run.said, re.MULTILINE)
    return {"Authorization": f"Bearer {token}"}


def campaigns_of(run: EmbeddedRun) -> list[str]:
    """The addresses of the campaigns that are printed."""
    return re.findall(r"^  (http://\S+/v1/campaigns/[a-z0-9]{12})$", run.said, re.MULTILINE)


def test_the_printed_lines_show_what_an_event_did(open_folder: Path) -> None:
    """One check-in of three, the first day of a streak, badges that are missing, the first rank."""
    with embedded_run(open_folder / "data") as run:
        run.wait_until_ready()
        event, tasks, streaks, badges, board = pasted(run)
        assert "key_added" not in run.said
        assert event["state"] == "stored"
        assert {each["task"] for each in tasks["tasks"]} == {"visit", "review"}
        assert [each["missing"] for each in badges["sets"]] == [["lantern", "riddle", "guest"]]
        assert streaks["streaks"][0]["next"]["days"] == 3
        assert board["season"]["state"] == "open"

        def counted() -> bool:
            me, headers = f"{campaigns_of(run)[-1]}/me", token_of(run, "PLAYER")
            asked = [
                httpx.get(f"{me}/{what}", headers=headers).json() for what in ("tasks", "boards/visitors")
            ]
            bars = {each["task"]: each["progress"]["progress"] for each in asked[0]["tasks"]}
            return bool(bars == {"visit": 1, "review": 0} and (asked[1]["rank"], asked[1]["score"]) == (1, 1))

        wait_for(counted)


@pytest.mark.slow
def test_what_is_missing_is_brought_in(open_folder: Path) -> None:
    """As where a data folder is of before the festival: it is staged, and the others stay as they are."""
    data = open_folder / "data"
    with embedded_run(data) as run:
        run.wait_until_ready()
        *others, festival = campaigns_of(run)
        path = festival.replace("/v1/campaigns/", "/v1/manage/campaigns/")
        httpx.post(f"{path}/end", headers=token_of(run, "MANAGER")).raise_for_status()
    with embedded_run(data) as run:
        run.wait_until_ready()
        ids = [address.rpartition("/")[2] for address in campaigns_of(run)]
        assert ids[:-1] == [address.rpartition("/")[2] for address in others]
        assert ids[-1] != festival.rpartition("/")[2]
