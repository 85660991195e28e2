"""Child processes that do not outlive this one.

On Linux the kernel tells the child when the thread that started it dies, so start children from the main
thread. Elsewhere a small shell holds the reading end of a pipe whose writing end only this process has: when
the pipe closes without a word, the shell passes the signal on.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from game.embedded.identity import LIBC, Identity, assume

START_LIMIT_SECONDS = 60.0
STOP_LIMIT_SECONDS = 20.0
POLL_SECONDS = 0.02
LOG_TAIL_BYTES = 2_000
GUARD = 'read -r word || kill -s "$1" "$2"'


class ChildError(Exception):
    """A child process could not start, or ended by itself."""


class Program(msgspec.Struct, frozen=True):
    """What to start. The name is for messages; without an environment it gets ours."""

    name: str
    command: Sequence[str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] | None = None
    identity: Identity = Identity.OWN
    inherited: tuple[int, ...] = ()


class Child:
    """One started program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process = _open(program)
        self._guard = None if sys.platform == "linux" else _guard(self._process.pid, program.stop_signal)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Exit code, None while it runs."""
        return self._process.poll()

    def died(self) -> ChildError:
        """What to tell when it ended by itself: its name, its exit code and the end of its log."""
        name, code = self.program.name, self._process.returncode
        return ChildError(
            f"{name} ended with exit code {code}. The end of {self.program.log}:\n{self.log_tail()}"
        )

    def log_tail(self) -> str:
        """Last lines of its output."""
        with suppress(OSError):
            return self.program.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
        return "(no log)"

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Poll until ready; ChildError when it ends before, or after START_LIMIT_SECONDS."""
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not ready():
            if self.exit_code() is not None:
                raise self.died()
            if time.monotonic() > deadline:
                raise ChildError(f"{self.program.name} did not get ready; see {self.program.log}")
            time.sleep(POLL_SECONDS)

    def wait_to_end(self) -> None:
        """Wait until it has ended by itself; ChildError when it takes longer than START_LIMIT_SECONDS."""
        try:
            self._process.wait(START_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise ChildError(f"{self.program.name} did not end; see {self.program.log}") from None

    def stop(self) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        if self.exit_code() is None:
            self._process.send_signal(self.program.stop_signal)
        try:
            self._process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._guard is not None:
            self._guard.communicate(b"ended\n")


@contextmanager
def running_child(program: Program, *, ready: Callable[[Child], bool]) -> Iterator[Child]:
    """Start a program, wait until it is ready, and stop it at the end; ChildError when it gets nowhere."""
    child = Child(program)
    try:
        child.wait_until(lambda: ready(child))
        yield child
    finally:
        child.stop()


def run_to_end(program: Program) -> None:
    """Run a program that ends by itself; ChildError unless it succeeds."""
    child = Child(program)
    try:
        child.wait_to_end()
    finally:
        child.stop()
    if child.exit_code() != 0:
        raise child.died()


def _open(program: Program) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def before_exec() -> None:
        assume(program.identity)
        _die_with(parent, program.stop_signal)

    with program.log.open("wb") as log:
        return subprocess.Popen(
            list(program.command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=program.environment,
            start_new_session=True,
            pass_fds=program.inherited,
            preexec_fn=before_exec,  # noqa: PLW1509  the dev run and the tests start children from one thread
        )


def _die_with(parent: int, stop_signal: int) -> None:
    """Ask Linux for a signal at the parent's death; runs between fork and exec."""
    if sys.platform != "linux":
        return
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, int(stop_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _guard(pid: int, stop_signal: signal.Signals) -> subprocess.Popen[bytes]:
    name = stop_signal.name.removeprefix("SIG")
    command = ["/bin/sh", "-c", GUARD, "guard", name, str(pid)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
