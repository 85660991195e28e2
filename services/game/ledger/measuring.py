"""The gauges of reconciliation, read from the database: every process shows what all of them have found."""

from game import telemetry
from game.db.statements import load
from game.ledger import report
from game.ledger.kinds import Kind
from game.resources import Resources

MEASURE_MS = 15_000

_SQL = load("game.ledger")


async def measure(resources: Resources) -> int:
    """Show the open breaks, their age, the plays that wait for a person, and when passes ended."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        sums = {found.kind: found for found in await report.sums(conn, brand_id=None)}
        passes = await conn.fetch(_SQL.passes)
        telemetry.IN_REVIEW.set(await conn.fetchval(_SQL.in_review))
    for kind in Kind:
        found = sums.get(kind)
        telemetry.BREAKS.labels(kind).set(found.breaks if found else 0)
        telemetry.BREAK_POINTS.labels(kind).set(found.points if found else 0)
        telemetry.BREAKS_ACKNOWLEDGED.labels(kind).set(found.acknowledged if found else 0)
    now_ms = resources.clock()
    oldest_ms = min((found.oldest_ms for found in sums.values() if found.oldest_ms), default=now_ms)
    telemetry.BREAK_AGE.set((now_ms - oldest_ms) // 1000)
    for row in passes:
        telemetry.RECONCILED.labels(row["pass"]).set((row["done_ms"] or 0) // 1000)
    return 0
