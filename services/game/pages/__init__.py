"""The OpenAPI document, and the page that shows it: all from this process, nothing from elsewhere."""

from functools import lru_cache
from importlib.resources import files

from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.response import Redirect

from game.auth import PUBLIC, AppRequest

BRIEFLY = CacheControlHeader(public=True, max_age=300)
# The page runs and shows only what this service sends it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Pages(Controller):
    """The API's description, for programs and for people."""

    opt = PUBLIC
    include_in_schema = False
    cache_control = BRIEFLY

    @get("/", sync_to_thread=False)
    def root(self) -> Redirect:
        """The way to the page, for whoever opens the service's bare address."""
        return Redirect("/docs")

    @get("/openapi.json", sync_to_thread=False)
    def openapi(self, request: AppRequest) -> Response[bytes]:
        """The OpenAPI document."""
        return Response(request.app.state.document(), media_type="application/json", headers=HEADERS)

    @get("/docs", sync_to_thread=False)
    def page(self) -> Response[bytes]:
        """The page."""
        return _file("page.html", "text/html")

    @get("/docs/page.js", sync_to_thread=False)
    def script(self) -> Response[bytes]:
        """What the page runs."""
        return _file("page.js", "text/javascript")

    @get("/docs/page.css", sync_to_thread=False)
    def style(self) -> Response[bytes]:
        """How the page looks."""
        return _file("page.css", "text/css")


def _file(name: str, media_type: str) -> Response[bytes]:
    return Response(_content(name), media_type=media_type, headers=HEADERS)


@lru_cache(maxsize=8)
def _content(name: str) -> bytes:
    return files("game.pages").joinpath(name).read_bytes()
