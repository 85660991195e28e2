"""Which logs an operator has, and by which keys. Whoever has pinned the keys finds out what differs."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from game.audit import listing_store as store
from game.audit.service import log_not_found
from game.errors import NotFound
from game.fair.note import vkey
from game.resources import Resources


class Listed(msgspec.Struct, frozen=True):
    """A log of an operator: how many entries it has, and its key string `name+id+key`."""

    campaign_id: str
    origin: str
    size: int
    vkey: str


async def logs_of_operator(
    resources: Resources, *, operator: str, brand_id: str | None, after: str, limit: int
) -> list[Listed]:
    """A page of an operator's logs by the campaign's id. Raises NotFound `brand_not_found`."""
    async with resources.pool.acquire() as conn:
        found = await store.brand_of_operator(conn, operator=operator, brand_id=brand_id)
        if found is None:
            raise NotFound("brand_not_found", "No brand publishes under this operator name.")
        logs = await store.logs_of_brand(conn, brand_id=found, after=after, limit=limit)
    return [Listed(log.campaign_id, log.origin, log.size, _vkey(log.origin, log.public_key)) for log in logs]


async def key_of_log(resources: Resources, *, campaign_id: str, brand_id: str | None) -> tuple[str, str]:
    """A log's origin and the key string of all its notes. Raises NotFound `log_not_found`."""
    async with resources.pool.acquire() as conn:
        found = await store.public_key(conn, campaign_id=campaign_id, brand_id=brand_id)
    if found is None:
        raise log_not_found()
    origin, public_key = found
    return origin, _vkey(origin, public_key)


def _vkey(origin: str, public_key: bytes) -> str:
    return vkey(origin, Ed25519PublicKey.from_public_bytes(public_key))
