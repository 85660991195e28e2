"""The type of what stores run their statements on, and how they say that somebody else was faster."""

from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

# Somebody else was faster: nothing was stored, and what was found has to be read again.
CONFLICTS: Final = (
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
)
