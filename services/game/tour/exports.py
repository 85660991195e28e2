"""Badges that guests take along: credentials that the tour verifies as anybody could, also a revoked one."""

import base64
import gzip
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec

from game.credentials.drafts import ExportWanted, IssuerDraft
from game.credentials.views import AwardPage, CredentialView
from game.tour.client import Client
from game.tour.guests import Guest
from game.tour.stage import Place

ISSUER = IssuerDraft(name="Magpie Stores", url="https://magpie.example")
BADGE, NAME = "critic", "Critic"

Exported = Mapping[str, tuple[CredentialView, CredentialView]]


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """What verifiers look up: public keys and lists of what was revoked, by address."""

    keys: Mapping[str, dict[str, Any]]
    lists: Mapping[str, str]


async def name_issuer(manager: Client) -> None:
    """Let the manager say who issues the brand's badges."""
    (await manager.put("/v1/manage/badge-issuer", ISSUER)).done()


async def export_badges(guests: Sequence[Guest], place: Place) -> Exported:
    """The critic's badge of each guest, asked for twice."""
    return {guest.name: await _export(guest, place) for guest in guests}


async def _export(guest: Guest, place: Place) -> tuple[CredentialView, CredentialView]:
    path = f"/v1/campaigns/{place.campaign_id}/me/badges"
    awards = (await guest.client.get(f"{path}/awards")).read(AwardPage, status=200).awards
    award = next(each for each in awards if each.badge == BADGE)
    wanted, path = ExportWanted(language="en"), f"{path}/{award.id}/credential"
    one, two = [await guest.client.post(path, wanted) for _ in range(2)]
    return one.read(CredentialView, status=200), two.read(CredentialView, status=200)


async def look_up(anybody: Client, exported: Exported) -> Documents:
    """Keys and lists, without a token."""
    credentials = [credential for both in exported.values() for credential in both]
    lists = {each.status_list: await _public(anybody, each.status_list) for each in credentials}
    texts = [*(each.jwt for each in credentials), *(text.decode() for text in lists.values())]
    addresses = {jwt.get_unverified_header(text)["kid"] for text in texts}
    keys = {each: msgspec.json.decode(await _public(anybody, each)) for each in addresses}
    return Documents(keys=keys, lists={address: text.decode() for address, text in lists.items()})


async def _public(anybody: Client, address: str) -> bytes:
    return (await anybody.get(urlsplit(address).path)).text()


def check_exports(exported: Exported, found: Documents, revoked: Collection[str]) -> Iterator[str]:
    """The same bytes each time, signed, of this badge; and revoked if the badge was taken back, not else."""
    for name, (one, two) in exported.items():
        if one != two:
            yield f"the badge of {name} was exported in two ways"
        claims = verified(one.jwt, found.keys)
        listed = verified(found.lists[one.status_list], found.keys)
        if claims is None or listed is None:
            yield f"the badge of {name} is not signed by a key that is published"
            continue
        if (claims["jti"], claims["credentialSubject"]["achievement"]["name"]) != (one.credential_id, NAME):
            yield f"the badge of {name} says that it is {claims['credentialSubject']['achievement']}"
        if is_revoked(claims, listed) != (name in revoked):
            yield f"the badge of {name} is {'not ' * (name in revoked)}revoked"


def verified(text: str, keys: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """What a VC-JWT says; None where no published key has signed it."""
    key = keys.get(jwt.get_unverified_header(text)["kid"])
    if key is None:
        return None
    try:
        claims: dict[str, Any] = jwt.decode(text, jwt.PyJWK(key), algorithms=["RS256"])
    except jwt.InvalidTokenError:
        return None
    return claims


def is_revoked(claims: dict[str, Any], listed: dict[str, Any]) -> bool:
    """Whether the bit of a credential is set in its list (W3C Bitstring Status List)."""
    packed = listed["credentialSubject"]["encodedList"].removeprefix("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    byte, bit = divmod(int(claims["credentialStatus"]["statusListIndex"]), 8)
    return bool(bits[byte] & 0x80 >> bit)
