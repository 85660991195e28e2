"""What a process knows of a source: its keys and its brand's event types, for a second."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

import msgspec

from game.recent import Recent
from game.resources import Resources
from game.webhooks import source_store
from game.webhooks.declaring import Envelope
from game.webhooks.rules import bodies_of
from game.webhooks.signing import PublicKey, SharedKey, VerifyingKey

# A key that is taken away verifies nothing after this.
FRESH_MS: Final = 1_000
SOURCES_KEPT: Final = 10_000


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a source, until it expires (None: never)."""

    key: VerifyingKey
    expires_ms: int | None


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source: its keys (of one that is not there, none), and how its bodies are read.

    It may tell of the types that are `allowed`; None: of all.
    """

    trusted_keys: tuple[TrustedKey, ...]
    allowed: frozenset[str] | None
    bodies: Mapping[str, type[Envelope]]
    read_ms: int

    def keys(self, now_ms: int) -> Iterator[VerifyingKey]:
        """Those that hold now."""
        return (each.key for each in self.trusted_keys if each.expires_ms is None or each.expires_ms > now_ms)


class Trust:
    """Reads a source once for all who ask meanwhile, and again after a second."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: Recent[tuple[str, str], Trusted] = Recent(limit=SOURCES_KEPT)
        self._reading: dict[tuple[str, str], asyncio.Task[Trusted]] = {}

    async def of(self, brand_id: str, source: str) -> Trusted:
        """What is known of a source, not older than a second."""
        place = (brand_id, source)
        known = self._known.get(place)
        if known is not None and 0 <= self._resources.clock() - known.read_ms < FRESH_MS:
            return known
        if place not in self._reading:
            self._reading[place] = task = asyncio.create_task(self._read(*place))
            task.add_done_callback(lambda _: self._reading.pop(place))
        return self._known.put(place, await asyncio.shield(self._reading[place]))

    async def _read(self, brand_id: str, source: str) -> Trusted:
        now_ms = self._resources.clock()
        async with self._resources.pool.acquire() as conn:
            rows = await source_store.find_keys(conn, brand_id=brand_id, source=source, now_ms=now_ms)
            types = await source_store.declared_types(conn, brand_id=brand_id) if rows else []
        keys = (TrustedKey(key=self._key(row), expires_ms=row.expires_ms) for row in rows)
        bodies = bodies_of({each.type: each.attributes for each in types})
        allowed = frozenset(rows[0].types) if rows and rows[0].types is not None else None
        return Trusted(trusted_keys=tuple(keys), allowed=allowed, bodies=bodies, read_ms=now_ms)

    def _key(self, row: source_store.KeyRow) -> VerifyingKey:
        if row.public_key is not None:
            return PublicKey(row.public_key)
        assert row.sealed is not None
        return SharedKey(self._resources.vault.open(row.sealed, purpose=key_purpose(row.key_id)))


def key_purpose(key_id: UUID) -> str:
    """What the secret of a key is sealed for."""
    return f"webhook key {key_id}"
