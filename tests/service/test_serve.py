"""The service as processes: several that count together, and an end that loses nobody's answer."""

import asyncio
import ctypes
import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from game.embedded.ports import free_port
from tests.support.processes import wait_for
from tests.support.tokens import Issuer

START_SECONDS = 30.0
REQUESTS = 40
WAITING_FOR_LOCK = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'brand'::regclass"


class Serving:
    """`playfair serve` on a port of its own."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log

    def answers(self) -> bool:
        """Whether somebody accepts connections."""
        assert self.process.poll() is None, self.log.read_text()
        return self.is_open()

    def is_open(self) -> bool:
        """Whether a new connection gets an answer."""
        try:
            return httpx.get(f"{self.url}/health/live", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def serving(folder: Path, *, workers: int, database_url: str, redis_url: str) -> Iterator[Serving]:
    """Start the service, without a ledger that answers; at the end it is killed, should it still be there."""
    port, log = free_port(), folder / "service.log"
    environment = {
        "PLAYFAIR_DATABASE_URL": database_url,
        "PLAYFAIR_REDIS_URL": redis_url,
        "PLAYFAIR_LEDGER_URL": "http://127.0.0.1:1",
        "PLAYFAIR_LEDGER_TOKEN": "not-a-secret-in-tests",
        "PLAYFAIR_SECRET_KEYS": "test:" + "A" * 43 + "=",
        "PLAYFAIR_PORT": str(port),
        "PLAYFAIR_WORKERS": str(workers),
    }
    command = [sys.executable, "-P", "-m", "game", "serve"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment) as process,
    ):
        try:
            started = Serving(process, f"http://127.0.0.1:{port}", log)
            wait_for(started.answers, limit_seconds=START_SECONDS)
            yield started
        finally:
            process.kill()


def counted(url: str) -> int:
    """How many answers to the probe of life the metrics show."""
    shown = httpx.get(f"{url}/metrics").text
    pattern = r'playfair_requests_total\{method="GET",route="/health/live",status="200"\} (\d+)'
    found = re.search(pattern, shown)
    return int(found[1]) if found else 0


@pytest.mark.slow
def test_workers_count_together(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """Whichever process is asked, the metrics are those of all."""
    with serving(tmp_path, workers=2, database_url=database_url, redis_url=redis_url) as service:
        before = counted(service.url)
        for _ in range(REQUESTS):
            assert httpx.get(f"{service.url}/health/live").status_code == 200
        assert {counted(service.url) for _ in range(10)} == {before + REQUESTS}
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(START_SECONDS) in (0, -signal.SIGTERM)
    assert "Traceback" not in service.log.read_text()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_what_is_in_flight_is_finished(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """After SIGTERM nobody new is let in, and who waits still gets the answer."""
    await Issuer("acme").insert_brand(database_url)
    blocker = await asyncpg.connect(database_url)
    with serving(tmp_path, workers=1, database_url=database_url, redis_url=redis_url) as service:
        blocked = blocker.transaction()
        await blocked.start()
        await blocker.execute("LOCK TABLE brand")
        async with httpx.AsyncClient(base_url=service.url, timeout=START_SECONDS) as client:
            waiting = asyncio.create_task(client.get("/v1/campaigns?brand=acme"))
            async with asyncio.timeout(START_SECONDS):
                while not await blocker.fetchval(WAITING_FOR_LOCK):  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(0.01)
            service.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(wait_for, lambda: not service.is_open())
            assert not waiting.done()
            await blocked.rollback()
            answer = await waiting
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
        assert await asyncio.to_thread(service.process.wait, START_SECONDS) in (0, -signal.SIGTERM)
    await blocker.close()
    assert "Traceback" not in service.log.read_text()


def test_what_stays_is_not_looked_at_for_cycles() -> None:
    """Nor is what is new, all the time; cycles are found all the same."""
    from game.serve import collect_seldom

    usual = gc.get_threshold()
    try:
        gc.set_threshold(700)  # Python's own; whoever ran in this process before may have asked for less
        collect_seldom()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > 700
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)


# A process of its own: what it tells the C library holds for good.
TABLES = """
import ctypes
from game.serve import keep_tables_apart

class Used(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    _fields_ = [(name, ctypes.c_size_t) for name in names]

used = ctypes.CDLL(None).mallinfo2
used.restype = Used
keep_tables_apart()
bytes(3_000_000)
before = used().hblkhd
table = bytes(2_000_000)
print(used().hblkhd - before)
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="Another C library takes care itself."
)
def test_large_tables_are_no_holes_when_they_are_gone() -> None:
    """One that is made after another was given back has pages of its own, as the first had."""
    told = subprocess.run([sys.executable, "-c", TABLES], capture_output=True, text=True, check=True)
    assert int(told.stdout) >= 2_000_000


def test_settings_are_complained_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without its settings the service does not start, and says what is missing."""
    from game.serve import main

    for name in [name for name in os.environ if name.startswith("PLAYFAIR_")]:
        monkeypatch.delenv(name)
    assert main([]) == 2
    assert "PLAYFAIR_DATABASE_URL is missing" in capsys.readouterr().err
