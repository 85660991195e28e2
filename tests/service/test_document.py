"""The OpenAPI document, the page that shows it, and what both say of the routes."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Controller, get

from game.app import CONTROLLERS, build_app
from game.document import document
from game.openapi import main
from tests.support.app import settings_for

EXPORTED = Path(__file__).parents[2] / "openapi" / "game.json"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The document of the service's routes."""
    decoded: dict[str, Any] = msgspec.json.decode(document(CONTROLLERS))
    return decoded


# Who signs may be told that its source has no right to what it tells.
SIGNED = frozenset({"post /v1/webhooks/{source}"})


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by method and path."""
    return {
        f"{method} {path}": operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }


def test_the_exported_document_is_up_to_date() -> None:
    """What others generate clients from is what is served: `playfair openapi openapi/game.json` writes it."""
    assert EXPORTED.read_bytes() == document(CONTROLLERS)


def test_the_command_writes_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To a file when one is named, else to the screen."""
    assert main([str(tmp_path / "game.json")]) == 0
    assert main([]) == 0
    assert (tmp_path / "game.json").read_text(encoding="utf-8") == capsys.readouterr().out


def test_every_operation_says_how_it_refuses(described: dict[str, Any]) -> None:
    """Bad tokens, rates and outages can meet any request; roles and places some of them."""
    for name, operation in operations(described).items():
        answers = operation["responses"]
        assert {"401", "429", "503"} <= answers.keys(), name
        has_rights = operation["security"] == [{"bearer": []}] or name in SIGNED
        assert ("403" in answers) == has_rights, name
        assert "{" not in name or "404" in answers, name
        assert "requestBody" not in operation or {"400", "413", "415", "422"} <= answers.keys(), name
        assert operation["summary"], name


def test_operations_have_names_of_their_own(described: dict[str, Any]) -> None:
    """Generated clients name their functions by them."""
    names = [operation["operationId"] for operation in operations(described).values()]
    assert sorted(names) == sorted(set(names))


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    """No `$ref` of the document dangles."""
    for reference in re.findall(r'"\$ref":"#/([^"]+)"', msgspec.json.encode(described).decode()):
        place = described
        for step in reference.split("/"):
            place = place[step]


def test_a_route_must_be_guarded_or_public() -> None:
    """An application with a route that nobody thought about is not built."""

    class Forgotten(Controller):
        @get("/forgotten")
        async def forgotten(self) -> None:
            """Open to all by mistake."""

    settings = settings_for("postgresql://nowhere", "redis://nowhere")
    with pytest.raises(AssertionError, match="neither guarded nor public"):
        build_app(settings, controllers=[Forgotten])


@pytest.mark.asyncio
async def test_the_document_is_served(app_client: httpx.AsyncClient) -> None:
    """The same bytes as exported."""
    answer = await app_client.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == document(CONTROLLERS)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/docs", "text/html"), ("/docs/page.js", "text/javascript"), ("/docs/page.css", "text/css")],
)
async def test_the_page_is_our_own(app_client: httpx.AsyncClient, path: str, media_type: str) -> None:
    """Nothing is loaded from elsewhere, and the browser is told not to."""
    answer = await app_client.get(path)
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]", answer.text)


@pytest.mark.asyncio
async def test_the_bare_address_leads_to_the_page(app_client: httpx.AsyncClient) -> None:
    """Whoever opens what the run prints in a browser is not told that nothing is there."""
    answer = await app_client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


def test_the_page_names_files_that_exist() -> None:
    """What the page loads is in the package."""
    page = files("game.pages").joinpath("page.html").read_text(encoding="utf-8")
    for name in re.findall(r'"/docs/([a-z.]+)"', page):
        assert files("game.pages").joinpath(name).is_file()
