"""A ledger that lacks what plays need is refused at the start; one that is away is not waited for."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from game.ledger.guarantees import lacking
from game.serve import main
from game.settings import Settings
from ledger_client import BadCredentials, LedgerUnreachable

ALL = {"batch_max": 256, "sticky_refusals": True, "apply_before": True, "fence": True, "ordered_floors": True}
COMPLETE = {
    "PLAYFAIR_DATABASE_URL": "postgresql://nowhere.invalid/game",
    "PLAYFAIR_REDIS_URL": "redis://nowhere.invalid",
    "PLAYFAIR_LEDGER_TOKEN": "not-a-secret-in-tests",
    "PLAYFAIR_SECRET_KEYS": "test:" + "A" * 43 + "=",
}


@contextmanager
def ledger_that(status: int, **declared: bool) -> Iterator[str]:
    """A ledger that answers this to whatever it is asked; its address."""
    body = json.dumps(ALL | {"feed": False} | declared).encode()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def settings_with(url: str) -> Settings:
    """Complete settings with a ledger there."""
    return Settings.from_environment(COMPLETE | {"PLAYFAIR_LEDGER_URL": url})


@pytest.mark.parametrize("missing", ["sticky_refusals", "fence or apply_before", "ordered_floors"])
def test_a_ledger_that_lacks_something_is_refused(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service does not start, and names what is missing."""
    for name in [name for name in os.environ if name.startswith("PLAYFAIR_")]:
        monkeypatch.delenv(name)
    with ledger_that(200, **dict.fromkeys(missing.split(" or "), False)) as url:
        for name, value in (COMPLETE | {"PLAYFAIR_LEDGER_URL": url}).items():
            monkeypatch.setenv(name, value)
        assert main([]) == 2
    assert capsys.readouterr().err == f"playfair serve: the ledger does not guarantee {missing}.\n"


@pytest.mark.parametrize("missing", ["apply_before", "fence", "feed"])
@pytest.mark.asyncio
async def test_some_of_it_may_be_missing(missing: str) -> None:
    """A fence or a time limit decides what is overdue, and the feed is for reconciliation only."""
    with ledger_that(200, **{missing: False}) as url:
        assert await lacking(settings_with(url)) == ()


@pytest.mark.asyncio
async def test_an_adapter_answers_for_its_ledger() -> None:
    """Without a word from the ledger: nobody listens there."""
    assert await lacking(settings_with("formance+http://127.0.0.1:1/v2/points")) == ()


@pytest.mark.parametrize("status", [401, 503])
@pytest.mark.asyncio
async def test_a_ledger_that_does_not_say_is_no_reason_to_refuse_it(status: int) -> None:
    """It is told apart from one that lacks something."""
    with ledger_that(status) as url, pytest.raises((LedgerUnreachable, BadCredentials)):
        await lacking(settings_with(url))


@pytest.mark.asyncio
async def test_a_ledger_that_says_nothing_is_not_waited_for() -> None:
    """Connections are taken and never answered: it ends by itself, long before a patient caller would."""
    async with asyncio.timeout(30):
        with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TimeoutError):
            await lacking(settings_with(f"http://127.0.0.1:{listener.getsockname()[1]}"))


def test_the_command_imports_no_metrics() -> None:
    """They look at the environment when they are imported, and the command first decides what is there."""
    seen = "import sys, game.serve; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", seen], check=False).returncode == 0
