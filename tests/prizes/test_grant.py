"""What a settle grants: in its own transaction, once per draw, however many at a time."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec
import pytest
from structlog.testing import capture_logs

from game.db.statements import load
from game.ledger.service import RESEND_AFTER_MS
from game.prizes.service import grant
from game.resources import Resources
from ledger_client.operations import decode
from tests.prizes.conftest import CHANCES, GOODS, NOTHING, POINTS, VOUCHER
from tests.prizes.granting import codes_of, granted, stock
from tests.support.service import STARTED_MS
from tests.support.settled import CLOSES_MS, Campaign
from tests.support.terms import prize

pytestmark = pytest.mark.asyncio


async def test_every_prize_is_stored_with_its_draw(resources: Resources, wheel: Campaign) -> None:
    """One grant per draw that won something; what nothing pays is no grant."""
    await stock(resources, ["CODE"], campaign_id=wheel.campaign_id)
    ann = await wheel.player("ann")
    won = await wheel.settle(ann, POINTS, VOUCHER, GOODS, CHANCES, NOTHING)
    await granted(resources, won)
    rows = await resources.pool.fetch(
        "SELECT grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount, granted_ms, redeemed_ms"
        " FROM prize_grant ORDER BY entry_index"
    )
    assert list(map(tuple, rows)) == [
        (won[POINTS].grant_id, ann, 2, "main", POINTS, "points", 25, STARTED_MS, None),
        (won[VOUCHER].grant_id, ann, 3, "main", VOUCHER, "voucher", 1, STARTED_MS, None),
        (won[GOODS].grant_id, ann, 4, "main", GOODS, "goods", 1, STARTED_MS, None),
        (won[CHANCES].grant_id, ann, 5, "main", CHANCES, "chances", 3, STARTED_MS, None),
    ]


async def test_losing_draws_grant_nothing(resources: Resources, wheel: Campaign) -> None:
    """A settle without a winner stores no prize and owes no credit."""
    won = await wheel.settle(await wheel.player("ann"), NOTHING, NOTHING)
    assert await granted(resources, won) == []
    assert await resources.pool.fetchval("SELECT count(*) FROM prize_grant") == 0


async def test_points_are_owed_to_each_winner(resources: Resources, wheel: Campaign) -> None:
    """One credit per draw, to the account of whoever drew it, due once its first sender had its time."""
    ann, bo = await wheel.player("ann"), await wheel.player("bo")
    won = [*await wheel.settle(ann, POINTS, GOODS, POINTS), *await wheel.settle(bo, POINTS)]
    credits_due = await granted(resources, won)
    assert [(c.entry_index, c.subject, decode(c.body).legs[0].amount) for c in credits_due] == [
        (2, "player:acme.ann", 25),
        (4, "player:acme.ann", 25),
        (6, "player:acme.bo", 25),
    ]
    rows = await resources.pool.fetch(
        "SELECT operation_id, play_id, body, state, next_attempt_ms FROM operation ORDER BY entry_index"
    )
    due_ms = STARTED_MS + RESEND_AFTER_MS
    assert list(map(tuple, rows)) == [(c.operation_id, c.play_id, c.body, "due", due_ms) for c in credits_due]


async def test_chances_last_until_the_pool_closes(resources: Resources, wheel: Campaign) -> None:
    """Each draw's chances are a lot of their own, named after the draw; the most a row can pay fits."""
    most = prize(CHANCES, kind="chances", amount=1_000_000_000)
    ann = await wheel.player("ann")
    small, large = await wheel.settle(ann, CHANCES, CHANCES)
    await granted(resources, [small, msgspec.structs.replace(large, prize=most)])
    rows = await resources.pool.fetch(
        "SELECT player_id, source, granted, units_left, expires_ms FROM chance_lot ORDER BY source"
    )
    assert list(map(tuple, rows)) == [
        (ann, "draw:2", 3, 3, CLOSES_MS),
        (ann, "draw:3", 1_000_000_000, 1_000_000_000, CLOSES_MS),
    ]


async def test_each_voucher_gets_the_lowest_free_code_of_its_batch(
    resources: Resources, wheel: Campaign
) -> None:
    """No code is given twice, in one settle or in the next, and batches do not mix."""
    await stock(resources, ["T3", "T1", "T2", "T4"], campaign_id=wheel.campaign_id)
    await stock(resources, ["C2", "C1"], campaign_id=wheel.campaign_id, batch="coffee")
    won = await wheel.settle(await wheel.player("ann"), VOUCHER, VOUCHER, VOUCHER, VOUCHER)
    coffee = msgspec.structs.replace(won[1].prize, voucher_batch="coffee")
    won[1] = msgspec.structs.replace(won[1], prize=coffee)
    await granted(resources, won[:3])
    assert await codes_of(resources, won) == ["T1", "C1", "T2", None]
    await granted(resources, won[3:])
    assert await codes_of(resources, won) == ["T1", "C1", "T2", "T3"]


