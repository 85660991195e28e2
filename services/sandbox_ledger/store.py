"""The SQL. Lock order: the head, then accounts by id. First argument: a connection."""

from collections.abc import AsyncIterator, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import asyncpg
import msgspec

from sandbox_ledger.expiry import NOTHING, Holding, Lot
from sandbox_ledger.rules import Plan
from sandbox_ledger.wire import PAGE_MAX, Applied, ControlTotals, Decided, Entry, Operation, Record

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_SCHEMA_LOCK: Final = 0x504C4159_4C454447  # "PLAYLEDG"
_ANSWER: Final = msgspec.json.Decoder(Decided)
_BODY: Final = msgspec.json.Decoder(Operation)
_HOLDINGS: Final = msgspec.json.Decoder(dict[str, Holding])
_RECORDS: Final = msgspec.json.Decoder(dict[str, Record])
_LOT: Final = msgspec.json.Decoder(Lot | None)
_ITS_HOLDING: Final = msgspec.json.Decoder(Holding)
_ENTRY_COLUMNS: Final = (
    "seq, operation_id, leg, debit, credit, amount, code, debit_balance, credit_balance, posted_at"
)
_LOT_COLUMNS: Final = "account, through, seq, credited_ms"
# Everything here is found by its key, whatever the planner believes of tables that it has not counted yet.
SESSION: Final = {
    "lock_timeout": "4s",
    "statement_timeout": "5s",
    "application_name": "sandbox_ledger",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
# $1: accounts, $2: the time, $3: after how long points expire.
_HOLDING: Final = f"""
SELECT id, posted, credited, CASE WHEN due.seq IS NOT NULL
    THEN json_build_array(due.account, due.through, due.seq, due.credited_ms) END AS due, due.seq AS due_seq
FROM sandbox_ledger.account
LEFT JOIN LATERAL (SELECT {_LOT_COLUMNS} FROM sandbox_ledger.lot
    WHERE first_ms <= (SELECT greatest(clock_ms, $2) - $3 FROM sandbox_ledger.head)
        AND lot.account = id AND credited_ms <= (SELECT greatest(clock_ms, $2) - $3 FROM sandbox_ledger.head)
    ORDER BY credited_ms DESC, through DESC LIMIT 1) AS due ON true
WHERE id = ANY($1::text[])
"""  # noqa: S608
_ACCOUNT: Final = f"""
SELECT json_build_array(posted, credited, due) AS holding, CASE WHEN oldest.seq IS NOT NULL
    THEN json_build_array(oldest.account, oldest.through, oldest.seq, oldest.credited_ms) END AS oldest
FROM ({_HOLDING}) AS held
LEFT JOIN LATERAL (SELECT {_LOT_COLUMNS} FROM sandbox_ledger.lot
    WHERE lot.account = held.id AND through > credited - posted ORDER BY through LIMIT 1) AS oldest ON true
"""  # noqa: S608
_LOOK: Final = f"""
WITH holding AS MATERIALIZED ({_HOLDING})
SELECT head.xmin AS turn, next_seq, greatest(clock_ms, $2) AS clock_ms,
    (SELECT json_object_agg(id, json_build_array(posted, credited, due)) FROM holding) AS holdings,
    (SELECT json_object_agg(id, json_build_object(
            'outcome', answer::json, 'operation', body::json, 'decided_at', decided_at))
        FROM sandbox_ledger.operation
        WHERE id = ANY($4::text[] || ARRAY(
            SELECT 'expiry:' || due_seq FROM holding WHERE due_seq IS NOT NULL))
    ) AS records
FROM sandbox_ledger.head
"""  # noqa: S608
_WRITE: Final = f"""
WITH turn AS (
    UPDATE sandbox_ledger.head SET next_seq = $2, clock_ms = $3 WHERE xmin = $1 RETURNING clock_ms
), decided AS (
    INSERT INTO sandbox_ledger.operation (id, outcome, answer, body, decided_at, first_seq)
    SELECT id, outcome, answer, body, clock_ms, first_seq
    FROM turn, unnest($4::sandbox_ledger_sent.operation[])
), changed AS (
    INSERT INTO sandbox_ledger.account (id, posted, credited, first_ms)
    SELECT id, posted, credited::numeric, first_ms FROM turn, unnest($5::sandbox_ledger_sent.account[])
    ON CONFLICT (id) DO UPDATE SET posted = excluded.posted, credited = excluded.credited,
        first_ms = coalesce(account.first_ms, excluded.first_ms)
), posted AS (
    INSERT INTO sandbox_ledger.entry ({_ENTRY_COLUMNS})
    SELECT {_ENTRY_COLUMNS} FROM turn, unnest($6::sandbox_ledger_sent.entry[])
), credited AS (
    INSERT INTO sandbox_ledger.lot ({_LOT_COLUMNS})
    SELECT account, through::numeric, seq, credited_ms FROM turn, unnest($7::sandbox_ledger_sent.lot[])
)
SELECT true FROM turn
"""  # noqa: S608


class Sight(NamedTuple):
    """All that a decision depends on, as of one moment: `turn` names the state of the books.

    `next_seq` is the next entry's number, `clock_ms` the ledger's time. `holdings` has every account that was
    asked for, in that order; an id that `records` lacks was never seen.
    """

    turn: int
    next_seq: int
    clock_ms: int
    holdings: dict[str, Holding]
    records: dict[str, Record]


async def apply_schema(connection: Connection) -> None:
    """Create what is missing; several processes may start at once."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
        await connection.execute(files("sandbox_ledger").joinpath("schema.sql").read_text("utf-8"))


async def lock_head(connection: Connection, *, now_ms: int) -> int:
    """Become the only writer until the transaction ends; the ledger's time, which never goes back."""
    clock_ms: int = await connection.fetchval(
        "UPDATE sandbox_ledger.head SET clock_ms = greatest(clock_ms, $1) RETURNING clock_ms", now_ms
    )
    return clock_ms


async def look(
    connection: Connection, *, accounts: Sequence[str], ids: Sequence[str], now_ms: int, ttl_ms: int
) -> Sight:
    """What the accounts hold, and what was decided of the ids and of what is overdue on the accounts."""
    row = await connection.fetchrow(_LOOK, accounts, now_ms, ttl_ms, ids)
    assert row is not None, "schema.sql puts one row there"
    return Sight(
        turn=row["turn"],
        next_seq=row["next_seq"],
        clock_ms=row["clock_ms"],
        holdings=dict.fromkeys(accounts, NOTHING) | _HOLDINGS.decode(row["holdings"] or "{}"),
        records=_RECORDS.decode(row["records"] or "{}"),
    )


async def write(connection: Connection, sight: Sight, *, plan: Plan, lots: Sequence[Lot]) -> bool:
    """Write what was decided on `sight`, for ever; False: somebody wrote since, and nothing was done.

    Whoever writes changes the head, and with it the transaction that wrote it last.
    """
    written = await connection.fetchval(
        _WRITE,
        sight.turn,
        sight.next_seq + len(plan.entries),
        sight.clock_ms,
        [_decided(record) for record in plan.records],
        _changed(sight, plan.balances, lots),
        [msgspec.structs.astuple(entry) for entry in plan.entries],
        [(lot.account, str(lot.through), lot.seq, lot.credited_ms) for lot in lots],
    )
    return written is not None


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


async def find_holding(
    connection: Connection, *, account: str, now_ms: int, ttl_ms: int
) -> tuple[Holding, Lot | None]:
    """What the account holds as of one moment, and the first lot of which something is left."""
    row = await connection.fetchrow(_ACCOUNT, [account], now_ms, ttl_ms)
    if row is None:
        return NOTHING, None
    return _ITS_HOLDING.decode(row["holding"]), _LOT.decode(row["oldest"] or "null")


async def bury(connection: Connection, *, tombstone: Record) -> None:
    """Remember for ever that an id was fenced before it was seen."""
    await connection.execute(
        """INSERT INTO sandbox_ledger.operation (id, outcome, answer, decided_at)
           VALUES ($1, 'fenced', $2, $3)""",
        tombstone.outcome.id,
        _json(tombstone.outcome),
        tombstone.decided_at,
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


def _decided(record: Record) -> tuple[str, str, str, str, int | None]:
    outcome = record.outcome
    first_seq = outcome.seq if isinstance(outcome, Applied) else None
    return outcome.id, type(outcome).__name__.lower(), _json(outcome), _json(record.operation), first_seq


def _changed(
    sight: Sight, balances: dict[str, int], lots: Sequence[Lot]
) -> list[tuple[str, int, str, int | None]]:
    """Accounts as they are from now on, in the order in which they are locked."""
    last = {lot.account: lot for lot in lots}
    return [
        (id_, posted, str(lot.through), lot.credited_ms)
        if (lot := last.get(id_))
        else (id_, posted, str(sight.holdings[id_].credited), None)
        for id_, posted in sorted(balances.items())
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
