"""Players export badges; everybody looks up who signed them, what they stand for and whether they hold."""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from game.auth import Caller
from game.campaigns.access import launched
from game.credentials import store
from game.credentials.issuing import issuer_of, key_purpose, no_issuer
from game.credentials.rules import (
    CONTEXTS,
    Addresses,
    Award,
    Document,
    Issuer,
    Language,
    achievement,
    credential,
    encoded,
    profile,
    refusal,
    status_list,
)
from game.credentials.signing import Signer, jwk, signer
from game.errors import Conflict, NotFound
from game.ids import parse_cursor
from game.players import player_id_of
from game.recent import Recent
from game.resources import Resources

RECENT_SIGNERS: Final = 1_000
RECENT_LISTS: Final = 100
LIST_MS: Final = 10_000
_NEWEST: Final = UUID(int=2**128 - 1)

_signers: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, int], Signer]" = Recent(limit=RECENT_SIGNERS)
_lists: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, int, int], str]" = Recent(limit=RECENT_LISTS)


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """An exported award: its id, the list that says whether it was revoked, and its bytes."""

    credential_id: str
    status_list: str
    jwt: str


async def awards(
    resources: Resources, caller: Caller, *, campaign_id: str, before: str | None, limit: int
) -> list[Award]:
    """One page of the caller's awards in a launched campaign, newest first. NotFound."""
    start = parse_cursor(before, campaign_id=campaign_id)
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn:
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.awards(
            conn, campaign_id=campaign_id, player_id=player_id, before=start, only=None, limit=limit
        )


async def export(
    resources: Resources,
    caller: Caller,
    *,
    campaign_id: str,
    award_id: UUID,
    language: Language,
    email: str | None,
) -> Credential:
    """An award of the caller's as a signed credential; asked for again, the same bytes.

    NotFound for anybody else's award, and one under a covered ticket; Conflict for one that is gone, and
    where the brand names nobody who issues.
    """
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction():
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        found = await store.awards(
            conn, campaign_id=campaign_id, player_id=player_id, before=_NEWEST, only=award_id, limit=1
        )
        if not found:
            raise NotFound("award_not_found", "There is no such badge of yours.")
        [award] = found
        if (reason := refusal(award)) is not None:
            raise reason
        newest = await store.newest_issuer(conn, brand_id=caller.brand_id)
        if newest is None:
            raise Conflict("no_badge_issuer", "The brand has not named who issues its badges yet.")
        exported = await store.export(conn, award, newest, now_ms=resources.clock())
    at = addresses(resources, caller.brand_id)
    document = credential(award, exported.issuer, at, index=exported.index, language=language, email=email)
    signs = await _signer(resources, exported.issuer)
    return Credential(
        credential_id=document["id"],
        status_list=document["credentialStatus"]["statusListCredential"],
        jwt=signs.sign(encoded(document)),
    )


async def issuer_profile(resources: Resources, *, brand_id: str) -> Document:
    """Who issues a brand's badges now. NotFound."""
    issuer = await issuer_of(resources, brand_id)
    return {"@context": CONTEXTS} | profile(issuer, addresses(resources, brand_id))


async def public_key(resources: Resources, *, brand_id: str, version: int) -> Document:
    """The key of a version of the issuer as a JWK; old ones stay. NotFound."""
    async with resources.pool.acquire() as conn:
        public = await store.public_key(conn, brand_id=brand_id, version=version)
    if public is None:
        raise no_issuer()
    return dict(jwk(public, kid=addresses(resources, brand_id).key(version)))


async def published_achievement(
    resources: Resources, *, brand_id: str, campaign_id: str, badge_id: str, language: Language
) -> Document:
    """What a badge of a launched campaign stands for. NotFound."""
    async with resources.pool.acquire() as conn:
        badge = await store.published_badge(
            conn, brand_id=brand_id, campaign_id=campaign_id, badge_id=badge_id
        )
    if badge is None:
        raise NotFound("badge_not_found", "There is no such badge.")
    return {"@context": CONTEXTS} | achievement(badge, language, addresses(resources, brand_id))


async def revocations(resources: Resources, *, brand_id: str, number: int) -> str:
    """A list of what was revoked, signed by the newest key. NotFound for a brand that names nobody.

    Anybody may ask, as often as they like, so a process makes a list once in LIST_MS.
    """
    now_ms = resources.clock()
    key = (resources.pool, brand_id, number, now_ms - now_ms % LIST_MS)
    return _lists.get(key) or _lists.put(key, await _signed_list(resources, *key[1:]))


def addresses(resources: Resources, brand_id: str) -> Addresses:
    """Where a brand's documents are."""
    return Addresses(f"{resources.settings.public_url}/v1/open-badges/{brand_id}")


async def _signed_list(resources: Resources, brand_id: str, number: int, from_ms: int) -> str:
    issuer = await issuer_of(resources, brand_id)
    async with resources.pool.acquire() as conn:
        places = await store.revoked(conn, brand_id=brand_id, number=number)
    document = status_list(places, addresses(resources, brand_id), number=number, now_ms=from_ms)
    return (await _signer(resources, issuer)).sign(encoded(document))


async def _signer(resources: Resources, issuer: Issuer) -> Signer:
    key = (resources.pool, issuer.brand_id, issuer.version)
    return _signers.get(key) or _signers.put(key, await _unsealed(resources, issuer))


async def _unsealed(resources: Resources, issuer: Issuer) -> Signer:
    brand_id, version = issuer.brand_id, issuer.version
    async with resources.pool.acquire() as conn:
        sealed = await store.sealed_key(conn, brand_id=brand_id, version=version)
    private = resources.vault.open(sealed, purpose=key_purpose(brand_id, version))
    return signer(private, kid=addresses(resources, brand_id).key(version))
