"""Where auditors get the file that checks a log alone."""

from typing import Annotated

from litestar import Controller, get
from litestar.datastructures import CacheControlHeader
from litestar.params import PathParameter

from game.audit.verifier import SOURCE, verifier_source
from game.auth import PUBLIC, AppRequest
from game.problems import problem_responses

FOR_AN_HOUR = CacheControlHeader(public=True, max_age=3_600)
FOR_GOOD = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
PYTHON = "text/x-python; charset=utf-8"

Digest = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256, in hex")]


class Verifiers(Controller):
    """verify.py: one file, Python's standard library, and the page fairdraw/1 beside it."""

    path = "/v1"
    tags = ("Draw log",)
    opt = PUBLIC

    @get("/verify.py", media_type=PYTHON, cache_control=FOR_AN_HOUR)
    async def newest(self) -> bytes:
        """The version that the rules of new pools name."""
        return SOURCE

    @get(
        "/verifiers/{sha256:str}/verify.py",
        media_type=PYTHON,
        cache_control=FOR_GOOD,
        responses=problem_responses(404, 422),
    )
    async def version(self, request: AppRequest, sha256: Digest) -> bytes:
        """The version that a pool's rules name as `verifier_sha256`: these bytes have that digest."""
        return await verifier_source(request.resources, bytes.fromhex(sha256))
