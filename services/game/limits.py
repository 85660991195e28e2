"""How often a player and an address may call: one Lua script in Redis, run once for all requests that wait.

Every key carries the hash tag `{rate}`, since a script reaches keys of one slot only: in a Redis Cluster the
limits live on one node. They are a few hundred bytes per active caller, and a call counts up to 128 requests.
"""

import asyncio
import hashlib
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec
import structlog
from redis import ConnectionError as RedisConnectionError
from redis import RedisError
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from game import telemetry
from game.auth import Caller
from game.batch import Batcher
from game.errors import TooMany

BATCH_REQUESTS = 128
WAITING_REQUESTS = 4_096
BUCKETS_KEPT = 16_384
BURST_SECONDS = 5
# A limiter that is down lets everyone through, and is not asked again for a while.
CHECK_TIMEOUT_SECONDS = 0.25
PAUSE_AFTER_FAILURE_MS = 1_000
SECOND_US = 1_000_000

log = structlog.get_logger()
_numbers = msgspec.json.Decoder(list[int])
_SCRIPT = files("game").joinpath("limits.lua").read_text(encoding="utf-8")


class Bucket(msgspec.Struct, frozen=True, cache_hash=True):
    """A caller in one of the two ways it is counted, and how often it may call."""

    kind: str
    name: str
    per_second: int

    @property
    def key(self) -> bytes:
        """Where Redis keeps it."""
        return f"{{rate}}:{self.kind}:{self.name}".encode()


_bucket = lru_cache(maxsize=BUCKETS_KEPT)(Bucket)


class _Script:
    """Runs a script, one call at a time, on a connection that it keeps until the pool is closed.

    All that a pool does for each call costs three times the call (docs/decisions/0034-public-reads.md).
    """

    def __init__(self, redis: Redis, text: str) -> None:
        self._pool: Any = redis.connection_pool
        self._text = text.encode()
        self._digest = hashlib.sha1(self._text, usedforsecurity=False).hexdigest().encode()
        self._connection: Any = None

    async def run(self, keys: Sequence[bytes], numbers: Sequence[int]) -> list[int]:
        """What the script answers. RedisError; one lost connection is opened anew."""
        arguments = (b"%d" % len(keys), *keys, msgspec.json.encode(numbers))
        try:
            answer = await self._asked(b"EVALSHA", self._digest, *arguments)
        except (NoScriptError, RedisConnectionError):
            answer = await self._asked(b"EVAL", self._text, *arguments)
        return _numbers.decode(answer)

    async def _asked(self, *command: bytes) -> bytes:
        if self._connection is None:
            self._connection = await self._pool.get_connection()
            # The caller has a limit for the whole call.
            self._connection.socket_timeout = None
        # redis-py packs argument by argument and reads number by number: a third of what a request cost.
        packed = [b"*%d\r\n" % len(command), *(b"$%d\r\n%b\r\n" % (len(each), each) for each in command)]
        await self._connection.send_packed_command(b"".join(packed), check_health=False)
        answer: bytes = await self._connection.read_response()
        return answer


class Limits:
    """Counts requests per player and per address; both may call in bursts of some seconds' worth."""

    def __init__(self, redis: Redis, *, per_player: int, per_address: int, clock: Callable[[], int]) -> None:
        self._script = _Script(redis, _SCRIPT)
        self._per_player = per_player
        self._per_address = per_address
        self._clock = clock
        self._paused_until_ms = 0
        self._batcher: Batcher[tuple[Bucket, ...], int] = Batcher(
            self._waits, batch_limit=BATCH_REQUESTS, waiting_limit=WAITING_REQUESTS
        )

    def admit(self, address: str, caller: Caller | None) -> Awaitable[None]:
        """Count a request; TooMany when its address or its player has to wait."""
        place = _bucket("address", address, self._per_address)
        if caller is None:
            return self.count(place)
        return self.count(place, _bucket("player", f"{caller.brand_id}.{caller.subject}", self._per_player))

    async def count(self, *buckets: Bucket) -> None:
        """Count a request in each of its buckets; TooMany, and counted in none, when it has to wait."""
        if self._clock() < self._paused_until_ms:
            telemetry.UNLIMITED.inc()
            return
        wait_us = await self._batcher.submit(buckets)
        if wait_us > 0:
            seconds = math.ceil(wait_us / SECOND_US)
            telemetry.LIMITED.inc()
            raise TooMany("rate_limited", "Too many requests; come back later.", retry_after_seconds=seconds)

    async def _waits(self, requests: Sequence[tuple[Bucket, ...]]) -> Sequence[int]:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                waits = await self._counted(requests)
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until_ms = self._clock() + PAUSE_AFTER_FAILURE_MS
            telemetry.UNLIMITED.inc(len(requests))
            log.warning("limits.unavailable", reason=repr(error), pause_ms=PAUSE_AFTER_FAILURE_MS)
            return [0] * len(requests)
        return waits

    async def _counted(self, requests: Sequence[tuple[Bucket, ...]]) -> list[int]:
        """How long each has to wait. Requests that count in the same buckets are one question."""
        groups: defaultdict[tuple[Bucket, ...], list[int]] = defaultdict(list)
        for place, buckets in enumerate(requests):
            groups[buckets].append(place)
        numbers: list[int] = [self._clock() * 1000]
        for ordinal, (buckets, places) in enumerate(groups.items()):
            for bucket in buckets:
                interval = SECOND_US // bucket.per_second
                numbers += (ordinal, interval, SECOND_US * BURST_SECONDS - interval, len(places))
        keys = [bucket.key for buckets in groups for bucket in buckets]
        answers = await self._script.run(keys, numbers)
        waits = [0] * len(requests)
        for places, admitted, wait_us in zip(groups.values(), answers[::2], answers[1::2], strict=True):
            for place in places[admitted:]:
                waits[place] = wait_us
        return waits
