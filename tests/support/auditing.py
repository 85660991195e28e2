"""What must hold of a campaign, whatever was done to it: asserted over its log, its rows and the ledger."""

from typing import Any

from game.audit import reading
from game.fair.note import Verifier
from game.fair.verify import Report, verify_log
from game.resources import Resources
from ledger_client import Applied
from ledger_client.testing import FakeLedger

CHARGED = {"paid", "settled"}
UNCHARGED = {"rejected", "cancelled"}


async def check_campaign(resources: Resources, ledger: FakeLedger, campaign_id: str) -> None:
    """The log verifies, the stock is the replay's, money and reservations agree with the plays."""
    report = await verified(resources, campaign_id)
    assert report.verdict == "OK", (report.check, report.entry, report.says)
    await _check_stock(resources, campaign_id, report)
    await _check_draws(resources, campaign_id, report)
    await _check_debits(resources, ledger, campaign_id)
    await _check_reservations(resources, campaign_id)


async def verified(resources: Resources, campaign_id: str) -> Report:
    """What the auditor says of a campaign's log under its newest checkpoint."""
    lines = await resources.pool.fetch(
        "SELECT entry FROM log_entry WHERE campaign_id = $1 ORDER BY entry_index", campaign_id
    )
    note = await reading.checkpoint(resources, campaign_id=campaign_id, brand_id=None)
    key = await reading.verifier_key(resources, campaign_id=campaign_id, brand_id=None)
    return verify_log([line["entry"] for line in lines], note.encode(), Verifier.parse(key))


async def _check_stock(resources: Resources, campaign_id: str, report: Report) -> None:
    for pool in report.pools:
        rows = await resources.pool.fetch(
            "SELECT units_left, units_won FROM pool_row WHERE campaign_id = $1 AND pool_id = $2"
            " ORDER BY ordinal",
            campaign_id,
            pool.id,
        )
        assert [row["units_left"] for row in rows] == [row.left for row in pool.rows]
        assert sum(row["units_won"] for row in rows) == pool.draws


async def _check_draws(resources: Resources, campaign_id: str, report: Report) -> None:
    """Each logged draw belongs to one play; each that won has one grant, each of points one credit."""
    counts = [int(await resources.pool.fetchval(sql, campaign_id) or 0) for sql in COUNTS]
    draws, drawn, won, granted, points, credited = counts
    assert draws == drawn == sum(pool.draws for pool in report.pools)
    assert (won, points) == (granted, credited)


COUNTS = (
    "SELECT count(*) FROM draw WHERE campaign_id = $1",
    "SELECT sum(drawn) FROM play WHERE campaign_id = $1",
    "SELECT count(*) FROM draw AS d JOIN play AS p USING (campaign_id, play_id) JOIN pool_row AS r"
    " ON (r.campaign_id, r.pool_id, r.ordinal) = (d.campaign_id, p.pool_id, d.row_ordinal)"
    " WHERE d.campaign_id = $1 AND r.prize_kind <> 'nothing'",
    "SELECT count(*) FROM prize_grant WHERE campaign_id = $1",
    "SELECT count(*) FROM prize_grant WHERE campaign_id = $1 AND kind = 'points'",
    "SELECT count(*) FROM operation WHERE campaign_id = $1 AND kind = 'credit'",
)


async def _check_debits(resources: Resources, ledger: FakeLedger, campaign_id: str) -> None:
    """What is settled was charged, what was released was not, and nothing else was taken."""
    rows = await resources.pool.fetch(
        "SELECT operation_id, p.state, price_points FROM play AS p"
        " JOIN operation AS o USING (campaign_id, play_id) WHERE campaign_id = $1 AND kind = 'debit'",
        campaign_id,
    )
    outcomes = (await ledger.lookup([row["operation_id"] for row in rows])).outcomes
    applied = {key for key, outcome in outcomes.items() if isinstance(outcome, Applied)}
    for row in rows:
        assert row["state"] not in (UNCHARGED if row["operation_id"] in applied else CHARGED), row
    taken = sum(row["price_points"] for row in rows if row["operation_id"] in applied)
    assert ledger.balances[f"house:{campaign_id}"] == taken


async def _check_reservations(resources: Resources, campaign_id: str) -> None:
    """What plays asked for is spoken for in pools, limits and seats; one in review may have given it back."""
    for row in await resources.pool.fetch(RESERVED, campaign_id):
        assert row["kept"] <= row["reserved"] <= row["kept"] + row["in_review"], dict(row)


_KEPT = """
coalesce(sum(p.draws) FILTER (WHERE p.state NOT IN ('rejected', 'cancelled', 'review')), 0) AS kept,
coalesce(sum(p.draws) FILTER (WHERE p.state = 'review'), 0) AS in_review
"""
RESERVED = f"""
SELECT 'pool' AS what, t.draws_reserved AS reserved, {_KEPT}
FROM pool AS t LEFT JOIN play AS p USING (campaign_id, pool_id)
WHERE campaign_id = $1 GROUP BY pool_id, t.draws_reserved
UNION ALL
SELECT 'player', t.draws_total, {_KEPT}
FROM participation AS t LEFT JOIN play AS p USING (campaign_id, player_id)
WHERE campaign_id = $1 GROUP BY player_id, t.draws_total
UNION ALL
SELECT 'seat', t.draws_reserved, {_KEPT}
FROM seat AS t LEFT JOIN play AS p USING (campaign_id, seat_id)
WHERE campaign_id = $1 GROUP BY seat_id, t.draws_reserved
"""


async def rows_of(resources: Resources, sql: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows as dictionaries, for tests that look at one thing."""
    return [dict(row) for row in await resources.pool.fetch(sql, *arguments)]
