"""Asks witnesses to cosign checkpoints (c2sp.org/tlog-witness): somebody else then knows what the log was.

Optional. A witness that is away, or says no, keeps nobody from playing.
"""

import asyncio
import re

import aiohttp
import msgspec
import structlog

from game.audit import witness_store
from game.audit.beacon import bounded_body
from game.audit.proofs import node_hashes
from game.audit.reading import frozen_head
from game.audit.rules import Head
from game.audit.service import log_signer
from game.errors import NotFound
from game.fair.findings import Finding
from game.fair.merkle import consistency_from_nodes, consistency_nodes, fold, root_nodes
from game.fair.witness import WitnessAt, add_checkpoint, answered
from game.resources import Resources

MAX_LOGS = 32
ASK_AGAIN_MS = 10_000
ASK_LATER_MS = 60_000
ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
OK, CONFLICT = 200, 409
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n?")

log = structlog.get_logger()


async def ask_witnesses(resources: Resources, session: aiohttp.ClientSession) -> int:
    """Show the logs that have grown to the witnesses that have not seen them so; how many logs there were."""
    witnesses = resources.settings.witnesses
    if not witnesses:
        return 0
    names = [each.witness.name for each in witnesses]
    async with resources.pool.acquire() as conn:
        campaign_ids = await witness_store.unwitnessed_logs(
            conn, witnesses=names, now_ms=resources.clock(), limit=MAX_LOGS
        )
    for campaign_id in campaign_ids:
        await _show_alone(resources, session, campaign_id)
    return len(campaign_ids)


async def _show_alone(resources: Resources, session: aiohttp.ClientSession, campaign_id: str) -> None:
    """One log's trouble is not the others': it is shown later."""
    try:
        await _show(resources, session, campaign_id)
    except Exception:
        log.exception("witness.not_shown", campaign_id=campaign_id)
        for each in resources.settings.witnesses:
            await _postpone(resources, campaign_id, each.witness.name)


async def _postpone(resources: Resources, campaign_id: str, witness: str) -> None:
    later_ms = resources.clock() + ASK_LATER_MS
    async with resources.pool.acquire() as conn:
        await witness_store.postpone(conn, campaign_id=campaign_id, witness=witness, next_attempt_ms=later_ms)


class _Shown(msgspec.Struct, frozen=True):
    """A checkpoint that is shown to a witness which has seen the log at `old_size`."""

    head: Head
    note: bytes
    at: WitnessAt
    old_size: int


async def _show(resources: Resources, session: aiohttp.ClientSession, campaign_id: str) -> None:
    """Show one checkpoint of a log to all witnesses that have seen less."""
    async with resources.pool.acquire() as conn:
        head = await frozen_head(conn, campaign_id=campaign_id)
        sizes = await witness_store.cosigned_sizes(conn, campaign_id=campaign_id)
    signer = await log_signer(resources, campaign_id)
    note = signer.checkpoint(head.size, head.root).encode()
    seen = [(at, sizes.get(at.witness.name, 0)) for at in resources.settings.witnesses]
    shown = [_Shown(head, note, at, old_size) for at, old_size in seen if old_size < head.size]
    await asyncio.gather(*(_ask(resources, session, each) for each in shown))


async def _ask(resources: Resources, session: aiohttp.ClientSession, shown: _Shown) -> None:
    """Ask one witness, and keep what it cosigns; else it is asked again later."""
    name, head, now_ms = shown.at.witness.name, shown.head, resources.clock()
    try:
        line = await _cosigned(resources, session, shown)
    except (aiohttp.ClientError, TimeoutError, Finding) as error:
        says = {"witness": name, "size": head.size, "says": str(error)}
        log.warning("witness.refused", campaign_id=head.campaign_id, **says)
        await _postpone(resources, head.campaign_id, name)
        return
    async with resources.pool.acquire() as conn:
        await witness_store.keep_cosignature(
            conn,
            campaign_id=head.campaign_id,
            witness=name,
            size=head.size,
            line=line,
            next_attempt_ms=now_ms + ASK_AGAIN_MS,
        )


async def _cosigned(resources: Resources, session: aiohttp.ClientSession, shown: _Shown) -> str:
    """The witness's line. It is asked once more from where it says it is."""
    status, answer = await _post(resources, session, shown)
    seen = _SIZE.fullmatch(answer) if status == CONFLICT else None
    if seen and int(seen[1]) <= shown.head.size:
        from_there = msgspec.structs.replace(shown, old_size=int(seen[1]))
        status, answer = await _post(resources, session, from_there)
    if status != OK:
        raise Finding(1, f"answered {status}")
    return answered(answer, shown.note, shown.at.witness).line


async def _post(resources: Resources, session: aiohttp.ClientSession, shown: _Shown) -> tuple[int, bytes]:
    body = add_checkpoint(shown.old_size, await _proof(resources, shown.head, shown.old_size), shown.note)
    url = f"{shown.at.url}/add-checkpoint"
    async with session.post(url, data=body, timeout=ANSWER_TIMEOUT, allow_redirects=False) as response:
        return response.status, await bounded_body(response)


async def _proof(resources: Resources, head: Head, old_size: int) -> list[bytes]:
    """That the log of `head` continues itself as it was; from the empty log nothing is to be proven."""
    nodes = {node for some in consistency_nodes(old_size, head.size) for node in some}
    hashes = await node_hashes(resources, {head.campaign_id: nodes})
    return consistency_from_nodes(old_size, head.size, hashes[head.campaign_id])


async def cosigned_checkpoint(resources: Resources, *, campaign_id: str) -> str:
    """The newest checkpoint that witnesses have cosigned, with their lines. NotFound `cosigned_not_found`."""
    names = [each.witness.name for each in resources.settings.witnesses]
    async with resources.pool.acquire() as conn:
        found = await witness_store.cosigned(conn, campaign_id=campaign_id, witnesses=names)
    if found is None:
        raise NotFound("cosigned_not_found", "No witness has cosigned a checkpoint of this log.")
    size, lines = found
    hashes = (await node_hashes(resources, {campaign_id: root_nodes(size)}))[campaign_id]
    signer = await log_signer(resources, campaign_id)
    return signer.checkpoint(size, fold([hashes[node] for node in root_nodes(size)])) + lines
