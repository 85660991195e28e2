"""Who a token's subject is in our own tables. Erasing the subject makes what the player did anonymous."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

import asyncpg

import ledger_client
from game.batch import Batcher
from game.db.connection import Connection
from game.db.statements import load
from game.errors import Forbidden
from game.recent import Recent
from game.resources import Resources

RECENT_PLAYERS = 50_000
PLAYERS_PER_BATCH = 256
WAITING_MAX = 4_096
POOLS_KEPT = 8
LEAVING_PAGE = 10_000
LEAVING_PAGES = 1_000
ERASED = "erased"

# A brand, and what it calls the player.
_Name = tuple[str, str]

_SQL = load("game")
_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, str], UUID]" = Recent(limit=RECENT_PLAYERS)
_arrivals: "Recent[asyncpg.Pool[asyncpg.Record], Batcher[_Name, UUID]]" = Recent(limit=POOLS_KEPT)


class Subject(Protocol):
    """Anyone with a brand and a subject in it, such as an authenticated caller."""

    @property
    def brand_id(self) -> str:
        """The brand that issued the token."""
        ...

    @property
    def subject(self) -> str:
        """The brand's own name of the player: 1 to 64 of `A-Za-z0-9._~-`."""
        ...


async def player_id_of(resources: Resources, caller: Subject) -> UUID:
    """The id of a player, made when the subject is new. Safe to call from several processes at once.

    Forbidden `erasure_pending` for one who is being erased.
    """
    key = (resources.pool, caller.brand_id, caller.subject)
    return _recent.get(key) or _recent.put(key, await _arrivals_at(resources).submit(key[1:]))


async def player_ids_of(resources: Resources, subjects: Sequence[Subject]) -> list[UUID]:
    """The ids of many players in their order, made for subjects that are new. Committed before it answers."""
    keys = [(resources.pool, each.brand_id, each.subject) for each in subjects]
    found = {key: player_id for key in keys if (player_id := _recent.get(key)) is not None}
    if missing := sorted({key[1:] for key in keys if key not in found}):
        for row in await _all_stored(resources, missing):
            key = (resources.pool, row["brand_id"], row["subject"])
            found[key] = row["player_id"] if row["is_leaving"] else _recent.put(key, row["player_id"])
    return [found[key] for key in keys]


async def find_player(resources: Resources, whom: Subject) -> UUID | None:
    """The id of a player, also of one who is being erased; None: nobody was seen under the subject."""
    row = await resources.pool.fetchrow(_SQL.player_of_subject, whom.brand_id, whom.subject)
    return None if row is None else row["player_id"]


async def forget_leaving(resources: Resources) -> int:
    """Remember nobody who is being erased: each process asks every second, so that nothing new is begun."""
    after = UUID(int=0)
    for _ in range(LEAVING_PAGES):
        page = await resources.pool.fetch(_SQL.leaving, after, LEAVING_PAGE)
        if not page:
            break
        for row in page:
            _recent.drop((resources.pool, row["brand_id"], row["subject"]))
        after = page[-1]["player_id"]
    return 0


async def lock_player(conn: Connection, player_id: UUID) -> None:
    """Keep all else that spends what a player has waiting, until the transaction ends."""
    await conn.execute(_SQL.lock_player, player_id)


def erased_account() -> str:
    """What stands in the place of an erased player's account. It has no dot, so nobody's is this one."""
    return ledger_client.player(ERASED)


def account_of(*, brand_id: str, subject: str) -> str:
    """The player's account in the core ledger. No brand's id has a dot, so no two players share one."""
    return ledger_client.player(f"{brand_id}.{subject}")


def _arrivals_at(resources: Resources) -> Batcher[_Name, UUID]:
    """Who looks up all players that arrive meanwhile: after a launch they come by thousands."""
    return _arrivals.get(resources.pool) or _arrivals.put(
        resources.pool,
        Batcher(partial(_arrived, resources), batch_limit=PLAYERS_PER_BATCH, waiting_limit=WAITING_MAX),
    )


async def _arrived(resources: Resources, names: Sequence[_Name]) -> Sequence[UUID | Forbidden]:
    rows = await _all_stored(resources, sorted(set(names)))
    found = {(row["brand_id"], row["subject"]): row for row in rows}
    return [_leaving() if found[name]["is_leaving"] else found[name]["player_id"] for name in names]


def _leaving() -> Forbidden:
    return Forbidden("erasure_pending", "The player is being erased: what is under way is finished first.")


async def _all_stored(resources: Resources, names: Sequence[_Name]) -> "list[asyncpg.Record]":
    """Players by brand and subject, and whether they are being erased."""
    brands, subjects = map(list, zip(*names, strict=True))
    found = await resources.pool.fetch(_SQL.players_of_subjects, brands, subjects)
    if len(found) < len(names):
        ids = resources.new_ids(len(names))
        await resources.pool.execute(_SQL.insert_players, ids, brands, subjects, resources.clock())
        found = await resources.pool.fetch(_SQL.players_of_subjects, brands, subjects)
    return found
