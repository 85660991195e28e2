"""What an auditor says of a campaign's log, and rows for tests that look at one thing."""

from typing import Any

from game.audit import reading
from game.fair.note import Verifier
from game.fair.verify import Report, verify_log
from game.resources import Resources


async def verified(resources: Resources, campaign_id: str) -> Report:
    """What the auditor says of a campaign's log under its newest checkpoint."""
    lines = await resources.pool.fetch(
        "SELECT entry FROM log_entry WHERE campaign_id = $1 ORDER BY entry_index", campaign_id
    )
    note = await reading.checkpoint(resources, campaign_id=campaign_id, brand_id=None)
    key = await reading.verifier_key(resources, campaign_id=campaign_id, brand_id=None)
    return verify_log([line["entry"] for line in lines], note.encode(), Verifier.parse(key))


async def rows_of(resources: Resources, sql: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    return [dict(row) for row in await resources.pool.fetch(sql, *arguments)]
