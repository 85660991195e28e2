"""Asking for evidence packs, making them in the background, and handing them out."""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from game.audit.service import log_signer
from game.auditor.manifest import FORMAT, MANIFEST, NOTE, Manifest, PackedFile, manifest_bytes
from game.auth import Caller, Role
from game.campaigns.access import desk_of, launched
from game.errors import Conflict, Exhausted, Forbidden, NotFound
from game.evidence import store
from game.evidence.gathering import Frozen, gather
from game.evidence.rules import Mask, kept_until_ms
from game.evidence.store import Claim, Made, Pack
from game.resources import Resources

MAX_PACKS = 100
CLAIM_MS = 900_000
MAX_ATTEMPTS = 5
MASK_KEY_BYTES = 32
CHUNK_BYTES = 1_000_000
MAX_PACK_BYTES = 2_000_000_000

log = structlog.get_logger()


async def ask(
    resources: Resources, caller: Caller, *, campaign_id: str, pack_id: str, masked: bool, reason: str | None
) -> Pack:
    """Ask for a pack, once per id; it is made in the background. Names only for admins who say why.

    Raises Forbidden `names_forbidden`, Conflict `pack_exists`, Exhausted `too_many_packs`, NotFound.
    """
    if not masked and Role.ADMIN not in caller.roles:
        raise Forbidden("names_forbidden", "Only an admin may have a pack with players' names.")
    asked = Pack(
        pack_id=pack_id,
        asked_ms=resources.clock(),
        asked_by=caller.subject,
        masked=masked,
        reason=reason,
        made_ms=None,
        log_size=None,
        sha256=None,
        bytes=None,
        kept_until_ms=None,
        attempts=0,
    )
    async with desk_of(resources, caller, campaign_id) as work:
        known = await store.packs(work.conn, campaign_id=campaign_id, pack_id=None, limit=MAX_PACKS)
        if same := next((pack for pack in known if pack.pack_id == pack_id), None):
            return _repeated(same, asked)
        if len(known) == MAX_PACKS:
            raise Exhausted("too_many_packs", "The campaign has all the packs it may have.", limit=MAX_PACKS)
        await launched(work.conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        await store.ask(work.conn, asked, campaign_id=campaign_id)
        new = {"pack_id": pack_id, "masked": masked, "reason": reason}
        await work.record("evidence.ask", old={}, new=new)
    return asked


def _repeated(same: Pack, asked: Pack) -> Pack:
    if (same.masked, same.reason) != (asked.masked, asked.reason):
        raise Conflict("pack_exists", "There is another pack of this id.", pack_id=same.pack_id)
    return same


async def packs(resources: Resources, caller: Caller, *, campaign_id: str) -> list[Pack]:
    """A campaign's packs, the oldest first."""
    async with resources.pool.acquire() as conn:
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.packs(conn, campaign_id=campaign_id, pack_id=None, limit=MAX_PACKS)


async def pack(resources: Resources, caller: Caller, *, campaign_id: str, pack_id: str) -> Pack:
    """One pack. NotFound `pack_not_found`."""
    async with resources.pool.acquire() as conn:
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        found = await store.packs(conn, campaign_id=campaign_id, pack_id=pack_id, limit=1)
    if not found:
        raise NotFound("pack_not_found", "The campaign has no such evidence pack.")
    return found[0]


async def download(
    resources: Resources, caller: Caller, *, campaign_id: str, pack_id: str
) -> AsyncIterator[bytes]:
    """The zip's parts; the change log has who took it. Conflict `pack_not_made`, Forbidden, NotFound."""
    found = await pack(resources, caller, campaign_id=campaign_id, pack_id=pack_id)
    if found.made_ms is None:
        raise Conflict("pack_not_made", "The pack is being made.", asked_ms=found.asked_ms)
    if not found.masked and Role.ADMIN not in caller.roles:
        raise Forbidden("names_forbidden", "Only an admin may have a pack with players' names.")
    async with desk_of(resources, caller, campaign_id) as work:
        await work.record("evidence.download", old={}, new={"pack_id": pack_id})
    return _parts(resources, campaign_id, pack_id)


async def _parts(resources: Resources, campaign_id: str, pack_id: str) -> AsyncIterator[bytes]:
    for nth in range(MAX_PACK_BYTES // CHUNK_BYTES + 1):
        async with resources.pool.acquire() as conn:
            content = await store.chunk(conn, campaign_id=campaign_id, pack_id=pack_id, nth=nth)
        if content is None:
            return
        yield content


async def make_packs(resources: Resources) -> int:
    """Make the pack that waits longest; how many were made. Whoever dies over it leaves it to the next."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        claim = await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS, attempts=MAX_ATTEMPTS)
    return await make(resources, claim) if claim else 0


async def make(resources: Resources, claim: Claim) -> int:
    """Make a pack that was claimed; 0: somebody else was faster."""
    mask = Mask(resources.entropy(MASK_KEY_BYTES) if claim.masked else None)
    with TemporaryDirectory(prefix="playfair-evidence-") as name:
        folder = Path(name) / "pack"
        folder.mkdir()
        frozen = await gather(resources, claim, folder, mask)
        zipped = Path(name) / "pack.zip"
        await _close(resources, claim, folder, frozen)
        await asyncio.to_thread(_zip, folder, zipped)
        return await _keep(resources, claim, frozen, zipped)


async def _close(resources: Resources, claim: Claim, folder: Path, frozen: Frozen) -> None:
    """Write the manifest, and sign its digest."""
    manifest = Manifest(
        format=FORMAT,
        campaign=claim.campaign_id,
        origin=frozen.origin,
        size=frozen.size,
        root=frozen.root.hex(),
        made_ms=resources.clock(),
        masked=claim.masked,
        files=tuple(await asyncio.to_thread(_listed, folder)),
    )
    content = manifest_bytes(manifest)
    signer = await log_signer(resources, claim.campaign_id)
    (folder / MANIFEST).write_bytes(content)
    (folder / NOTE).write_text(signer.evidence(hashlib.sha256(content).digest()), encoding="utf-8")


def _listed(folder: Path) -> list[PackedFile]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [_file(path, path.relative_to(folder).as_posix()) for path in paths]


def _file(path: Path, name: str) -> PackedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PackedFile(path=name, bytes=path.stat().st_size, sha256=digest)


def _zip(folder: Path, zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())


async def _keep(resources: Resources, claim: Claim, frozen: Frozen, zipped: Path) -> int:
    zip_file, now_ms = await asyncio.to_thread(_file, zipped, ""), resources.clock()
    size = zip_file.bytes
    if size > MAX_PACK_BYTES:
        log.error("evidence.too_large", campaign_id=claim.campaign_id, pack_id=claim.pack_id, bytes=size)
        return 0
    made = Made(
        made_ms=now_ms,
        log_size=frozen.size,
        sha256=bytes.fromhex(zip_file.sha256),
        bytes=size,
        kept_until_ms=kept_until_ms(frozen.closes_ms, now_ms),
    )
    async with resources.pool.acquire() as conn, conn.transaction():
        if not await store.lock_unmade(conn, claim):
            return 0
        with zipped.open("rb") as file:
            for nth, content in enumerate(iter(lambda: file.read(CHUNK_BYTES), b"")):
                await store.add_chunk(conn, claim, nth=nth, content=content)
        await store.made(conn, claim, made)
    log.info("evidence.made", campaign_id=claim.campaign_id, pack_id=claim.pack_id, bytes=size)
    return 1
