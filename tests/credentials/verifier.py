"""A verifier of Open Badges 3.0 by what the specification says of VC-JWT; it knows none of our code.

It takes a credential, looks up what that names, and trusts an issuer by its address alone. Signatures are
checked by PyJWT.
"""

import base64
import gzip
from datetime import datetime
from typing import Any, Final

import httpx
import jwt
import msgspec

HEADERS: Final = {"alg", "kid", "jwk", "typ"}
CONTEXTS: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)


class NotVerifiedError(Exception):
    """The credential is not what it says."""


async def verified(token: str, client: httpx.AsyncClient, *, issuer: str) -> dict[str, Any]:
    """The document of a credential that an issuer's key signed and that was not revoked."""
    document = await signed(token, client, issuer=issuer)
    _require(tuple(document["@context"][:2]) == CONTEXTS, "contexts")
    _require({"VerifiableCredential", "OpenBadgeCredential"} <= set(document["type"]), "type")
    _require("Profile" in document["issuer"]["type"], "the issuer is a profile")
    subject = document["credentialSubject"]
    _require("AchievementSubject" in subject["type"], "type of the subject")
    _require("Achievement" in subject["achievement"]["type"], "type of the achievement")
    _require(bool(subject.get("id") or subject.get("identifier")), "the subject is identified")
    await _check_status(document["credentialStatus"], client, issuer=issuer)
    return document


async def signed(token: str, client: httpx.AsyncClient, *, issuer: str) -> dict[str, Any]:
    """The document of a VC-JWT that an issuer's key signed; its claims say what the document says."""
    header = jwt.get_unverified_header(token)
    _require(set(header) <= HEADERS and header["alg"] == "RS256" and header["typ"] == "JWT", "header")
    _require("jwk" not in header, "a key that proves itself proves nothing")
    _require(header["kid"].startswith(issuer.removesuffix("issuer")), "the key is the issuer's")
    key = jwt.PyJWK((await client.get(header["kid"])).raise_for_status().json())
    try:
        # The tests' clock stands still: what they sign has run out for PyJWT.
        document = jwt.decode(token, key, algorithms=["RS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError as error:
        raise NotVerifiedError(str(error)) from error
    said = document["issuer"]
    named = said if isinstance(said, str) else said["id"]
    _require(document["iss"] == named == issuer, "iss")
    _require(document["jti"] == document["id"], "jti")
    _require(document["sub"] == document["credentialSubject"]["id"], "sub")
    valid_from = msgspec.convert(document["validFrom"], type=datetime)
    _require(document["nbf"] == valid_from.timestamp(), "nbf")
    return dict(document)


async def _check_status(status: dict[str, Any], client: httpx.AsyncClient, *, issuer: str) -> None:
    _require(status["type"] == "BitstringStatusListEntry", "type of the status")
    address = status["statusListCredential"]
    listed = await signed((await client.get(address)).raise_for_status().text, client, issuer=issuer)
    subject = listed["credentialSubject"]
    _require(listed["id"] == address, "the list is the one that was named")
    _require(subject["statusPurpose"] == status["statusPurpose"] == "revocation", "purpose")
    packed = subject["encodedList"]
    _require(packed[0] == "u", "multibase")
    bits = gzip.decompress(base64.urlsafe_b64decode(packed[1:] + "=" * (-len(packed[1:]) % 4)))
    _require(len(bits) * 8 >= 131_072, "length of the list")
    byte, bit = divmod(int(status["statusListIndex"]), 8)
    _require(not bits[byte] & 0x80 >> bit, "revoked")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise NotVerifiedError(what)
