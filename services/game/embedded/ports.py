"""Ports on this machine: which are free, and who answers."""

import errno
import http.client
import secrets
import socket
from contextlib import suppress
from itertools import chain, cycle

LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT_SECONDS = 2.0
# Below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections.
PORTS = range(20_000, 32_000)
ATTEMPTS_MAX = 100
_START = secrets.randbelow(len(PORTS))
# Each process begins somewhere else, and none asks for the same port twice in a row.
_CANDIDATES = cycle(chain(PORTS[_START:], PORTS[:_START]))


class PortError(Exception):
    """A port cannot be listened on; the text says which setting chooses another."""


def require_free(port: int, *, option: str, variable: str) -> None:
    """PortError when somebody listens on the port already, or when it is not ours to take."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError as error:
            reason = (
                "is taken by another program" if error.errno == errno.EADDRINUSE else f"is denied: {error}"
            )
            raise PortError(
                f"Port {port} of {LOOPBACK} {reason}. Choose another one with {option} or {variable}."
            ) from error


def free_port() -> int:
    """A port that nobody listens on now, and that no outgoing connection takes before we do."""
    for _ in range(ATTEMPTS_MAX):
        port = next(_CANDIDATES)
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind((LOOPBACK, port))
            return port
    raise PortError(f"No port of {LOOPBACK} from {PORTS.start} to {PORTS.stop - 1} seems to be free.")


def accepts(port: int) -> bool:
    """Whether somebody takes connections."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=ANSWER_TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def is_ready(port: int) -> bool:
    """Whether the service says that it is ready."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
