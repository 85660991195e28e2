"""A whole draw log, as an auditor downloads it (C2SP tlog-tiles)."""

from game.fair.tiles import TILE_WIDTH, bundle_path, unbundled
from game.tour.client import Client

SIZE_MAX = 1_000_000


async def checkpoint_of(client: Client, campaign_id: str) -> bytes:
    """The newest checkpoint of a campaign's log, a signed note."""
    return (await client.get(f"/v1/campaigns/{campaign_id}/log/checkpoint")).text()


async def entries_of(client: Client, campaign_id: str, *, size: int) -> list[bytes]:
    """The first entries of a campaign's log, byte for byte."""
    assert size <= SIZE_MAX
    entries: list[bytes] = []
    for index in range(-(-size // TILE_WIDTH)):
        width = min(size - index * TILE_WIDTH, TILE_WIDTH)
        answer = await client.get(f"/v1/campaigns/{campaign_id}/log/tile/{bundle_path(index, width)}")
        entries += unbundled(answer.text())
    return entries
