"""A campaign's draw log, as C2SP tlog-tiles serves it."""

from litestar import Controller, get
from litestar.datastructures import CacheControlHeader
from litestar.enums import MediaType
from litestar.params import FromPath

from game.audit import reading
from game.audit.witnessing import cosigned_checkpoint
from game.auth import PUBLIC, AppRequest
from game.problems import problem_responses

BRIEFLY = CacheControlHeader(public=True, max_age=1)
FOR_AN_HOUR = CacheControlHeader(public=True, max_age=3_600)
# What stands at a tile's address never changes: a tile that grows gets another address.
FOR_GOOD = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
PROBLEMS = problem_responses(404)


class Log(Controller):
    """The log of one campaign. No token is needed; to one of another brand it is not there."""

    path = "/v1/campaigns/{campaign_id:str}/log"
    tags = ("Draw log",)
    opt = PUBLIC

    @get("/checkpoint", media_type=MediaType.TEXT, cache_control=BRIEFLY, responses=PROBLEMS)
    async def checkpoint(self, request: AppRequest, campaign_id: FromPath[str]) -> str:
        """The newest checkpoint: a signed note of origin, size and root (C2SP tlog-checkpoint)."""
        return await reading.checkpoint(request.resources, campaign_id=campaign_id, brand_id=request.brand_id)

    @get("/cosigned", media_type=MediaType.TEXT, cache_control=BRIEFLY, responses=PROBLEMS)
    async def cosigned(self, request: AppRequest, campaign_id: FromPath[str]) -> str:
        """The newest checkpoint that witnesses have cosigned, with their lines (C2SP tlog-cosignature)."""
        await reading.require_log(request.resources, campaign_id=campaign_id, brand_id=request.brand_id)
        return await cosigned_checkpoint(request.resources, campaign_id=campaign_id)

    @get("/vkey", media_type=MediaType.TEXT, cache_control=FOR_AN_HOUR, responses=PROBLEMS)
    async def vkey(self, request: AppRequest, campaign_id: FromPath[str]) -> str:
        """The key that verifies this log's notes, `name+id+key`. Compare it with the one you pinned."""
        return await reading.verifier_key(
            request.resources, campaign_id=campaign_id, brand_id=request.brand_id
        )

    @get("/receipts/{index:int}", media_type=MediaType.TEXT, cache_control=BRIEFLY, responses=PROBLEMS)
    async def receipt(self, request: AppRequest, campaign_id: FromPath[str], index: FromPath[int]) -> str:
        """An entry's receipt at the newest checkpoint (C2SP tlog-proof)."""
        return await reading.receipt(
            request.resources, campaign_id=campaign_id, brand_id=request.brand_id, index=index
        )

    @get(
        "/tile/{tile:path}",
        media_type="application/octet-stream",
        cache_control=FOR_GOOD,
        responses=PROBLEMS,
    )
    async def tile(self, request: AppRequest, campaign_id: FromPath[str], tile: FromPath[str]) -> bytes:
        """Hashes, `<L>/<N>[.p/<W>]`, or entries, `entries/<N>[.p/<W>]` (C2SP tlog-tiles)."""
        return await reading.tile(
            request.resources, campaign_id=campaign_id, brand_id=request.brand_id, path=tile
        )
