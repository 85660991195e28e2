"""Real processes for tests: as somebody else, in other circumstances, and whether they are still there."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CLONE_NEWUSER = 0x10000000
EVERY_ID = "0 0 65536"


def wait_for(happened: Callable[[], bool], *, limit_seconds: float = 20.0) -> None:
    """Poll until something happened; AssertionError after the limit."""
    deadline = time.monotonic() + limit_seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(folder: Path) -> list[int]:
    """Processes whose command line or environment names a folder."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if str(folder) in _says(pid, "cmdline") + _says(pid, "environ")]


def python_for_nobody(module: str) -> list[str]:
    """A command that runs Python with our packages as the user nobody; skips when that cannot be."""
    own, system = Path(sys.executable).resolve(), Path(f"/usr/bin/python3.{sys.version_info.minor}")
    paths = os.pathsep.join(path for path in sys.path if "site-packages" in path or "services" in path)
    command = ["env", f"PYTHONPATH={paths}", str(own if _open_to_all(own) else system)]
    trial = subprocess.run(
        [*command, "-c", f"import {module}"], user="nobody", check=False, stderr=subprocess.DEVNULL
    )
    if trial.returncode != 0:
        pytest.skip(f"the user nobody can reach no Python that imports {module}")
    return command


def _says(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def run_without_namespaces(command: list[str]) -> int:
    """Run a command as root where no user namespace can be made, like in many containers; its exit code.

    The circumstances are a user namespace themselves: one that maps every id and allows no further one.
    """
    ready, mapped = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        _enter(ready[1], mapped[0], command)
    os.close(ready[1])
    if os.read(ready[0], 1):
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{kind}").write_text(EVERY_ID)
        os.write(mapped[1], b"m")
    for end in (ready[0], *mapped):
        os.close(end)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _enter(ready: int, mapped: int, command: list[str]) -> None:
    try:
        # Where it fails, the circumstances are as they should be already.
        if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0:
            os.write(ready, b"r")
            os.read(mapped, 1)
            os.setgid(0)
            os.setuid(0)
            Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.execv(command[0], command)
    finally:
        os._exit(127)


if __name__ == "__main__":
    sys.exit(run_without_namespaces(sys.argv[1:]))
