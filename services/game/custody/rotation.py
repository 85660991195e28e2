"""Rotation: whatever is sealed under another key than the first is put under that.

Row by row, each by compare-and-set in a statement of its own, so it may be killed at any point, run beside
the service and beside itself, and begun again: what is done is not looked at twice. Nothing waits for it
longer than one row's update takes.
"""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag

from game.custody.sealed import SEALED, SealedColumn
from game.readings import record_reading
from game.resources import Resources
from game.vault import SEALING_BYTES, is_envelope

PAGE = 500


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """A column after rotation: values that were put under the first key, and rows that are not under it."""

    column: str
    turned: int
    left: tuple[str, ...]


async def rotate(resources: Resources) -> AsyncIterator[Turned]:
    """Column by column. `left` names at most PAGE rows, whose key is gone or whose value was changed."""
    for column in SEALED:
        yield await _rotate_column(resources, column)


async def _rotate_column(resources: Resources, column: SealedColumn) -> Turned:
    turned, after = 0, None
    while rows := await _page(resources, column, after):
        for row in rows:
            turned += await _turn(resources, column, row)
        after = rows[-1]
    left = await _page(resources, column, None)
    names = (" ".join(str(row[name]) for name in column.key) for row in left)
    return Turned(column=str(column), turned=turned, left=tuple(names))


async def _page(
    resources: Resources, column: SealedColumn, after: asyncpg.Record | None
) -> list[asyncpg.Record]:
    """Rows whose value is not under the first key, in the order of the primary key."""
    keys = ", ".join(column.key)
    places = ", ".join(f"${2 + n}" for n in range(1, len(column.key) + 1))
    follows = f"AND ({keys}) > ({places})" if after else ""
    # The names are those of this package's own list.
    query = (
        f"SELECT {keys}, {column.column} AS sealed FROM {column.table}"  # noqa: S608
        f" WHERE substr({column.column}, 1, length($1::bytea)) <> $1 {follows} ORDER BY {keys} LIMIT $2"
    )
    cursor = [after[name] for name in column.key] if after else []
    return await resources.pool.fetch(query, resources.vault.prefix, PAGE, *cursor)


async def _turn(resources: Resources, column: SealedColumn, row: asyncpg.Record) -> bool:
    """Put one value under the first key; False: it does not open, or somebody was faster."""
    sealed = row["sealed"]
    if column.is_noted and not is_envelope(sealed):
        await record_reading(
            resources, campaign_id=row["campaign_id"], pool_id=row.get("pool_id"), purpose="rotate"
        )
    try:
        anew = resources.vault.rewrapped(
            sealed, purpose=column.purpose(dict(row)), entropy=resources.entropy(SEALING_BYTES)
        )
    except (KeyError, InvalidTag):
        return False
    return await _stored(resources, column, row, anew)


async def _stored(resources: Resources, column: SealedColumn, row: asyncpg.Record, anew: bytes) -> bool:
    same = " AND ".join(f"{name} = ${3 + n}" for n, name in enumerate(column.key))
    done: str = await resources.pool.execute(
        f"UPDATE {column.table} SET {column.column} = $1 WHERE {column.column} = $2 AND {same}",  # noqa: S608
        anew,
        row["sealed"],
        *(row[name] for name in column.key),
    )
    return done == "UPDATE 1"
