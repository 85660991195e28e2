"""What every use case needs of the world, wired once in `app.py` (or by a test)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from asyncpg.pgproto import pgproto
from redis.asyncio import BlockingConnectionPool, Redis

from game.settings import Settings
from game.vault import SEALING_BYTES, Vault
from ledger_client import Ledger

REDIS_CONNECTIONS: Final = 32
REDIS_TIMEOUT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Connections, keys, clock (milliseconds since the epoch) and entropy. Whoever opened it closes it."""

    settings: Settings
    pool: "asyncpg.Pool[asyncpg.Record]"
    redis: Redis
    ledger: Ledger
    vault: Vault
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt a secret for the database."""
        return self.vault.seal(plain, purpose=purpose, entropy=self.entropy(SEALING_BYTES))

    def new_id(self) -> UUID:
        """A UUIDv7 (RFC 9562): ordered by time, so that new rows stand together."""
        return uuid7(self.clock(), self.entropy(10))

    def new_ids(self, count: int) -> list[UUID]:
        """Ids for a whole batch, at the cost of one question for entropy."""
        now_ms, entropy = self.clock(), self.entropy(10 * count)
        return [uuid7(now_ms, entropy[10 * n : 10 * n + 10]) for n in range(count)]


def uuid7(now_ms: int, entropy: bytes) -> UUID:
    """RFC 9562 section 5.7 from a time in milliseconds and 10 random bytes.

    Of the kind that rows of the database have: made, hashed and compared in a fraction of the time.
    """
    head = now_ms.to_bytes(6, "big")
    marked = bytes([0x70 | entropy[0] & 0x0F, entropy[1], 0x80 | entropy[2] & 0x3F])
    return pgproto.UUID(head + marked + entropy[3:])


def open_redis(url: str) -> Redis:
    """Redis with bounds: who finds all connections taken waits for one."""
    connections: Any = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_CONNECTIONS,
        timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
    )
    return Redis.from_pool(connections)


def system_clock() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


system_entropy: Callable[[int], bytes] = secrets.token_bytes
