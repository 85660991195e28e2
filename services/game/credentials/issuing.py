"""Who issues a brand's badges: what managers decide."""

import asyncio
from typing import Final

import msgspec

from game.auth import Caller
from game.credentials import store
from game.credentials.drafts import IssuerDraft
from game.credentials.rules import Issuer
from game.credentials.signing import Key, new_key
from game.errors import Exhausted, NotFound
from game.resources import Resources

VERSIONS_MAX: Final = 100


async def issuer_of(resources: Resources, brand_id: str) -> Issuer:
    """Who issues a brand's badges now. NotFound `badge_issuer_not_found`."""
    async with resources.pool.acquire() as conn:
        found = await store.newest_issuer(conn, brand_id=brand_id)
    if found is None:
        raise no_issuer()
    return found


async def save_issuer(resources: Resources, caller: Caller, draft: IssuerDraft) -> Issuer:
    """Name who issues the caller's brand's badges. Saying the same again changes nothing. Exhausted."""
    async with resources.pool.acquire() as conn:
        before = await store.newest_issuer(conn, brand_id=caller.brand_id)
    wanted = Issuer(brand_id=caller.brand_id, version=1, **msgspec.structs.asdict(draft))
    if before is not None and before == msgspec.structs.replace(wanted, version=before.version):
        return before
    return await _add(resources, caller, wanted)


async def rotate(resources: Resources, caller: Caller) -> Issuer:
    """Sign with a new key from now on; what the ones before have signed stays valid. NotFound, Exhausted."""
    return await _add(resources, caller, await issuer_of(resources, caller.brand_id))


def key_purpose(brand_id: str, version: int) -> str:
    """What a sealed key is bound to."""
    return f"badge issuer {brand_id} {version}"


def no_issuer() -> NotFound:
    """The one answer for a brand that names nobody, or is not there, or is not the caller's."""
    return NotFound("badge_issuer_not_found", "Nobody is named who issues this brand's badges.")


async def _add(resources: Resources, caller: Caller, wanted: Issuer) -> Issuer:
    """Store the next version, with a key of its own."""
    key = await asyncio.to_thread(new_key)
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.lock_brand(conn, caller.brand_id)
        newest = await store.newest_issuer(conn, brand_id=caller.brand_id)
        version = newest.version + 1 if newest else 1
        if version > VERSIONS_MAX:
            raise Exhausted(
                "too_many_keys", f"An issuer has at most {VERSIONS_MAX} versions.", limit=VERSIONS_MAX
            )
        added = msgspec.structs.replace(wanted, version=version)
        await store.add_issuer(
            conn,
            added,
            key,
            key_sealed=_sealed(resources, added, key),
            actor=caller.subject,
            now_ms=resources.clock(),
        )
    return added


def _sealed(resources: Resources, issuer: Issuer, key: Key) -> bytes:
    return resources.seal(key.private, key_purpose(issuer.brand_id, issuer.version))
