"""The SQL. Lock order: the head, then accounts by id. First argument: a connection in a transaction."""

from collections.abc import AsyncIterator, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import asyncpg
import msgspec

from sandbox_ledger.expiry import NOTHING, Holding, Lot
from sandbox_ledger.wire import PAGE_MAX, ControlTotals, Decided, Entry, Operation, Record

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_SCHEMA_LOCK: Final = 0x504C4159_4C454447  # "PLAYLEDG"
_ANSWER: Final = msgspec.json.Decoder(Decided)
_BODY: Final = msgspec.json.Decoder(Operation)
_LOT: Final = msgspec.json.Decoder(Lot | None)
_ENTRY_COLUMNS: Final = (
    "seq, operation_id, leg, debit, credit, amount, code, debit_balance, credit_balance, posted_at"
)
_LOT_COLUMNS: Final = "account, through, seq, credited_ms"
_HOLDINGS: Final = f"""
SELECT a.id, a.posted, coalesce(last.through, 0) AS credited, to_jsonb(oldest) AS oldest, to_jsonb(due) AS due
FROM sandbox_ledger.account AS a
LEFT JOIN LATERAL (SELECT through FROM sandbox_ledger.lot WHERE account = a.id ORDER BY through DESC LIMIT 1)
    AS last ON true
LEFT JOIN LATERAL (SELECT {_LOT_COLUMNS} FROM sandbox_ledger.lot
    WHERE account = a.id AND through > last.through - a.posted ORDER BY through LIMIT 1) AS oldest ON true
LEFT JOIN LATERAL (SELECT {_LOT_COLUMNS} FROM sandbox_ledger.lot
    WHERE account = a.id AND credited_ms <= (SELECT greatest(clock_ms, $2) - $3 FROM sandbox_ledger.head)
    ORDER BY credited_ms DESC, through DESC LIMIT 1) AS due ON true
WHERE a.id = ANY($1::text[]) ORDER BY a.id
"""  # noqa: S608


class Head(NamedTuple):
    """The next entry's number, and the ledger's time, which never goes back."""

    next_seq: int
    clock_ms: int


