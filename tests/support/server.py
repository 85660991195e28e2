"""The application behind a real HTTP server, in a thread of the test's process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from litestar import Litestar

START_SECONDS = 30.0


class _Server(uvicorn.Server):
    """Says when it serves, or when it ended before."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.settled.set()


@contextmanager
def serving(app: Litestar) -> Iterator[str]:
    """URL of the application, served on a port of the loopback until the context ends."""
    config = uvicorn.Config(cast("Any", app), log_config=None, access_log=False, proxy_headers=False)
    server = _Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert server.settled.wait(START_SECONDS), "the application does not start"
            assert server.started, "the application did not start"
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
