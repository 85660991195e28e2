"""The auditor's one file as the service publishes it: the rules of each pool name it by its digest."""

import hashlib
from pathlib import Path

from game.audit import store, verify
from game.db.connection import Connection
from game.errors import NotFound
from game.resources import Resources

SOURCE = Path(verify.__file__).read_bytes()
SHA256 = hashlib.sha256(SOURCE).digest()


async def keep_verifier(conn: Connection) -> None:
    """Keep this version for as long as rules name it, in the transaction that publishes them."""
    await store.keep_verifier(conn, sha256=SHA256, source=SOURCE)


async def verifier_source(resources: Resources, sha256: bytes) -> bytes:
    """The version of this digest. Raises NotFound `verifier_not_found`."""
    if sha256 == SHA256:
        return SOURCE
    async with resources.pool.acquire() as conn:
        source = await store.verifier_source(conn, sha256=sha256)
    if source is None:
        raise NotFound("verifier_not_found", "No rules of this service name a verifier of this digest.")
    return source
