"""The beacon's client: drand quicknet, asked over the HTTP interface of its relays.

Two relays must answer with the same value. The signature itself is verified by the auditor's tool. A late
round is asked for again; nothing ever stands in for it (docs/fairdraw.md, section 4).
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from operator import itemgetter

import aiohttp
import msgspec
import structlog

from game.audit import store
from game.fair.rounds import QUICKNET_CHAIN, round_at
from game.resources import Resources

MAX_AWAITED = 256
MAX_ROUNDS_AT_ONCE = 8
MAX_ANSWER_BYTES = 4_096
ANSWER_TIMEOUT_SECONDS = 5.0
RELAYS_THAT_AGREE = 2
SIGNATURE_BYTES = 48

Deliver = Callable[[str, int, bytes], Awaitable[None]]

log = structlog.get_logger()
_TIMEOUT = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_SECONDS)


class _Answer(msgspec.Struct, frozen=True):
    round: int
    signature: str
    randomness: str


async def fetch_beacons(resources: Resources, session: aiohttp.ClientSession, deliver: Deliver) -> int:
    """Fetch the public rounds that logs wait for, each once; returns how many were delivered.

    `deliver(campaign_id, round, signature)` logs the value and draws what waited for it. It may be called
    again with what it has already logged. Whatever is missing is left for the next call.
    """
    async with resources.pool.acquire() as conn:
        last_round = round_at(resources.clock(), 0)
        awaited = await store.awaited_rounds(conn, last_round=last_round, limit=MAX_AWAITED)
    campaigns = {round_: [row[1] for row in rows] for round_, rows in groupby(awaited, key=itemgetter(0))}
    rounds, delivered = list(campaigns), 0
    for at in range(0, len(rounds), MAX_ROUNDS_AT_ONCE):
        some = rounds[at : at + MAX_ROUNDS_AT_ONCE]
        relays = resources.settings.beacon_relays
        signatures = await asyncio.gather(*[fetch_round(session, relays, round_) for round_ in some])
        for round_, signature in zip(some, signatures, strict=True):
            if signature is not None:
                delivered += await _deliver_to(campaigns[round_], round_, signature, deliver)
    return delivered


async def _deliver_to(campaign_ids: Sequence[str], round_: int, signature: bytes, deliver: Deliver) -> int:
    delivered = 0
    for campaign_id in campaign_ids:
        try:
            await deliver(campaign_id, round_, signature)
            delivered += 1
        except Exception:  # one campaign's trouble is not the others'; the round is awaited still
            log.exception("beacon.undelivered", campaign_id=campaign_id, round=round_)
    return delivered


async def fetch_round(session: aiohttp.ClientSession, relays: Sequence[str], round_: int) -> bytes | None:
    """The signature of a round, which the first two relays that answered agree on.

    None: fewer than two answered, or they differ. Both are for the caller to retry.
    """
    asked = [asyncio.create_task(_answer_of(session, relay, round_)) for relay in relays]
    try:
        answers = await _first_answers(asked)
    finally:
        for task in asked:
            task.cancel()
    if len(answers) < RELAYS_THAT_AGREE:
        log.info("beacon.late", round=round_, answers=len(answers))
        return None
    if len(set(answers)) > 1:
        log.error("beacon.differs", round=round_, signatures=[answer.hex() for answer in answers])
        return None
    return answers[0]


async def _first_answers(asked: Sequence["asyncio.Task[bytes | None]"]) -> list[bytes]:
    answers: list[bytes] = []
    for answer in asyncio.as_completed(asked):
        signature = await answer
        if signature is not None:
            answers.append(signature)
        if len(answers) == RELAYS_THAT_AGREE:
            break
    return answers


async def _answer_of(session: aiohttp.ClientSession, relay: str, round_: int) -> bytes | None:
    url = f"{relay}/{QUICKNET_CHAIN}/public/{round_}"
    try:
        async with session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            body = await bounded_body(response) if response.status == 200 else b""
    except (aiohttp.ClientError, TimeoutError) as error:
        log.info("beacon.unreachable", relay=relay, round=round_, error=type(error).__name__)
        return None
    return signature_of(body, round_)


async def bounded_body(response: aiohttp.ClientResponse) -> bytes:
    """All of an answer; nothing of one that is longer than MAX_ANSWER_BYTES."""
    body = b""
    async for chunk in response.content.iter_chunked(MAX_ANSWER_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return b""
    return body


def signature_of(body: bytes, round_: int) -> bytes | None:
    """The signature in a relay's answer; None unless it is of this round and hashes to the randomness."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        signature, randomness = bytes.fromhex(answer.signature), bytes.fromhex(answer.randomness)
    except ValueError:  # msgspec's errors are ValueErrors too
        return None
    is_sound = (
        answer.round == round_
        and len(signature) == SIGNATURE_BYTES
        and randomness == hashlib.sha256(signature).digest()
    )
    return signature if is_sound else None
