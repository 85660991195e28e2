"""A whole draw log, as an auditor downloads it (C2SP tlog-tiles)."""

from collections.abc import Iterator

from game.audit.rules import TILE_WIDTH
from game.tour.client import Client

SIZE_MAX = 1_000_000
LENGTH_BYTES = 2


async def checkpoint_of(client: Client, campaign_id: str) -> bytes:
    """The newest checkpoint of a campaign's log, a signed note."""
    return (await client.get(f"/v1/campaigns/{campaign_id}/log/checkpoint")).text()


async def entries_of(client: Client, campaign_id: str, *, size: int) -> list[bytes]:
    """The first entries of a campaign's log, byte for byte."""
    assert size <= SIZE_MAX
    entries: list[bytes] = []
    for index in range(-(-size // TILE_WIDTH)):
        width = min(size - index * TILE_WIDTH, TILE_WIDTH)
        answer = await client.get(f"/v1/campaigns/{campaign_id}/log/tile/entries/{bundle_name(index, width)}")
        entries += unbundled(answer.text())
    return entries


def bundle_name(index: int, width: int) -> str:
    """How tlog-tiles writes the index of a bundle, and its width where it is not full."""
    groups = f"{index:03}" if index < 1_000 else f"x{index // 1_000:03}/{index % 1_000:03}"
    return groups if width == TILE_WIDTH else f"{groups}.p/{width}"


def unbundled(bundle: bytes) -> Iterator[bytes]:
    """The entries of a bundle: each stands after its length, two bytes, big-endian."""
    at = 0
    while at < len(bundle):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(bundle[at:start], "big")
        yield bundle[start:at]
