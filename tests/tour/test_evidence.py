"""Evidence packs of the fair: all is in them, nobody's name is, and not a byte of them can change."""

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from game.auth import Role
from game.evidence.api import PackList, PackView
from game.tour.client import Client, connected, eventually
from game.verify import main
from tests.tour.conftest import Told

pytestmark = pytest.mark.asyncio(loop_scope="package")

Files = dict[str, bytes]


class Desk(msgspec.Struct, frozen=True):
    """An auditor and an admin at the fair's campaign, and where its packs are."""

    auditor: Client
    admin: Client
    packs: str
    key: bytes

    async def made(self, client: Client, name: str, body: dict[str, Any]) -> tuple[PackView, bytes]:
        """A pack that was asked for, and its zip."""
        (await client.put(f"{self.packs}/{name}", body)).read(PackView, status=202)
        view = await eventually(lambda: self.view(client, name), lambda pack: pack.made)
        assert view.made, "the pack was not made in time"
        return view, (await client.get(f"{self.packs}/{name}/pack.zip")).text()

    async def view(self, client: Client, name: str) -> PackView:
        """A pack as it stands."""
        return (await client.get(f"{self.packs}/{name}")).read(PackView, status=200)


@pytest_asyncio.fixture(loop_scope="package", scope="module")
async def desk(told: Told) -> AsyncIterator[Desk]:
    """People who may have packs."""
    campaign = told.fair.place.campaign_id
    key = (await told.venue.anybody.get(f"/v1/campaigns/{campaign}/log/vkey")).text()
    async with connected(told.site.settings.public_url) as session:
        auditor = told.site.client(session, "auditor-li", Role.AUDITOR)
        admin = told.site.client(session, "admin-wu", Role.ADMIN)
        yield Desk(auditor, admin, f"/v1/manage/campaigns/{campaign}/evidence", key)


@pytest_asyncio.fixture(loop_scope="package", scope="module")
async def masked(desk: Desk) -> tuple[PackView, bytes]:
    """A pack in which nobody has a name."""
    return await desk.made(desk.auditor, "first", {})


def unzipped(content: bytes) -> Files:
    """The files of a zip."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def verified(folder: Path, content: bytes, key: bytes) -> int:
    """What `playfair verify --pack` says."""
    (folder / "pack.zip").write_bytes(content)
    (folder / "key").write_bytes(key)
    return main(["--pack", str(folder / "pack.zip"), "--key", str(folder / "key")])


def lines(files: Files, name: str) -> list[dict[str, Any]]:
    """The records of one kind."""
    return [json.loads(line) for line in files[f"records/{name}.jsonl"].splitlines()]


async def test_a_pack_verifies(desk: Desk, masked: tuple[PackView, bytes], tmp_path: Path) -> None:
    """It is the one whose digest the service tells, and all in it is as it was signed."""
    view, content = masked
    assert (view.masked, view.sha256, view.bytes) == (True, hashlib.sha256(content).hexdigest(), len(content))
    assert verified(tmp_path, content, desk.key) == 0


async def test_what_is_in_it(masked: tuple[PackView, bytes], told: Told) -> None:
    """Rules, pools, the log, receipts of winners, ledger references, the change log, the report."""
    files = unzipped(masked[1])
    made = told.fair.collected.made
    plays = {play["play_id"].replace("-", "") for play in lines(files, "plays")}
    assert plays >= {play.view.id.rpartition("-")[2] for play in made}
    winners = [draw for draw in lines(files, "draws") if draw["prize_kind"] != "nothing"]
    assert winners
    assert {f"receipts/{draw['entry_index']}.tlog-proof" for draw in winners} <= files.keys()
    for pool in lines(files, "pools"):
        entry = json.loads(files["log/log.jsonl"].splitlines()[pool["entry_index"]])
        assert hashlib.sha256(files[f"rules/{pool['pool_id']}.json"]).hexdigest() == entry["rules"]
    debits = [operation for operation in lines(files, "operations") if operation["kind"] == "debit"]
    assert all(operation["ledger_seq"] for operation in debits if operation["state"] == "applied")
    actions = {change["action"]: change["actor"] for change in lines(files, "changes")}
    assert actions["campaign.launch"] == "mei"
    assert b"OK" in files["fit.txt"]
    assert lines(files, "completions")
    assert lines(files, "rewards")


async def test_nobody_has_a_name(masked: tuple[PackView, bytes], told: Told) -> None:
    """No subject of a player, no account, no secret is in any file; a pseudonym is the same throughout."""
    files = unzipped(masked[1])
    subjects = [guest.name.encode() for guest in (*told.venue.guests, told.venue.poor)]
    assert [
        (name, subject) for name, content in files.items() for subject in subjects if subject in content
    ] == []
    assert not any(b"secret_sealed" in content for content in files.values())
    players = {line["player"] for line in lines(files, "plays")}
    assert players & {line["player"] for line in lines(files, "rewards")}
    assert len(players) > 1


async def test_names_are_for_admins_who_say_why(desk: Desk, told: Told, tmp_path: Path) -> None:
    """An auditor cannot have them, nor take the pack that an admin asked for."""
    body = {"names_because": "A court asks: case 17"}
    refused = await desk.auditor.put(f"{desk.packs}/names", body)
    assert (refused.status, json.loads(refused.body)["code"]) == (403, "names_forbidden")
    view, content = await desk.made(desk.admin, "names", body)
    assert not view.masked
    players = {line["player"] for line in lines(unzipped(content), "plays")}
    assert players <= {guest.name for guest in (*told.venue.guests, told.venue.poor)}
    assert verified(tmp_path, content, desk.key) == 0
    taken = await desk.auditor.get(f"{desk.packs}/names/pack.zip")
    assert (taken.status, json.loads(taken.body)["code"]) == (403, "names_forbidden")


async def test_asking_twice_and_what_is_not_there(desk: Desk, masked: tuple[PackView, bytes]) -> None:
    """The same question has the same pack; another one under its id is refused."""
    again = (await desk.auditor.put(f"{desk.packs}/first", {})).read(PackView, status=202)
    assert again == masked[0]
    other = await desk.admin.put(f"{desk.packs}/first", {"names_because": "Curiosity"})
    assert (other.status, json.loads(other.body)["code"]) == (409, "pack_exists")
    missing = await desk.auditor.get(f"{desk.packs}/none")
    assert (missing.status, json.loads(missing.body)["code"]) == (404, "pack_not_found")
    listed = (await desk.auditor.get(desk.packs)).read(PackList, status=200)
    assert "first" in [pack.id for pack in listed.packs]


async def test_who_asked_and_who_took_it(desk: Desk, masked: tuple[PackView, bytes], told: Told) -> None:
    """Both are in the change log."""
    answer = await told.venue.manager.get(desk.packs.removesuffix("evidence") + "changes")
    done = [(change["action"], change["actor"]) for change in json.loads(answer.body)["changes"]]
    assert ("evidence.ask", "auditor-li") in done
    assert ("evidence.download", "auditor-li") in done
    assert masked[0].asked_by == "auditor-li"


LOCKED = (
    "DELETE FROM evidence_chunk",
    "DELETE FROM evidence_pack",
    "UPDATE evidence_chunk SET content = ''",
    "UPDATE evidence_pack SET kept_until_ms = 0",
    "UPDATE evidence_pack SET asked_by = 'nobody'",
    "INSERT INTO evidence_chunk SELECT campaign_id, pack_id, 1000, content FROM evidence_chunk",
    "TRUNCATE evidence_chunk",
    "TRUNCATE evidence_pack CASCADE",
)


@pytest.mark.parametrize("statement", LOCKED)
async def test_the_database_keeps_it(statement: str, masked: tuple[PackView, bytes], told: Told) -> None:
    """Until two years after the end nobody deletes or changes it, the service's own role neither."""
    view = masked[0]
    assert view.kept_until is not None
    assert view.made_at is not None
    assert (view.kept_until - view.made_at).days >= 2 * 365
    async with told.venue.resources.pool.acquire() as conn:
        with pytest.raises(asyncpg.RaiseError, match=r"is locked|are not truncated"):
            await conn.execute(statement)


