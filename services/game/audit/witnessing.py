"""Asks witnesses to cosign checkpoints (c2sp.org/tlog-witness): somebody else then knows what the log was.

Optional. A witness that is away, or says no, keeps nobody from playing.
"""

import asyncio
import re
from functools import partial

import aiohttp
import structlog

from game.audit import store, witness_store
from game.audit.beacon import bounded_body
from game.audit.reading import frozen_head
from game.audit.rules import Head
from game.audit.service import log_signer
from game.errors import NotFound
from game.fair.findings import Finding
from game.fair.merkle import consistency_from_nodes, consistency_nodes, fold, root_nodes
from game.fair.tiles import hash_of, tile_of
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


async def _show(resources: Resources, session: aiohttp.ClientSession, campaign_id: str) -> None:
    """Show one checkpoint of a log to all witnesses that have seen less."""
    async with resources.pool.acquire() as conn:
        head = await frozen_head(conn, campaign_id=campaign_id)
        sizes = await witness_store.cosigned_sizes(conn, campaign_id=campaign_id)
    signer = await log_signer(resources, campaign_id)
    note = signer.checkpoint(head.size, head.root).encode()
    lagging = [each for each in resources.settings.witnesses if sizes.get(each.witness.name, 0) < head.size]
    ask = partial(_ask, resources, session, head, note)
    await asyncio.gather(*(ask(each, sizes.get(each.witness.name, 0)) for each in lagging))


async def _ask(
    resources: Resources,
    session: aiohttp.ClientSession,
    head: Head,
    note: bytes,
    at: WitnessAt,
    old_size: int,
) -> None:
    """Ask one witness, and keep what it cosigns; else it is asked again later."""
    name, campaign_id, now_ms = at.witness.name, head.campaign_id, resources.clock()
    try:
        line = await _cosigned(resources, session, head, note, at, old_size)
    except (aiohttp.ClientError, TimeoutError, Finding) as error:
        log.warning("witness.refused", campaign_id=campaign_id, witness=name, size=head.size, says=str(error))
        await _postpone(resources, campaign_id, name)
        return
    async with resources.pool.acquire() as conn:
        again_ms = now_ms + ASK_AGAIN_MS
        await witness_store.keep_cosignature(
            conn, campaign_id=campaign_id, witness=name, size=head.size, line=line, next_attempt_ms=again_ms
        )


async def _cosigned(
    resources: Resources,
    session: aiohttp.ClientSession,
    head: Head,
    note: bytes,
    at: WitnessAt,
    old_size: int,
) -> str:
    """The witness's line. It is asked once more from where it says it is."""
    proof = await _proof(resources, head, old_size)
    status, answer = await _post(session, at, add_checkpoint(old_size, proof, note))
    seen = _SIZE.fullmatch(answer) if status == CONFLICT else None
    if seen and int(seen[1]) <= head.size:
        proof = await _proof(resources, head, int(seen[1]))
        status, answer = await _post(session, at, add_checkpoint(int(seen[1]), proof, note))
    if status != OK:
        raise Finding(1, f"answered {status}")
    return answered(answer, note, at.witness).line


async def _post(session: aiohttp.ClientSession, at: WitnessAt, body: bytes) -> tuple[int, bytes]:
    url = f"{at.url}/add-checkpoint"
    async with session.post(url, data=body, timeout=ANSWER_TIMEOUT, allow_redirects=False) as response:
        return response.status, await bounded_body(response)


async def _proof(resources: Resources, head: Head, old_size: int) -> list[bytes]:
    """That the log of `head` continues itself as it was; from the empty log nothing is to be proven."""
    nodes = {node for some in consistency_nodes(old_size, head.size) for node in some}
    async with resources.pool.acquire() as conn:
        tiles = await store.tiles(
            conn, campaign_id=head.campaign_id, wanted={tile_of(node) for node in nodes}
        )
    return consistency_from_nodes(old_size, head.size, {node: hash_of(node, tiles) for node in nodes})


async def cosigned_checkpoint(resources: Resources, *, campaign_id: str) -> str:
    """The newest checkpoint that witnesses have cosigned, with their lines. NotFound `cosigned_not_found`."""
    names = [each.witness.name for each in resources.settings.witnesses]
    async with resources.pool.acquire() as conn:
        found = await witness_store.cosigned(conn, campaign_id=campaign_id, witnesses=names)
        if found is None:
            raise NotFound("cosigned_not_found", "No witness has cosigned a checkpoint of this log.")
        size, lines = found
        nodes = root_nodes(size)
        tiles = await store.tiles(conn, campaign_id=campaign_id, wanted={tile_of(node) for node in nodes})
    signer = await log_signer(resources, campaign_id)
    return signer.checkpoint(size, fold([hash_of(node, tiles) for node in nodes])) + lines
