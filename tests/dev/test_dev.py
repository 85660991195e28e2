"""The embedded run as a whole: real processes, started from the command line."""

import http.client
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from game.embedded.folder import held_folder
from game.embedded.ports import LOOPBACK
from game.embedded.secrets import read_secrets
from tests.support.embedded_run import embedded_run
from tests.support.processes import processes_of, python_for_nobody, wait_for


def ask(port: int, path: str) -> int:
    """Status of a GET."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def one_of(data: Path, words: str) -> int:
    """Process id of the one process of a run whose command line has some words."""
    (pid,) = [pid for pid in processes_of(data) if words in Path(f"/proc/{pid}/cmdline").read_text()]
    return pid


def test_a_killed_run_leaves_no_orphan_and_the_next_one_works(open_folder: Path) -> None:
    """With several workers; the next start finds data and secrets, and ends in order when asked to."""
    data = open_folder / "data"
    with embedded_run(data, "--workers", "2") as first:
        first.wait_until_ready()
        assert len(processes_of(data)) >= 7  # the run, PostgreSQL, Redis, ledger, service and its two workers
        kept = read_secrets(data)
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    with embedded_run(data) as second:
        second.wait_until_ready()
        assert ask(second.port, "/health/ready") == 200
        assert read_secrets(data) == kept
        assert second.end(signal.SIGTERM) == 0
        assert second.said.endswith("Stopped.\n")


def test_a_child_that_dies_ends_the_run(open_folder: Path) -> None:
    """The run says which one it was, stops the others and fails; workers follow their supervisor."""
    with embedded_run(open_folder / "data", "--workers", "2") as run:
        run.wait_until_ready()
        tokens = re.findall(r"^  (PLAYER|MANAGER|AUDITOR)=(\S+)$", run.said, re.MULTILINE)
        assert [name for name, _ in tokens] == ["PLAYER", "MANAGER", "AUDITOR"]
        os.kill(one_of(run.data, "\0serve"), signal.SIGKILL)
        assert run.process.wait(30) == 1
        assert "playfair dev: The service ended with exit code -9" in run.said
        wait_for(lambda: processes_of(run.data) == [])


def test_a_run_that_follows_its_parent_ends_with_it(open_folder: Path) -> None:
    """`make run` starts it so: killing make leaves nothing behind."""
    data = open_folder / "data"
    shell = ["sh", "-c", '"$@" & wait', "sh", sys.executable]
    with embedded_run(data, "--with-parent", python=shell) as run:
        run.wait_until_ready()
        assert run.end(signal.SIGKILL) == -signal.SIGKILL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_can_run_it(open_folder: Path) -> None:
    """From start to end, without root, with a home of their own."""
    python = python_for_nobody("game.dev")
    with embedded_run(open_folder / "data", python=python, user="nobody") as run:
        run.wait_until_ready()
        assert (run.data / "secrets.json").owner() == "nobody"
        assert run.end(signal.SIGINT) == 0


def test_a_taken_port_is_told_before_anything_starts(open_folder: Path) -> None:
    """Which port, and which settings choose another."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with embedded_run(open_folder / "data", "--port", str(port)) as run:
            assert run.process.wait(30) == 1
            assert f"Port {port} of 127.0.0.1 is taken by another program" in run.said
            assert "--port or PLAYFAIR_PORT" in run.said
            assert "Starting" not in run.said


def test_a_held_folder_is_told(open_folder: Path) -> None:
    """Two runs never share a data folder."""
    with held_folder(open_folder / "data"), embedded_run(open_folder / "data") as run:
        assert run.process.wait(30) == 1
        assert f"is in use by process {os.getpid()}" in run.said


def test_bad_options_are_told_like_bad_settings(open_folder: Path) -> None:
    """An option that sets a variable is held to the variable's rule."""
    with embedded_run(open_folder / "data", "--workers", "many") as run:
        assert run.process.wait(30) == 1
        assert "PLAYFAIR_WORKERS must be a whole number from 1 to 64" in run.said
