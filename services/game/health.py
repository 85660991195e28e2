"""Whether the process is up, and whether it can serve."""

import msgspec
from litestar import Controller, get

from game.auth import PUBLIC


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Health(Controller):
    """Probes for whoever runs the service."""

    path = "/health"
    tags = ("Operations",)
    opt = PUBLIC

    @get("/live", sync_to_thread=False)
    def live(self) -> Live:
        """Whether the process is up. It looks at nothing else, so that a restart is the right remedy."""
        return Live(status="up")
