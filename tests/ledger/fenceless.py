"""A ledger without a fence: everything else of it is as it was."""

import msgspec

from ledger_client import Hooks, LedgerClient, Options
from ledger_client.transport import HttpTransport, Reply, Request, Silence
from tests.ledger.serving import TOKEN


class Fenceless(HttpTransport):
    """Takes the fence away from a ledger, and from what it declares."""

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """404 for a fence."""
        if request.path.endswith(":fence"):
            return Reply(404, b'{"code": "not_found"}', None, not_executed=False)
        reply = await super().call(request, timeout_seconds=timeout_seconds)
        if request.path != "/v1/capabilities" or isinstance(reply, Silence):
            return reply
        declared = msgspec.json.decode(reply.body) | {"fence": False}
        return msgspec.structs.replace(reply, body=msgspec.json.encode(declared))


def without_fence(url: str) -> LedgerClient:
    """A client of the ledger at `url`, made to lack a fence; it tries again at once."""
    return LedgerClient(
        Fenceless(url, token=TOKEN, connections_max=6), Options(), hooks=Hooks(), random=lambda: 0.0
    )