def rezipped(files: Files) -> bytes:
    """A zip of these files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _resigned(files: Files) -> Files:
    """With a manifest that has the digest of a changed log, but no new signature."""
    changed = files["log/log.jsonl"].upper()
    manifest = json.loads(files["manifest.json"])
    for file in manifest["files"]:
        if file["path"] == "log/log.jsonl":
            file.update({"sha256": hashlib.sha256(changed).hexdigest(), "bytes": len(changed)})
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    return {**files, "log/log.jsonl": changed, "manifest.json": text}


def _without(files: Files, name: str) -> Files:
    return {each: content for each, content in files.items() if each != name}


TAMPERED: dict[str, Callable[[Files], Files]] = {
    "a record": lambda files: {**files, "records/changes.jsonl": files["records/changes.jsonl"] + b"{}\n"},
    "a record of the same length": lambda files: {
        **files,
        "records/plays.jsonl": files["records/plays.jsonl"].replace(b"settled", b"SETTLED"),
    },
    "a file less": lambda files: _without(files, "records/breaks.jsonl"),
    "a file more": lambda files: {**files, "records/more.jsonl": b""},
    "a file outside": lambda files: {**files, "../more": b""},
    "no manifest": lambda files: _without(files, "manifest.json"),
    "no signature": lambda files: _without(files, "manifest.note"),
    "another signature": lambda files: {**files, "manifest.note": files["log/checkpoint"]},
    "another manifest": lambda files: {
        **files,
        "manifest.json": files["manifest.json"].replace(b"true", b"false"),
    },
    "another log and manifest": _resigned,
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_tampered_pack(
    what: str, desk: Desk, masked: tuple[PackView, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused, whatever was changed."""
    files = TAMPERED[what](unzipped(masked[1]))
    assert verified(tmp_path, rezipped(files), desk.key) == 1
    assert "BAD  check 1" in capsys.readouterr().out


async def test_what_is_no_pack(desk: Desk, masked: tuple[PackView, bytes], tmp_path: Path) -> None:
    """A file that is no zip, or one that is cut, is no verdict."""
    assert verified(tmp_path, b"no zip", desk.key) == 3
    assert verified(tmp_path, masked[1][:-100], desk.key) == 3