async def test_another_campaigns_codes_are_not_touched(
    resources: Resources, wheel: Campaign, cards: Campaign
) -> None:
    """A batch of the same name in another campaign keeps its codes."""
    await stock(resources, ["OTHER"], campaign_id=cards.campaign_id)
    await stock(resources, ["OWN"], campaign_id=wheel.campaign_id)
    won = await wheel.settle(await wheel.player("ann"), VOUCHER, VOUCHER)
    await granted(resources, won)
    assert await codes_of(resources, won) == ["OWN", None]


async def test_several_campaigns_take_codes_together(
    resources: Resources, wheel: Campaign, cards: Campaign
) -> None:
    """Each the lowest of its own batch, though the batches have one name and one is empty after it."""
    await stock(resources, ["W1"], campaign_id=wheel.campaign_id)
    await stock(resources, ["C2", "C1"], campaign_id=cards.campaign_id)
    ann = await wheel.player("ann")
    won = [*await wheel.settle(ann, VOUCHER), *await cards.settle(ann, VOUCHER)]
    await granted(resources, won[::-1])
    assert await codes_of(resources, won) == ["W1", "C1"]


async def test_a_batch_that_ran_out_stops_no_draw(resources: Resources, wheel: Campaign) -> None:
    """The prizes stand, one without its code, and somebody is called."""
    await stock(resources, ["LAST"], campaign_id=wheel.campaign_id)
    won = await wheel.settle(await wheel.player("ann"), VOUCHER, VOUCHER, POINTS)
    with capture_logs() as events:
        credits_due = await granted(resources, won)
    assert await codes_of(resources, won) == ["LAST", None, None]
    assert await resources.pool.fetchval("SELECT count(*) FROM prize_grant") == 3
    assert len(credits_due) == 1
    missing = [(e["event"], e["log_level"], e["voucher_batch"], e["grant_id"]) for e in events]
    assert missing == [("voucher.missing", "error", "tea", str(won[1].grant_id))]


async def test_a_settle_that_rolls_back_has_granted_nothing(resources: Resources, wheel: Campaign) -> None:
    """Prizes, codes, chances and credits go with the draw that won them."""
    await stock(resources, ["CODE"], campaign_id=wheel.campaign_id)
    won = await wheel.settle(await wheel.player("ann"), POINTS, VOUCHER, CHANCES)
    async with resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await grant(conn, resources, won)
        await transaction.rollback()
    left = await resources.pool.fetchval(
        "SELECT (SELECT count(*) FROM prize_grant) + (SELECT count(*) FROM chance_lot)"
        " + (SELECT count(*) FROM operation) + (SELECT count(*) FROM voucher WHERE grant_id IS NOT NULL)"
    )
    assert left == 0


async def test_a_draw_is_granted_once(resources: Resources, wheel: Campaign) -> None:
    """A second grant for the same draw is refused by the database, whoever tries."""
    won = await wheel.settle(await wheel.player("ann"), GOODS)
    await granted(resources, won)
    again = [msgspec.structs.replace(won[0], grant_id=resources.new_id())]
    with pytest.raises(asyncpg.UniqueViolationError, match="prize_grant_once"):
        await granted(resources, again)


@pytest.mark.parametrize("analyzed", [False, True])
async def test_taking_a_code_reads_no_more_rows_than_it_takes(
    resources: Resources, wheel: Campaign, *, analyzed: bool
) -> None:
    """With very many codes, free or given away, as just uploaded or long known to the planner."""
    won = await wheel.settle(await wheel.player("ann"), *[VOUCHER] * 4)
    await granted(resources, won)
    await stock(resources, [f"{number:06}" for number in range(60_000)], campaign_id=wheel.campaign_id)
    # Codes that were given away: no index of the free ones may lead past them.
    await resources.pool.execute(
        "ALTER TABLE voucher DROP CONSTRAINT voucher_granted_once;"
        f"UPDATE voucher SET grant_id = '{won[0].grant_id}' WHERE code < '030000'"
    )
    if analyzed:
        await resources.pool.execute("VACUUM ANALYZE voucher")
    plan = await resources.pool.fetchval(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {load('game.prizes').take_vouchers}",
        [wheel.campaign_id] * 3,
        [w.grant_id for w in won[1:]],
        [None] * 3,
        ["tea"] * 3,
    )
    read = [
        node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(json.loads(plan)[0]["Plan"])
        if node.get("Relation Name") == "voucher" and "Scan" in node["Node Type"]
    ]
    assert sum(read) == 6, "three codes found, and the same three updated"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)
