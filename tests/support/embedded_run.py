"""A real `playfair dev`, started and ended by tests."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from game.embedded.ports import free_port
from tests.support.processes import processes_of, wait_for

START_LIMIT_SECONDS = 90.0
READY = "Playfair is ready"


class EmbeddedRun(msgspec.Struct, frozen=True):
    """A run that was started: its process, where it keeps its data, what it prints to, and its port."""

    process: subprocess.Popen[bytes]
    data: Path
    output: Path
    port: int

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        """Poll until it says so; AssertionError with what it said when it ends before."""

        def ready() -> bool:
            assert self.process.poll() is None, self.said
            return READY in self.said

        wait_for(ready, limit_seconds=START_LIMIT_SECONDS)

    def end(self, by: signal.Signals) -> int:
        """Send a signal, wait until the process and all that it started are gone; its exit code."""
        self.process.send_signal(by)
        code = self.process.wait(START_LIMIT_SECONDS)
        wait_for(lambda: processes_of(self.data) == [], limit_seconds=START_LIMIT_SECONDS)
        return code


@contextmanager
def embedded_run(
    data: Path, *options: str, python: Sequence[str] = (sys.executable,), user: str | None = None
) -> Iterator[EmbeddedRun]:
    """Start a run on a free port; at the end it is stopped, should it still be there."""
    port, output = free_port(), data.with_name(f"{data.name}.out")
    command = [*python, "-P", "-m", "game", "dev", "--port", str(port), *options]
    environment = {**os.environ, "PLAYFAIR_DATA": str(data), "HOME": str(data.parent)}
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment, user=user)
    try:
        yield EmbeddedRun(process, data, output, port)
    finally:
        process.terminate()
        process.wait(START_LIMIT_SECONDS)
