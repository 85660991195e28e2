"""What the service tells about itself."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec
import pytest

from game import telemetry
from tests.support.tokens import Issuer

LOGGING = """
import logging, structlog
from game.telemetry import configure_logging
configure_logging("warning")
log = structlog.get_logger()
log.info("too.quiet")
log.warning("said", points=7, odd=object)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
logging.getLogger("library").warning("careful with %s", "this")
"""
COUNTING = """
from game import telemetry
telemetry.PLAYS.labels("settled").inc(3)
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )


def test_events_are_json_lines() -> None:
    """Events of ours and of libraries, one object a line on stderr, tracebacks included."""
    ended = run(LOGGING)
    said, failed, library = [msgspec.json.decode(line) for line in ended.stderr.splitlines()]
    assert (said["event"], said["level"], said["points"]) == ("said", "warning", 7)
    assert said["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in failed["exception"]
    assert library["event"] == "careful with this"
    assert ended.stdout == ""


def test_processes_count_together(tmp_path: Path) -> None:
    """With a directory, metrics are those of all processes that share it."""
    shared = {telemetry.MULTIPROCESS_VARIABLE: str(tmp_path)}
    run(COUNTING, **shared)
    run(COUNTING, **shared)
    shown = run("from game import telemetry; print(telemetry.metrics().decode())", **shared).stdout
    assert 'playfair_plays_total{state="settled"} 6.0' in shown


@pytest.mark.asyncio
async def test_access_lines(
    app_client: httpx.AsyncClient, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line per request with its template, status and time, and nothing of who asked what."""
    await app_client.get("/v1/plays/some-play?secret=1", headers=issuer.headers("ann"))
    telemetry.write_access_lines()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "/v1/plays/{play_id}" in line]
    told = msgspec.json.decode(line)
    assert (told["event"], told["route"], told["status"]) == ("request", "/v1/plays/{play_id}", 404)
    assert told["us"] > 0
    assert "ann" not in line
    assert "secret" not in line


@pytest.mark.asyncio
async def test_access_lines_are_bounded(
    app_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit is counted and dropped."""
    monkeypatch.setattr(telemetry, "ACCESS_LINES_KEPT", 0)
    before = telemetry.ACCESS_LOST._value.get()
    for _ in range(3):
        await app_client.get("/nowhere")
    assert telemetry.ACCESS_LOST._value.get() == before + 3


@pytest.mark.asyncio
async def test_tokens_are_not_logged(
    app_client: httpx.AsyncClient, issuer: Issuer, capfd: pytest.CaptureFixture[str]
) -> None:
    """A denied attempt is logged, without the token."""
    token = issuer.token("ann")
    await app_client.get("/health/live", headers={"Authorization": f"Bearer {token}x"})
    told = "".join(capfd.readouterr())
    assert "auth.denied" in told
    assert not any(part in told for part in token.split("."))
