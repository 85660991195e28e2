"""Issuers, awards and credentials on the wire. The documents for everybody are those of the standard."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from game.campaigns.rules import Text
from game.credentials.rules import Award, AwardState, Issuer, refusal
from game.credentials.service import Credential
from game.ids import wire_id
from game.instants import to_datetime


class IssuerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who issues the brand's badges, and the address of its profile, by which verifiers know it."""

    id: str
    version: int
    name: str
    url: str
    email: str | None
    image_url: str | None


class AwardView(msgspec.Struct, frozen=True, kw_only=True):
    """A badge that you were awarded. `refused` has the code by which it is not exported; null: it can be."""

    id: UUID
    badge: str
    name: Text
    source: str
    state: AwardState
    awarded_at: datetime
    refused: str | None


class AwardPage(msgspec.Struct, frozen=True, kw_only=True):
    """Badges that you were awarded, newest first; `next` is the cursor of the next page, null at the end."""

    awards: Sequence[AwardView]
    next: str | None


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """A badge as an Open Badges 3.0 credential: `jwt` is its VC-JWT, to be kept in a file that ends in .jwt.

    `status_list` says whether `credential_id` was revoked.
    """

    credential_id: str
    status_list: str
    jwt: str


def issuer_view(issuer: Issuer, *, address: str) -> IssuerView:
    """An issuer as its managers see it."""
    return IssuerView(
        id=address,
        version=issuer.version,
        name=issuer.name,
        url=issuer.url,
        email=issuer.email,
        image_url=issuer.image_url,
    )


def award_page(found: Sequence[Award], *, campaign_id: str, limit: int) -> AwardPage:
    """A page of a player's awards."""
    return AwardPage(
        awards=[_award(each) for each in found],
        next=wire_id(campaign_id, found[-1].award_id) if len(found) == limit else None,
    )


def credential_view(made: Credential) -> CredentialView:
    """A credential as it is sent."""
    return CredentialView(credential_id=made.credential_id, status_list=made.status_list, jwt=made.jwt)


def _award(award: Award) -> AwardView:
    reason = refusal(award)
    return AwardView(
        id=award.award_id,
        badge=award.badge.badge_id,
        name=award.badge.name,
        source=award.source,
        state=award.state,
        awarded_at=to_datetime(award.awarded_ms),
        refused=None if reason is None else reason.code,
    )
