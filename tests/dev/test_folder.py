"""The data folder: one run at a time, nobody else's files, and clear words when it cannot be."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from game.embedded.folder import FolderError, default_folder, held_folder
from game.embedded.secrets import keep_secrets, read_secrets
from game.embedded.sockets import LONGEST_NAME, PATH_LIMIT_BYTES, socket_folder
from tests.support.processes import python_for_nobody

HOLD = """
import sys
from pathlib import Path
from game.embedded.folder import FolderError, held_folder
try:
    with held_folder(Path(sys.argv[1])):
        pass
except FolderError as error:
    sys.exit(str(error))
"""
ON_DISK = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"'


def said_on(disk: str, place: Path) -> str:
    """What holding a folder says on a disk mounted with some options."""
    holding = [sys.executable, "-c", HOLD, str(place / "data")]
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ON_DISK, "sh", disk, str(place)]
    ran = subprocess.run([*command, *holding], capture_output=True, text=True, check=False)
    if "unshare failed" in ran.stderr or "mount:" in ran.stderr:
        pytest.skip("this machine lets us mount nothing")
    return ran.stderr


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    """It is told which process holds the folder."""
    with held_folder(tmp_path / "data"):
        ran = subprocess.run(
            [sys.executable, "-c", HOLD, str(tmp_path / "data")], capture_output=True, text=True, check=False
        )
    assert f"is in use by process {os.getpid()}" in ran.stderr


def test_a_folder_can_be_held_again(tmp_path: Path) -> None:
    """After the first run, the next one gets it."""
    for _ in range(2):
        with held_folder(tmp_path / "data") as folder:
            assert folder.path.stat().st_mode & 0o077 in (0, 0o011)


def test_what_a_killed_run_left_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children inherit the lock, so a killed run holds the folder until the last of them has ended."""
    with held_folder(tmp_path / "data") as folder:
        left = subprocess.Popen(["sleep", "600"], pass_fds=[folder.lock])
    with subprocess.Popen(["true"]) as dead:
        pass
    (tmp_path / "data" / "playfair.lock").write_text(str(dead.pid))
    monkeypatch.setattr("game.embedded.folder.CHILDREN_END_LIMIT_SECONDS", 0.1)
    with pytest.raises(FolderError, match="still in use by processes that a killed run left"):
        held_folder(tmp_path / "data").__enter__()
    left.kill()
    left.wait()
    with held_folder(tmp_path / "data"):
        pass


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """A slip in --data must not mix our files with others, which --fresh would then delete."""
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderError, match="holds other files"):
        held_folder(tmp_path).__enter__()


def test_clearing_deletes_only_what_a_run_keeps(tmp_path: Path) -> None:
    """The lock stays held, and a file that somebody put there stays theirs."""
    with held_folder(tmp_path / "data") as folder:
        keep_secrets(folder.path)
        (folder.subfolder("postgres") / "file").write_text("")
        (folder.path / "notes.txt").write_text("mine")
        folder.clear()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["notes.txt", "playfair.lock"]


def test_a_read_only_disk_is_told(tmp_path: Path) -> None:
    """The reason and the way out."""
    said = said_on("ro", tmp_path)
    assert "the disk is read-only. Choose another folder with --data or PLAYFAIR_DATA." in said


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """How much is free, and how much is needed."""
    assert "is full: 2 MB are free and 300 MB are needed" in said_on("size=2056k", tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("inside", "reason"), [(".", "belongs to another user"), ("data", "you may not write there")]
)
def test_a_folder_of_another_user_is_told(inside: str, reason: str) -> None:
    """Whether the folder itself is theirs, or the one that it would be in."""
    python = python_for_nobody("game.embedded.folder")
    with TemporaryDirectory() as theirs:
        Path(theirs).chmod(0o755)
        command = [*python, "-c", HOLD, str(Path(theirs) / inside)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, user="nobody")
    assert reason in ran.stderr


def test_the_default_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`PLAYFAIR_DATA` first, then the folder for users' data."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder({"PLAYFAIR_DATA": "~/there"}) == tmp_path / "there"
    monkeypatch.setattr("game.embedded.folder.unprivileged", lambda: None)
    monkeypatch.setattr("sys.platform", "linux")
    assert default_folder({}) == tmp_path / ".local/share/playfair"
    assert default_folder({"XDG_DATA_HOME": "/xdg"}) == Path("/xdg/playfair")
    assert default_folder({"XDG_DATA_HOME": "not/absolute"}) == tmp_path / ".local/share/playfair"
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_folder({}) == tmp_path / "Library/Application Support/playfair"


def test_secrets_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    """A second run reads what the first one made; no other user can, and no repr shows it."""
    made = keep_secrets(tmp_path)
    assert keep_secrets(tmp_path) == made == read_secrets(tmp_path)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert made.ledger_token not in repr(made)
    assert len({made.sealing_key, made.issuer_key}) == 2


def test_sockets_get_a_short_path(tmp_path: Path) -> None:
    """A folder too deep for a socket has its sockets elsewhere, always in one place, closed to others."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    chosen = socket_folder(deep)
    assert len(os.fsencode(chosen / LONGEST_NAME)) <= PATH_LIMIT_BYTES
    assert chosen.stat().st_mode & 0o777 == 0o700
    assert socket_folder(deep) == chosen
    chosen.rmdir()
    short = Path("/tmp/playfair-short")
    short.mkdir(exist_ok=True)
    assert socket_folder(short) == short / "run"
    (short / "run").rmdir()
    short.rmdir()
