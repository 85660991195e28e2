"""Child processes: they start, are told about, stop, and do not outlive who started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from game.embedded.child import Child, ChildError, Program, run_to_end, running_child
from tests.support.processes import is_running, wait_for

PARENT = """
import sys, time
sys.platform = sys.argv[2]
from pathlib import Path
from game.embedded.child import Child, Program
child = Child(Program(name="Sleeper", command=["sleep", "600"], log=Path(sys.argv[1]) / "log"))
print(child.pid, flush=True)
time.sleep(600)
"""


def shell(tmp_path: Path, script: str) -> Program:
    """A program that is a line of shell."""
    return Program(name="The script", command=["sh", "-c", script], log=tmp_path / "log")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_child_ends_with_its_parent(tmp_path: Path, platform: str, end: signal.Signals) -> None:
    """Killed or asked to end, the parent takes its child with it: by the kernel, or by the guard."""
    command = [sys.executable, "-c", PARENT, str(tmp_path), platform]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(end)
    wait_for(lambda: not is_running(pid))


def test_child_stops_before_the_block_ends(tmp_path: Path) -> None:
    """When the block is left the process is gone."""
    program = Program(name="Sleeper", command=["sleep", "600"], log=tmp_path / "log")
    with running_child(program, ready=lambda _: True) as child:
        assert is_running(child.pid)
        assert child.exit_code() is None
    assert child.exit_code() == -signal.SIGTERM


def test_child_that_will_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ignores the signal does not hold up the end."""
    monkeypatch.setattr("game.embedded.child.STOP_LIMIT_SECONDS", 0.1)
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    with running_child(shell(tmp_path, script), ready=lambda child: child.log_tail() == "ready") as child:
        pass
    assert child.exit_code() == -signal.SIGKILL


def test_child_that_does_not_get_ready_is_told_about(tmp_path: Path) -> None:
    """The error has the name, the exit code and the last words."""
    program = shell(tmp_path, "echo no space left on device; exit 3")
    never = running_child(program, ready=lambda _: False)
    with (
        pytest.raises(ChildError, match=r"The script ended with exit code 3.*\n.*no space left") as caught,
        never,
    ):
        pass
    assert str(tmp_path / "log") in str(caught.value)


def test_child_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has a limit, and leaves no process."""
    monkeypatch.setattr("game.embedded.child.START_LIMIT_SECONDS", 0.1)
    never = running_child(shell(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600"), ready=lambda _: False)
    with pytest.raises(ChildError, match="The script did not get ready"), never:
        pass
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_program_that_ends_by_itself(tmp_path: Path) -> None:
    """Success is silent; failure is not."""
    run_to_end(shell(tmp_path, "exit 0"))
    with pytest.raises(ChildError, match="exit code 4"):
        run_to_end(shell(tmp_path, "exit 4"))


def test_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    """A Ctrl-C in the terminal reaches the parent alone, which stops its children in order."""
    child = Child(Program(name="Sleeper", command=["sleep", "600"], log=tmp_path / "log"))
    assert os.getsid(child.pid) == child.pid
    child.stop()