async def apply_schema(connection: Connection) -> None:
    """Create what is missing; several processes may start at once."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
        await connection.execute(files("sandbox_ledger").joinpath("schema.sql").read_text("utf-8"))


async def lock_head(connection: Connection, *, now_ms: int) -> Head:
    """Become the only writer until the transaction ends."""
    row = await connection.fetchrow(
        "UPDATE sandbox_ledger.head SET clock_ms = greatest(clock_ms, $1) RETURNING next_seq, clock_ms",
        now_ms,
    )
    assert row is not None, "schema.sql puts one row there"
    return Head(*row)


async def advance_head(connection: Connection, *, next_seq: int) -> None:
    """Give the numbers below `next_seq` away."""
    await connection.execute("UPDATE sandbox_ledger.head SET next_seq = $1", next_seq)


async def find_records(connection: Connection, *, ids: Sequence[str]) -> dict[str, Record]:
    """What was decided of the ids; an id without a row was never seen."""
    rows = await connection.fetch(
        "SELECT id, answer, body, decided_at FROM sandbox_ledger.operation WHERE id = ANY($1::text[])", ids
    )
    return {
        row["id"]: Record(
            outcome=_ANSWER.decode(row["answer"]),
            operation=_BODY.decode(row["body"]) if row["body"] is not None else None,
            decided_at=row["decided_at"],
        )
        for row in rows
    }


async def lock_holdings(
    connection: Connection, *, accounts: Sequence[str], now_ms: int, ttl_ms: int
) -> dict[str, Holding]:
    """What each account holds; one without a row has nothing yet."""
    rows = await connection.fetch(_HOLDINGS + "FOR UPDATE OF a", accounts, now_ms, ttl_ms)
    return dict.fromkeys(accounts, NOTHING) | {row["id"]: _holding(row) for row in rows}


async def find_holding(connection: Connection, *, account: str, now_ms: int, ttl_ms: int) -> Holding:
    """What the account holds as of one moment; no row: nothing ever touched it."""
    row = await connection.fetchrow(_HOLDINGS, [account], now_ms, ttl_ms)
    return NOTHING if row is None else _holding(row)


async def put_balances(connection: Connection, *, balances: dict[str, int]) -> None:
    """Set the balances of accounts that are locked."""
    await connection.execute(
        """INSERT INTO sandbox_ledger.account (id, posted) SELECT * FROM unnest($1::text[], $2::bigint[])
           ON CONFLICT (id) DO UPDATE SET posted = excluded.posted""",
        list(balances),
        list(balances.values()),
    )


async def add_records(connection: Connection, *, records: Sequence[Record]) -> None:
    """Remember what was decided, for ever."""
    await connection.execute(
        """INSERT INTO sandbox_ledger.operation (id, outcome, answer, body, decided_at)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])""",
        [record.outcome.id for record in records],
        [type(record.outcome).__name__.lower() for record in records],
        [_json(record.outcome) for record in records],
        [_json(record.operation) if record.operation else None for record in records],
        [record.decided_at for record in records],
    )


async def add_entries(connection: Connection, *, entries: Sequence[Entry]) -> None:
    """Post the entries."""
    await connection.execute(
        f"""INSERT INTO sandbox_ledger.entry ({_ENTRY_COLUMNS})
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::text[], $5::text[],
                $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])""",  # noqa: S608
        *map(list, zip(*map(msgspec.structs.astuple, entries), strict=True)),
    )


async def add_lots(connection: Connection, *, lots: Sequence[Lot]) -> None:
    """Remember when points came."""
    await connection.execute(
        f"""INSERT INTO sandbox_ledger.lot ({_LOT_COLUMNS})
            SELECT * FROM unnest($1::text[], $2::numeric[], $3::bigint[], $4::bigint[])""",  # noqa: S608
        *map(list, zip(*map(msgspec.structs.astuple, lots), strict=True)),
    )


async def list_entries(connection: Connection, *, after_seq: int, limit: int) -> list[Entry]:
    """Entries in commit order."""
    rows = await connection.fetch(
        f"SELECT {_ENTRY_COLUMNS} FROM sandbox_ledger.entry WHERE seq > $1 ORDER BY seq LIMIT $2",  # noqa: S608
        after_seq,
        limit,
    )
    return [Entry(*row) for row in rows]


async def stream_entries(connection: Connection) -> AsyncIterator[Entry]:
    """All entries in commit order, as of the transaction's first statement, fetched page by page."""
    query = f"SELECT {_ENTRY_COLUMNS} FROM sandbox_ledger.entry ORDER BY seq"  # noqa: S608
    async for row in connection.cursor(query, prefetch=PAGE_MAX):
        yield Entry(*row)


async def list_account_entries(
    connection: Connection, *, account: str, after_seq: int, limit: int
) -> list[Entry]:
    """One account's entries in commit order, from either side."""
    rows = await connection.fetch(
        f"""(SELECT {_ENTRY_COLUMNS} FROM sandbox_ledger.entry
             WHERE debit = $1 AND seq > $2 ORDER BY seq LIMIT $3)
            UNION ALL
            (SELECT {_ENTRY_COLUMNS} FROM sandbox_ledger.entry
             WHERE credit = $1 AND seq > $2 ORDER BY seq LIMIT $3)
            ORDER BY seq LIMIT $3""",  # noqa: S608
        account,
        after_seq,
        limit,
    )
    return [Entry(*row) for row in rows]


async def sum_entries(connection: Connection, *, from_seq: int, to_seq: int) -> ControlTotals:
    """The count and sum of a range of entries."""
    row = await connection.fetchrow(
        """SELECT count(*) AS entries, coalesce(sum(amount), 0)::text AS amount
           FROM sandbox_ledger.entry WHERE seq BETWEEN $1 AND $2""",
        from_seq,
        to_seq,
    )
    assert row is not None, "an aggregate always has a row"
    return ControlTotals(from_seq=from_seq, to_seq=to_seq, entries=row["entries"], amount=row["amount"])


def _holding(row: asyncpg.Record) -> Holding:
    return Holding(
        posted=row["posted"],
        credited=int(row["credited"]),
        oldest=_LOT.decode(row["oldest"] or "null"),
        last_due=_LOT.decode(row["due"] or "null"),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
