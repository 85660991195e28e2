"""The documents of Open Badges 3.0, and which awards are exported: pure.

Sources: Open Badges 3.0 (1EdTech), Verifiable Credentials Data Model 2.0 and Bitstring Status List 1.0 (W3C).
"""

import base64
import gzip
import hashlib
import html
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal
from uuid import UUID, uuid5

import msgspec

from game.campaigns.rules import Text
from game.errors import Conflict, Refusal
from game.instants import to_datetime

AwardState = Literal["held", "spent", "gifted", "reversed"]
Language = Literal["en", "zh-CN"]
Document = dict[str, Any]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-CN")
VC_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CONTEXTS: Final = [VC_CONTEXT, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
SCHEMA: Final = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}
# The least that Bitstring Status List allows, so that a verifier's question does not tell whom it is about.
LIST_BITS: Final = 131_072
LIST_HOURS: Final = 24
SECOND_MS: Final = 1_000


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """A version of who issues a brand's badges. `email` and `image_url` are None where there is none."""

    brand_id: str
    version: int
    name: str
    url: str
    email: str | None
    image_url: str | None


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """A badge as it is published. `image_url` is None for one without a picture."""

    campaign_id: str
    badge_id: str
    name: Text
    description: Text
    criteria: Text
    image_url: str | None


class Award(msgspec.Struct, frozen=True, kw_only=True):
    """A badge of a player, and what it was awarded for."""

    award_id: UUID
    badge: Badge
    source: str
    state: AwardState
    awarded_ms: int


class Addresses(msgspec.Struct, frozen=True):
    """Where the documents of a brand are, below the service's public address."""

    base: str

    @property
    def issuer(self) -> str:
        """The profile of who issues."""
        return f"{self.base}/issuer"

    def key(self, version: int) -> str:
        """The public key of a version of the issuer."""
        return f"{self.base}/keys/{version}"

    def status_list(self, number: int) -> str:
        """A list of what was revoked."""
        return f"{self.base}/status/{number}"

    def achievement(self, badge: Badge, language: Language) -> str:
        """What a badge stands for, in a language."""
        return f"{self.base}/achievements/{badge.campaign_id}/{badge.badge_id}/{language}"


def refusal(award: Award) -> Refusal | None:
    """Why an award is not exported: it was given away or taken back. What was spent was earned too."""
    if award.state in ("gifted", "reversed"):
        return Conflict("badge_gone", "This badge was given away or taken back.", state=award.state)
    return None


def profile(issuer: Issuer, at: Addresses) -> Document:
    """Who issues the badges (Profile)."""
    found: Document = {"id": at.issuer, "type": ["Profile"], "name": issuer.name, "url": issuer.url}
    if issuer.email is not None:
        found["email"] = issuer.email
    return found | _image(issuer.image_url)


def achievement(badge: Badge, language: Language, at: Addresses) -> Document:
    """What a badge stands for (Achievement), in one language; it names the one in the other."""
    others = [other for other in LANGUAGES if other != language]
    return {
        "id": at.achievement(badge, language),
        "type": ["Achievement"],
        "inLanguage": language,
        "name": said(badge.name, language),
        "description": said(badge.description, language),
        "criteria": {"narrative": _plain(said(badge.criteria, language))},
        "related": [
            {"id": at.achievement(badge, other), "type": ["Related"], "inLanguage": other} for other in others
        ],
    } | _image(badge.image_url)


def credential(
    award: Award, issuer: Issuer, at: Addresses, *, index: int, language: Language, email: str | None
) -> Document:
    """An award as an OpenBadgeCredential with the claims of a VC-JWT. The same values make the same document.

    `index` is its place in the lists of what was revoked. The player is named by nothing but the award, or by
    a salted hash of the `email` that the player wants to be known by; None: not at all.
    """
    subject: Document = {
        "id": uuid5(award.award_id, "subject").urn,
        "type": ["AchievementSubject"],
        "achievement": achievement(award.badge, language, at),
    }
    if email is not None:
        subject["identifier"] = [_identity(email, salt=award.award_id.hex)]
    document = {
        "@context": CONTEXTS,
        "id": award.award_id.urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": said(award.badge.name, language),
        "issuer": profile(issuer, at),
        "validFrom": _instant(award.awarded_ms),
        "credentialSubject": subject,
        "credentialStatus": _status(index, at),
        "credentialSchema": [SCHEMA],
    }
    claims = _claims(document, award.awarded_ms)
    return document | claims | {"jti": document["id"], "sub": subject["id"]}


def status_list(revoked: Iterable[int], at: Addresses, *, number: int, now_ms: int) -> Document:
    """The list of what was revoked with the claims of a VC-JWT. `revoked` are places within this list."""
    bits = bytearray(LIST_BITS // 8)
    for place in revoked:
        bits[place // 8] |= 0x80 >> place % 8
    packed = base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()
    document = {
        "@context": [VC_CONTEXT],
        "id": at.status_list(number),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": at.issuer,
        "validFrom": _instant(now_ms),
        "validUntil": _instant(now_ms + LIST_HOURS * 3_600 * SECOND_MS),
        "credentialSubject": {
            "id": f"{at.status_list(number)}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{packed}",
        },
    }
    claims = _claims(document, now_ms)
    ends = {"exp": claims["nbf"] + LIST_HOURS * 3_600}
    return document | claims | ends | {"jti": document["id"], "sub": f"{document['id']}#list"}


def said(text: Text, language: Language) -> str:
    """A text in a language."""
    return text.en if language == "en" else text.zh


def encoded(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(document, order="sorted")


def _claims(document: Document, from_ms: int) -> Document:
    issuer = document["issuer"]
    return {"iss": issuer if isinstance(issuer, str) else issuer["id"], "nbf": from_ms // SECOND_MS}


def _status(index: int, at: Addresses) -> Document:
    number, place = divmod(index, LIST_BITS)
    return {
        "id": f"{at.status_list(number)}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(place),
        "statusListCredential": at.status_list(number),
    }


def _identity(email: str, *, salt: str) -> Document:
    digest = hashlib.sha256((email + salt).encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${digest}",
        "identityType": "emailAddress",
        "salt": salt,
    }


def _image(url: str | None) -> Document:
    return {} if url is None else {"image": {"id": url, "type": "Image"}}


def _plain(text: str) -> str:
    """A text that stays text where Markdown is read, in which HTML is allowed."""
    return html.escape(text, quote=False)


def _instant(ms: int) -> str:
    """In whole seconds, as a JWT has them."""
    return to_datetime(ms - ms % SECOND_MS).isoformat().replace("+00:00", "Z")
