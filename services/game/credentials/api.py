"""Open Badges 3.0 over HTTP: for managers, for players, and for whoever verifies."""

from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.datastructures import CacheControlHeader
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK

from game.auth import PUBLIC, AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.credentials import issuing, service
from game.credentials.drafts import ExportWanted, IssuerDraft
from game.credentials.issuing import no_issuer
from game.credentials.rules import Issuer, Language
from game.credentials.views import (
    AwardPage,
    CredentialView,
    IssuerView,
    award_page,
    credential_view,
    issuer_view,
)
from game.polling import SAME, polled
from game.problems import problem_responses

PAGE: Final = 50
READ = problem_responses(401, 403, 404)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
WRITERS = [require(Role.MANAGER, Role.ADMIN)]
BRIEFLY = CacheControlHeader(public=True, max_age=60)
FOR_AN_HOUR = CacheControlHeader(public=True, max_age=3_600)
# Verifiers run in browsers too.
FOR_ALL = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}

Before = Annotated[str | None, QueryParameter(description="`next` of the page before")]
BrandId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
BadgeId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
Version = Annotated[int, PathParameter(ge=1, le=issuing.VERSIONS_MAX, description="A version of the issuer")]
ListNumber = Annotated[int, PathParameter(ge=0, le=1_000_000, description="From a credential's status")]

T = TypeVar("T")


class BadgeIssuer(Controller):
    """Who issues the brand's badges, once players export them."""

    path = "/v1/manage/badge-issuer"
    tags = ("Open Badges",)

    @get("/", guards=READERS, responses=READ)
    async def show(self, request: AppRequest) -> IssuerView:
        """Who issues the brand's badges now."""
        return _shown(request, await issuing.issuer_of(request.resources, request.caller.brand_id))

    @put("/", guards=WRITERS, responses=WRITE)
    async def save(self, request: AppRequest, data: JSONBody[IssuerDraft]) -> IssuerView:
        """Name who issues the brand's badges: a new version, with a new key. The same again is no change."""
        return _shown(request, await issuing.save_issuer(request.resources, request.caller, data))

    @post("/rotate", guards=WRITERS, status_code=HTTP_200_OK, responses=READ | problem_responses(409))
    async def rotate(self, request: AppRequest) -> IssuerView:
        """Sign with a new key from now on. What was signed before stays valid."""
        return _shown(request, await issuing.rotate(request.resources, request.caller))


class Credentials(Controller):
    """A player's badges as credentials that anybody can verify."""

    path = "/v1/campaigns/{campaign_id:str}/me/badges"
    tags = ("Open Badges",)
    guards = (require(Role.PLAYER),)

    @get("/awards", responses=SAME | READ | problem_responses(422))
    async def awards(
        self, request: AppRequest, campaign_id: CampaignId, before: Before = None
    ) -> Response[AwardPage | None]:
        """Badges that you were awarded, newest first, also those that are spent or gone.

        Ask again with `If-None-Match`: what has not changed is not sent.
        """
        found = await service.awards(
            request.resources, request.caller, campaign_id=campaign_id, before=before, limit=PAGE
        )
        return polled(request, award_page(found, campaign_id=campaign_id, limit=PAGE))

    @post("/{award_id:uuid}/credential", status_code=HTTP_200_OK, responses=WRITE)
    async def export(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        award_id: FromPath[UUID],
        data: JSONBody[ExportWanted],
    ) -> CredentialView:
        """A badge as a signed Open Badges 3.0 credential. Asked for again, the same bytes."""
        made = await service.export(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            award_id=award_id,
            language=data.language,
            email=data.email,
        )
        return credential_view(made)


class OpenBadges(Controller):
    """What verifiers of badges look up. No token is needed; to one of another brand it is not there."""

    path = "/v1/open-badges/{brand_id:str}"
    tags = ("Open Badges",)
    opt = PUBLIC

    @get("/issuer", cache_control=BRIEFLY, responses=problem_responses(404, 422))
    async def issuer(self, request: AppRequest, brand_id: BrandId) -> Response[dict[str, Any]]:
        """Who issues the badges (Profile)."""
        return _public(await service.issuer_profile(request.resources, brand_id=_own(request, brand_id)))

    @get("/keys/{version:int}", cache_control=FOR_AN_HOUR, responses=problem_responses(404, 422))
    async def key(self, request: AppRequest, brand_id: BrandId, version: Version) -> Response[dict[str, Any]]:
        """The public key that `kid` names (JWK). Keys that sign nothing new any more stay here."""
        return _public(
            await service.public_key(request.resources, brand_id=_own(request, brand_id), version=version)
        )

    @get(
        "/status/{number:int}",
        media_type=MediaType.TEXT,
        cache_control=BRIEFLY,
        responses=problem_responses(404, 422),
    )
    async def status(self, request: AppRequest, brand_id: BrandId, number: ListNumber) -> Response[str]:
        """Which credentials were revoked (BitstringStatusListCredential as VC-JWT)."""
        return _public(
            await service.revocations(request.resources, brand_id=_own(request, brand_id), number=number)
        )

    @get(
        "/achievements/{campaign_id:str}/{badge_id:str}/{language:str}",
        cache_control=FOR_AN_HOUR,
        responses=problem_responses(404, 422),
    )
    async def achievement(
        self,
        request: AppRequest,
        brand_id: BrandId,
        campaign_id: CampaignId,
        badge_id: BadgeId,
        language: FromPath[Language],
    ) -> Response[dict[str, Any]]:
        """What a badge stands for (Achievement), in `en` or `zh-CN`."""
        return _public(
            await service.published_achievement(
                request.resources,
                brand_id=_own(request, brand_id),
                campaign_id=campaign_id,
                badge_id=badge_id,
                language=language,
            )
        )


def _public(body: T) -> Response[T]:
    return Response(body, headers=FOR_ALL)


def _own(request: AppRequest, brand_id: str) -> str:
    """The brand that is asked for, which is the caller's where there is one."""
    if request.user and request.user.brand_id != brand_id:
        raise no_issuer()
    return brand_id


def _shown(request: AppRequest, issuer: Issuer) -> IssuerView:
    address = service.addresses(request.resources, issuer.brand_id).issuer
    return issuer_view(issuer, address=address)
