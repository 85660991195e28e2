"""`deploy/install.sh` on machines that lack something. What it installs, CI installs with it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
TOOLS = ("cat", "cksum", "dirname", "rm", "sh", "sleep", "tail")
OLD = '#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$1" in -c) exit 0 ;; esac\necho "ensurepip is not available" >&2\nexit 1\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the installer, and a folder of programs that has nothing but the usual tools."""
    shutil.copytree(DEPLOY, tmp_path / "checkout" / "deploy")
    (tmp_path / "checkout" / "pyproject.toml").write_text("")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path / "checkout"


def program(checkout: Path, name: str, script: str) -> None:
    """Put a program on the path."""
    path = checkout.parent / "bin" / name
    path.write_text(script)
    path.chmod(0o755)


def install(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installer from another folder."""
    command = ["/bin/sh", str(checkout / "deploy" / "install.sh"), *arguments]
    environment = {"PATH": str(checkout.parent / "bin")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd="/")


def test_a_machine_without_python_is_told(checkout: Path) -> None:
    """What is needed, and two ways to get it."""
    ran = install(checkout)
    assert ran.returncode == 1
    assert "Python 3.11 or newer is needed" in ran.stderr
    assert "install uv" in ran.stderr


def test_an_old_python_is_told_with_its_version(checkout: Path) -> None:
    """The version that was found stands beside the one that is needed."""
    program(checkout, "python3", OLD)
    ran = install(checkout)
    assert ran.returncode == 1
    assert "Python 3.11 or newer is needed, and Python 3.9.2 is here" in ran.stderr


def test_a_python_without_venv_is_told(checkout: Path) -> None:
    """Debian splits Python: the package that is missing is named."""
    program(checkout, "python3", WITHOUT_VENV)
    ran = install(checkout)
    assert ran.returncode == 1
    assert "apt install python3-venv" in ran.stderr


def test_packages_that_cannot_be_had_are_told(checkout: Path) -> None:
    """The installer's own words are shown, and nothing says that all is well."""
    program(checkout, "uv", '#!/bin/sh\necho "no route to host" >&2\n[ "$1" = venv ]\n')
    (checkout / ".venv").mkdir()
    ran = install(checkout)
    assert ran.returncode == 1
    assert "no route to host" in ran.stderr
    assert "the packages could not be installed" in ran.stderr
    assert list((checkout / ".venv").glob("installed-*")) == []


def test_nothing_is_installed_twice(checkout: Path) -> None:
    """Until a lock changes; what was installed for work is enough to run."""
    made = '#!/bin/sh\necho "$*" >>"$0.log"\n'
    program(checkout, "uv", made)
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    log = checkout.parent / "bin" / "uv.log"
    counts = []
    for kind in ("dev", "dev", "run"):
        assert install(checkout, kind).returncode == 0
        counts.append(len(log.read_text().splitlines()))
    assert counts == [2, 2, 2]
    with (checkout / "deploy" / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert install(checkout, "run").returncode == 0
    assert len(log.read_text().splitlines()) == 4


def test_an_environment_without_an_installer_is_made_anew(checkout: Path) -> None:
    """One that uv made has no pip: with uv gone, nothing could be installed into it."""
    left = checkout / ".venv" / "bin" / "python"
    left.parent.mkdir(parents=True)
    left.write_text('#!/bin/sh\n[ "$1" = -c ]\n')
    left.chmod(0o755)
    program(checkout, "python3", WITHOUT_VENV)
    ran = install(checkout)
    assert "Making .venv" in ran.stdout
    assert "apt install python3-venv" in ran.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_checkout_that_cannot_be_written_to_is_told(checkout: Path) -> None:
    """Copy it, says the text."""
    program(checkout, "python3", "#!/bin/sh\nexit 0\n")
    checkout.chmod(0o555)
    ran = install(checkout)
    assert ran.returncode == 1
    assert "cannot be written to" in ran.stderr


def test_an_unknown_kind_is_refused(checkout: Path) -> None:
    """With usage, and the exit code of wrong usage."""
    ran = install(checkout, "everything")
    assert (ran.returncode, ran.stderr) == (2, "usage: sh deploy/install.sh [run|dev]\n")
