"""The log over HTTP: tlog-tiles, receipts, caches and brands."""

import hashlib

import httpx
import pytest
from litestar import Litestar

from game.fair.merkle import EMPTY_ROOT, inclusion_proof, root
from game.fair.note import Verifier, open_checkpoint
from game.fair.receipt import decode_receipt
from game.resources import Resources
from tests.audit.logs import add_campaign, entries_of, leaves_of, open_log, tiles_from_scratch, write
from tests.support.tokens import Issuer

CAMPAIGN = "campaign0001"
LOG = f"/v1/campaigns/{CAMPAIGN}/log"


async def written_log(app: Litestar, *batches: int) -> Resources:
    """The resources of the application, after a log of the brand `acme` got these batches."""
    resources = app.state.resources
    assert isinstance(resources, Resources)
    await open_log(resources, campaign_id=CAMPAIGN, brand_id="acme")
    await write(resources, CAMPAIGN, *batches)
    return resources


async def verifier_of(client: httpx.AsyncClient) -> Verifier:
    """The verifier of the key that the log tells."""
    return Verifier.parse((await client.get(f"{LOG}/vkey")).text)


def entries_in(bundle: bytes) -> list[bytes]:
    """Entries out of a bundle, by the lengths before them."""
    entries = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2:end])
        bundle = bundle[end:]
    return entries


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [0, 5, 300])
async def test_the_checkpoint_is_of_what_is_committed(
    app: Litestar, app_client: httpx.AsyncClient, size: int
) -> None:
    """The checkpoint opens under the told key and says size and root, of the empty log too."""
    await written_log(app, *([size] if size else []))
    response = await app_client.get(f"{LOG}/checkpoint")
    opened = open_checkpoint(response.content, await verifier_of(app_client))
    assert (opened.origin, opened.size) == ("acme.example/campaign0001", size)
    assert opened.root == (root(leaves_of(size)) if size else EMPTY_ROOT)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "max-age=1, public"


@pytest.mark.asyncio
async def test_tiles_make_up_the_checkpoints_root(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """A client that reads tiles and bundles alone replays the log to the checkpoint's root."""
    await written_log(app, 200, 400)
    paths = ["entries/000", "entries/001", "entries/002.p/88"]
    bundles = [(await app_client.get(f"{LOG}/tile/{path}")).content for path in paths]
    entries = [entry for bundle in bundles for entry in entries_in(bundle)]
    assert entries == entries_of(0, 600)
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    tiles = tiles_from_scratch(leaves)
    for path, place in {"0/000": (0, 0), "0/001": (0, 1), "0/002.p/88": (0, 2), "1/000.p/2": (1, 0)}.items():
        assert (await app_client.get(f"{LOG}/tile/{path}")).content == tiles[place]


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["0/000.p/1", "0/000.p/255", "entries/000.p/1", "1/000.p/1"])
async def test_a_narrower_tile_is_its_beginning(
    app: Litestar, app_client: httpx.AsyncClient, path: str
) -> None:
    """A partial tile that has grown since is served as it was."""
    await written_log(app, 512)
    width = int(path.rpartition("/")[2])
    content = (await app_client.get(f"{LOG}/tile/{path}")).content
    if path.startswith("entries"):
        assert entries_in(content) == entries_of(0, width)
    else:
        tiles = tiles_from_scratch(leaves_of(512))
        assert content == tiles[int(path[0]), 0][: width * 32]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        "0/000.p/6",
        "0/000",
        "0/001",
        "1/000.p/1",
        "63/000.p/1",
        "64/000.p/1",
        "00/000.p/1",
        "entries/000",
        "entries/000.p/6",
        "entries/x999/x999/x999/x999/999",
        "0/x999/x999/x999/x999/999",
        "0/x999/x999/x999/x999/x999/x999/x999/999",
        "0/x000/000.p/1",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/-1",
        "0/0.p/1",
        "0/000.p/1/2",
        "-1/000.p/1",
        "0/000.p/%EF%BC%91",
        "entries",
        "nothing/000",
    ],
)
async def test_tiles_that_are_not_there(app: Litestar, app_client: httpx.AsyncClient, path: str) -> None:
    """Tiles beyond the log, and addresses that are no tile's, are not found, and no cache remembers it."""
    await written_log(app, 5)
    response = await app_client.get(f"{LOG}/tile/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "tile_not_found")
    assert "cache-control" not in response.headers


@pytest.mark.asyncio
async def test_tiles_are_kept_for_good(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """Tiles are bytes that caches may keep for ever."""
    await written_log(app, 256)
    for path in ("0/000", "entries/000", "1/000.p/1"):
        headers = (await app_client.get(f"{LOG}/tile/{path}")).headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["cache-control"] == "max-age=31536000, public, immutable"


@pytest.mark.asyncio
async def test_an_index_beyond_a_thousand_is_in_groups(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """`x001/234` is tile 1234."""
    resources = await written_log(app)
    await resources.pool.execute(
        "INSERT INTO log_tile (campaign_id, level, tile_index, hashes) VALUES ($1, 1, 1234, $2)",
        CAMPAIGN,
        b"h" * 64,
    )
    assert (await app_client.get(f"{LOG}/tile/1/x001/234.p/2")).content == b"h" * 64


@pytest.mark.asyncio
async def test_a_receipt_is_of_the_newest_checkpoint(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """An entry's receipt holds the plain proof, and the checkpoint that is served."""
    await written_log(app, 100, 200)
    receipt = decode_receipt((await app_client.get(f"{LOG}/receipts/7")).text)
    assert list(receipt.path) == inclusion_proof(leaves_of(300), 7)
    assert receipt.checkpoint == (await app_client.get(f"{LOG}/checkpoint")).content


@pytest.mark.asyncio
@pytest.mark.parametrize("index", ["5", "-1", "9" * 30])
async def test_a_receipt_of_nothing(app: Litestar, app_client: httpx.AsyncClient, index: str) -> None:
    """An index that the log has not reached is not found, with the size that it has."""
    await written_log(app, 5)
    response = await app_client.get(f"{LOG}/receipts/{index}")
    assert (response.status_code, response.json()["code"], response.json()["size"]) == (
        404,
        "entry_not_found",
        5,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "resource", ["checkpoint", "vkey", "keys", "tile/0/000.p/1", "tile/entries/000.p/1", "receipts/0"]
)
async def test_another_brands_log_is_not_there(
    app: Litestar, app_client: httpx.AsyncClient, issuer: Issuer, other_issuer: Issuer, resource: str
) -> None:
    """Without a token and with one of the brand the log is served; with another brand's it is not found."""
    await written_log(app, 5)
    address = f"{LOG}/{resource}"
    assert (await app_client.get(address)).status_code == 200
    assert (await app_client.get(address, headers=issuer.headers("ann"))).status_code == 200
    refused = await app_client.get(address, headers=other_issuer.headers("ann"))
    assert (refused.status_code, refused.json()["code"]) == (404, "log_not_found")


@pytest.mark.asyncio
@pytest.mark.parametrize("resource", ["checkpoint", "vkey", "keys", "tile/0/000", "receipts/0"])
async def test_a_draft_has_no_log(app: Litestar, app_client: httpx.AsyncClient, resource: str) -> None:
    """A campaign that was not launched answers like one that does not exist."""
    await add_campaign(app.state.resources, campaign_id=CAMPAIGN, brand_id="acme")
    for campaign_id in (CAMPAIGN, "nosuchlog000"):
        response = await app_client.get(f"/v1/campaigns/{campaign_id}/log/{resource}")
        assert (response.status_code, response.json()["code"]) == (404, "log_not_found")
