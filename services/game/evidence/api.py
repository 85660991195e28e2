"""Evidence packs over HTTP, for auditors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get, put
from litestar.params import JSONBody, PathParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.evidence import service
from game.evidence.store import Pack
from game.instants import to_datetime
from game.problems import problem_responses
from game.wire import Line

PackId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="An id of your choice")]
READERS = (Role.AUDITOR, Role.ADMIN)


class EvidenceWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for. Players are masked, but for an admin who says why they must not be."""

    names_because: Line | None = None


class PackView(msgspec.Struct, frozen=True, kw_only=True):
    """A pack. Until it is `made`, all after `asked_by` is null; `failed`: it is not tried again."""

    id: str
    made: bool
    failed: bool
    masked: bool
    asked_at: datetime
    asked_by: str
    made_at: datetime | None
    log_size: int | None
    sha256: str | None
    bytes: int | None
    kept_until: datetime | None


class PackList(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's packs, the oldest first."""

    packs: Sequence[PackView]


class EvidencePacks(Controller):
    """One signed zip with all that an auditor needs of a campaign."""

    path = "/v1/manage/campaigns/{campaign_id:str}/evidence"
    tags = ("Draw log",)
    guards = (require(*READERS),)

    @get("/", responses=problem_responses(401, 403, 404, 422))
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> PackList:
        """All packs of the campaign."""
        found = await service.packs(request.resources, request.caller, campaign_id=campaign_id)
        return PackList(packs=[pack_view(pack) for pack in found])

    @put(
        "/{pack_id:str}",
        status_code=HTTP_202_ACCEPTED,
        responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422),
    )
    async def ask(
        self, request: AppRequest, campaign_id: CampaignId, pack_id: PackId, data: JSONBody[EvidenceWanted]
    ) -> PackView:
        """Ask for a pack; ask again for the same one as often as you like."""
        asked = await service.ask(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            pack_id=pack_id,
            masked=data.names_because is None,
            reason=data.names_because,
        )
        return pack_view(asked)

    @get("/{pack_id:str}", responses=problem_responses(401, 403, 404, 422))
    async def show(self, request: AppRequest, campaign_id: CampaignId, pack_id: PackId) -> PackView:
        """One pack."""
        return pack_view(
            await service.pack(request.resources, request.caller, campaign_id=campaign_id, pack_id=pack_id)
        )

    @get(
        "/{pack_id:str}/pack.zip",
        media_type="application/zip",
        responses=problem_responses(401, 403, 404, 409, 422),
    )
    async def download(self, request: AppRequest, campaign_id: CampaignId, pack_id: PackId) -> Stream:
        """The zip. `playfair verify --pack` checks it."""
        parts = await service.download(
            request.resources, request.caller, campaign_id=campaign_id, pack_id=pack_id
        )
        return Stream(parts, media_type="application/zip")


def pack_view(pack: Pack) -> PackView:
    """A pack as auditors see it."""
    return PackView(
        id=pack.pack_id,
        made=pack.made_ms is not None,
        failed=pack.made_ms is None and pack.attempts >= service.MAX_ATTEMPTS,
        masked=pack.masked,
        asked_at=to_datetime(pack.asked_ms),
        asked_by=pack.asked_by,
        made_at=None if pack.made_ms is None else to_datetime(pack.made_ms),
        log_size=pack.log_size,
        sha256=pack.sha256.hex() if pack.sha256 else None,
        bytes=pack.bytes,
        kept_until=None if pack.kept_until_ms is None else to_datetime(pack.kept_until_ms),
    )
