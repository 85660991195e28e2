"""Writes what a pack holds into a folder: one snapshot of the database, and what follows from it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from game.audit.proofs import receipts
from game.audit.reading import frozen_head
from game.audit.rules import MAX_RECEIPTS
from game.audit.service import log_signer
from game.audit.verifier import SHA256, SOURCE
from game.auditor.manifest import CHECKPOINT, LOG, RECEIPTS, RULES
from game.db.connection import Connection
from game.evidence import store
from game.evidence.rules import Mask
from game.evidence.words import README
from game.resources import Resources

MAX_WINNERS = 20_000
VERIFY_SECONDS = 600.0


class Frozen(msgspec.Struct, frozen=True):
    """The log as it stood when the pack was made."""

    origin: str
    size: int
    root: bytes
    closes_ms: int


async def gather(resources: Resources, claim: store.Claim, folder: Path, mask: Mask) -> Frozen:
    """Fill the folder. Everything about the campaign is of one instant, and so is the log."""
    async with _snapshot(resources) as conn:
        head = await frozen_head(conn, campaign_id=claim.campaign_id)
        for name in store.RECORDS:
            await _write_records(conn, claim, name, folder, mask)
        await _write_entries(conn, claim, head.size, folder)
        await _write_rules(conn, claim, folder)
        indices = await store.winners(conn, campaign_id=claim.campaign_id, size=head.size, limit=MAX_WINNERS)
        closes_ms = await store.closes_ms(conn, campaign_id=claim.campaign_id)
    frozen = Frozen(head.origin, head.size, head.root, closes_ms)
    await _write_log(resources, claim, frozen, folder)
    await _write_receipts(resources, claim, frozen, indices, folder)
    await _write_report(folder)
    _write(folder / "README.txt", README.encode())
    return frozen


@asynccontextmanager
async def _snapshot(resources: Resources) -> AsyncIterator[Connection]:
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        yield conn


async def _write_records(conn: Connection, claim: store.Claim, name: str, folder: Path, mask: Mask) -> None:
    with _opened(folder / "records" / f"{name}.jsonl") as file:
        async for row in store.records(conn, name, campaign_id=claim.campaign_id):
            file.write(mask.line(row))


async def _write_entries(conn: Connection, claim: store.Claim, size: int, folder: Path) -> None:
    with _opened(folder / LOG) as file:
        async for entry in store.entries(conn, campaign_id=claim.campaign_id, size=size):
            file.write(entry + b"\n")


async def _write_rules(conn: Connection, claim: store.Claim, folder: Path) -> None:
    for pool_id, document in (await store.rules(conn, campaign_id=claim.campaign_id)).items():
        _write(folder / RULES / f"{pool_id}.json", document)


async def _write_log(resources: Resources, claim: store.Claim, frozen: Frozen, folder: Path) -> None:
    signer = await log_signer(resources, claim.campaign_id)
    _write(folder / CHECKPOINT, signer.checkpoint(frozen.size, frozen.root).encode())
    _write(folder / "log" / "vkey", f"{signer.vkey}\n".encode())
    _write(folder / "log" / f"verify-{SHA256.hex()[:16]}.py", SOURCE)


async def _write_receipts(
    resources: Resources, claim: store.Claim, frozen: Frozen, indices: list[int], folder: Path
) -> None:
    for start in range(0, len(indices), MAX_RECEIPTS):
        some = indices[start : start + MAX_RECEIPTS]
        found = await receipts(resources, campaign_id=claim.campaign_id, indices=some, size=frozen.size)
        for index, receipt in found.items():
            _write(folder / RECEIPTS / f"{index}.tlog-proof", receipt.encode())


async def _write_report(folder: Path) -> None:
    """What `playfair verify` says of the log, from a process of its own, so that nobody who plays waits."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "game", "verify",
        "--log", folder / LOG, "--checkpoint", folder / CHECKPOINT, "--key", folder / "log" / "vkey",
        "--json", folder / "fit.json", "--html", folder / "fit.html",
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PLAYFAIR_")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), VERIFY_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    _write(folder / "fit.txt", out or err)


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _write(path: Path, content: bytes) -> None:
    with _opened(path) as file:
        file.write(content)
