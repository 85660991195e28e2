"""The close reveals the secret: never early, once, and with nothing left open."""

import asyncio

import pytest

from game.audit.service import append, lock_head, log_signer
from game.campaigns.closing import close_pools
from game.fair.draw import commit
from game.fair.entries import SeatEntry, encode, leaf_hash
from game.fair.note import Verifier
from game.fair.rounds import round_at
from game.fair.verify import Report, verify_log
from game.players import player_id_of
from tests.campaigns.office import CLOSES_MS, DAY_MS, OPENS_MS, Office, Someone, cards, wheel, with_row
from tests.support.service import STARTED_MS, ManualClock

_TICKETS = """
WITH numbered AS (
    SELECT n, sha256((n || $2)::bytea) AS digest, substr(sha256((n || $2)::bytea), 1, 16) AS id,
           100 * length($2) + n AS entry_index
    FROM generate_series(1, $4::int) AS n
), logged AS (
    INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash)
    SELECT $1, entry_index, '{}', digest FROM numbered
), seated AS (
    INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index, leaf_hash,
                      seat_draws, draws_reserved, draws_taken)
    SELECT $1, id, $2, $3, 'used', digest, '', entry_index, digest, 1, 1, 1 FROM numbered
), played AS (
    INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws,
                      drawn, paid_with, price_points, day, accepted_ms, apply_before_ms, next_attempt_ms,
                      finished_ms, log_size)
    SELECT $1, encode(id, 'hex')::uuid, $3, $2, $2 || n, digest, 'settled', 1, 1, 'points', 20, '2026-09-21',
           1, 1, 1, 1, 1
    FROM numbered
)
INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)
SELECT $1, entry_index, encode(id, 'hex')::uuid, 1, id, 1, 2 FROM numbered
"""


async def verified(office: Office, campaign_id: str) -> Report:
    """What an auditor says of the campaign's log."""
    rows = await office.resources.pool.fetch(
        "SELECT entry FROM log_entry WHERE campaign_id = $1 ORDER BY entry_index", campaign_id
    )
    checkpoint = await office.client.get(f"/v1/campaigns/{campaign_id}/log/checkpoint")
    signer = await log_signer(office.resources, campaign_id)
    return verify_log([row["entry"] for row in rows], checkpoint.content, Verifier.parse(signer.vkey))


async def answer_round(office: Office, round_: int) -> None:
    """Log the value of a beacon round."""
    await office.resources.pool.execute(
        "UPDATE beacon_round SET signature = decode(repeat('00', 48), 'hex'), entry_index = 1"
        " WHERE round = $1",
        round_,
    )


async def log_seat(office: Office, campaign_id: str, *, pool_id: str = "main") -> int:
    """A seat of the first pool in the log, which has a beacon; the round that it names."""
    resources = office.resources
    player_id = await player_id_of(resources, Someone("ann"))
    round_ = round_at(STARTED_MS, 2)
    async with resources.pool.acquire() as conn, conn.transaction():
        head = await lock_head(conn, campaign_id=campaign_id)
        pool = await conn.fetchval("SELECT leaf_hash FROM log_entry WHERE campaign_id = $1", campaign_id)
        seat = SeatEntry(
            i=head.size,
            t=head.last_t_ms,
            pool=0,
            pool_hash=pool.hex(),
            tag="11" * 16,
            seed="",
            id="22" * 16,
            anchor="33" * 32,
            round=round_,
        )
        await append(conn, head=head, entries=[encode(seat)], last_t_ms=head.last_t_ms)
        await conn.execute(
            "INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index,"
            " leaf_hash, round, seat_draws) VALUES ($1, decode(repeat('22', 16), 'hex'), $2, $3, 'live',"
            " decode(repeat('33', 32), 'hex'), '', $4, $5, $6, 32)",
            campaign_id, pool_id, player_id, head.size, leaf_hash(encode(seat)), round_,
        )  # fmt: skip
        await conn.execute(
            "INSERT INTO beacon_round (campaign_id, round) VALUES ($1, $2)", campaign_id, round_
        )
    return round_


@pytest.mark.asyncio
async def test_pools_close_at_their_time_and_not_before(office: Office, clock: ManualClock) -> None:
    """Then the secret is what was committed to, the campaign is closed, and an auditor is content."""
    campaign_id = await office.launched(wheel(), cards())
    clock.now_ms = CLOSES_MS - 1
    assert await close_pools(office.resources) == 0
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 2
    entries = await office.entries(campaign_id)
    closes = [entry for entry in entries if entry["k"] == "close"]
    for close in closes:
        assert commit(bytes.fromhex(close["secret"])).hex() == entries[close["pool"]]["commit"]
        assert (close["t"], close["draws"]) == (CLOSES_MS, 0)
    shown = await office.show(campaign_id)
    assert shown["state"] == "closed"
    assert {pool["state"] for pool in shown["pools"]} == {"closed"}
    assert sorted(pool["close_index"] for pool in shown["pools"]) == [2, 3]
    report = await verified(office, campaign_id)
    assert (report.verdict, report.says) == ("OK", None)
    assert [pool.closed for pool in report.pools] == [True, True]


@pytest.mark.asyncio
async def test_steps_on_several_processes_close_once(office: Office, clock: ManualClock) -> None:
    """They wait for one another and find it done; the change log has each close once."""
    campaign_id = await office.launched(wheel(), cards())
    clock.now_ms = CLOSES_MS
    done = await asyncio.gather(*(close_pools(office.resources) for _ in range(3)))
    assert sum(done) == 2
    assert await close_pools(office.resources) == 0
    assert len(await office.entries(campaign_id)) == 4
    actions = [(c["action"], c["actor"]) for c in await office.changes(campaign_id)][-3:]
    assert actions == [("pool.close", "service"), ("pool.close", "service"), ("campaign.close", "service")]


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["funding", "resolving", "paid"])
async def test_an_unfinished_play_is_waited_for(office: Office, clock: ManualClock, state: str) -> None:
    """It was paid for before the close, so it is drawn before the secret is known."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main", state=state)
    clock.now_ms = CLOSES_MS + DAY_MS
    assert await close_pools(office.resources) == 0
    await office.give_up_plays(campaign_id)
    assert await close_pools(office.resources) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(("seat", "closed"), [("NULL", 1), ("(SELECT seat_id FROM seat)", 0)])
async def test_a_play_in_review_is_waited_for_while_it_can_be_drawn(
    office: Office, clock: ManualClock, seat: str, closed: int
) -> None:
    """One that has no seat by the close gets none any more, whatever a person decides."""
    campaign_id = await office.launched(wheel(beacon={"delay": 2}))
    await answer_round(office, await log_seat(office, campaign_id))
    await office.start_play(campaign_id, "main", state="review")
    await office.resources.pool.execute(f"UPDATE play SET seat_id = {seat}")
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == closed
    await office.give_up_plays(campaign_id)
    assert await close_pools(office.resources) == 1 - closed


@pytest.mark.asyncio
async def test_a_missing_beacon_is_waited_for(office: Office, clock: ManualClock) -> None:
    """The entry of every round that a seat names stands before the close, also where the seat never drew."""
    campaign_id = await office.launched(wheel(beacon={"delay": 2}))
    round_ = await log_seat(office, campaign_id)
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 0
    await answer_round(office, round_)
    assert await close_pools(office.resources) == 1


@pytest.mark.asyncio
async def test_a_replaced_pool_closes_at_once(office: Office) -> None:
    """It is over; the one that continues it is not, nor is the campaign. An auditor is content with both."""
    campaign_id = await office.launched(wheel())
    table = with_row(wheel(pool_id="next"), 0, stock=8)
    response = await office.send("POST", f"/{campaign_id}/pools/main/replacement", table)
    assert response.status_code == 201
    assert await close_pools(office.resources) == 1
    shown = await office.show(campaign_id)
    assert [(pool["pool_id"], pool["state"]) for pool in shown["pools"]] == [
        ("main", "closed"),
        ("next", "live"),
    ]
    assert shown["state"] == "live"
    report = await verified(office, campaign_id)
    assert (report.verdict, report.says) == ("OK", None)
    page = await office.as_player(campaign_id)
    assert page["you"]["pools"][0]["reason"]["code"] == "pool_replaced"


@pytest.mark.asyncio
async def test_a_replaced_pool_waits_for_the_beacons_of_lapsed_seats(office: Office) -> None:
    """Their rounds were named, so their values are logged before the secret is."""
    table = wheel(beacon={"delay": 2})
    campaign_id = await office.launched(table)
    await log_seat(office, campaign_id)
    await office.send("POST", f"/{campaign_id}/pools/main/replacement", table | {"pool_id": "next"})
    assert await office.resources.pool.fetchval("SELECT state FROM seat") == "lapsed"
    assert await close_pools(office.resources) == 0


@pytest.mark.asyncio
async def test_an_empty_urn_closes_and_a_wheel_without_stock_does_not(
    office: Office, clock: ManualClock
) -> None:
    """There is nothing left to draw from the urn; the wheel's last row is always there."""
    campaign_id = await office.launched(wheel(), cards())
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_won = coalesce(stock, count, 0), units_left = units_left - units_left"
    )
    await office.resources.pool.execute("UPDATE pool SET draws_reserved = draws_cap WHERE game = 'scratch'")
    clock.now_ms = OPENS_MS
    assert await close_pools(office.resources) == 1
    shown = await office.show(campaign_id)
    assert {pool["pool_id"]: pool["state"] for pool in shown["pools"]} == {"main": "live", "cards": "closed"}
    close = (await office.entries(campaign_id))[-1]
    assert (close["k"], close["draws"]) == ("close", 100)
    page = await office.as_player(campaign_id)
    reasons = {pool["pool_id"]: pool["reason"] for pool in page["you"]["pools"]}
    assert reasons["cards"]["code"] == "sold_out"
    assert reasons["cards"]["numbers"] == {"left": 0, "asked": 1}


@pytest.mark.asyncio
async def test_an_urn_with_a_ticket_left_stays_open(office: Office) -> None:
    """Ninety-nine of a hundred are drawn."""
    campaign_id = await office.launched(cards())
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_won = count - 1, units_left = 1 WHERE row_id = 'thanks'"
    )
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_won = count, units_left = 0 WHERE row_id <> 'thanks'"
    )
    assert await close_pools(office.resources) == 0
    assert (await office.show(campaign_id))["pools"][0]["state"] == "live"


@pytest.mark.asyncio
async def test_the_secret_of_an_ended_campaign_waits_for_the_published_close(
    office: Office, clock: ManualClock
) -> None:
    """Ending stops the plays at once; a close before `closes` would break the protocol."""
    campaign_id = await office.launched(wheel())
    await office.post(f"/{campaign_id}/end")
    assert await close_pools(office.resources) == 0
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 1
    assert (await office.show(campaign_id))["state"] == "closed"
    assert (await verified(office, campaign_id)).verdict == "OK"


@pytest.mark.asyncio
async def test_a_paused_campaign_closes(office: Office, clock: ManualClock) -> None:
    """A pause does not put the published close off."""
    campaign_id = await office.launched(wheel())
    await office.post(f"/{campaign_id}/pause")
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 1
    assert (await office.show(campaign_id))["state"] == "closed"


async def draw_tickets(office: Office, campaign_id: str, pool_id: str, count: int) -> None:
    """Covered tickets of settled plays, one each."""
    player_id = await player_id_of(office.resources, Someone("ann"))
    await office.resources.pool.execute(_TICKETS, campaign_id, pool_id, player_id, count)


@pytest.mark.asyncio
async def test_covered_tickets_are_uncovered_at_the_close(
    office: Office, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches; those that the player uncovered keep their time, and other pools' stay covered."""
    monkeypatch.setattr("game.campaigns.closing.TICKETS_AT_ONCE", 2)
    campaign_id = await office.launched(cards(), cards(pool_id="later1"), points=10_000)
    await draw_tickets(office, campaign_id, "cards", 5)
    await draw_tickets(office, campaign_id, "later1", 1)
    await office.resources.pool.execute("UPDATE draw SET uncovered_ms = 7 WHERE entry_index = 503")
    await office.resources.pool.execute("UPDATE pool SET closes_ms = closes_ms + 1 WHERE pool_id = 'later1'")
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 1
    times = [
        row[0]
        for row in await office.resources.pool.fetch("SELECT uncovered_ms FROM draw ORDER BY entry_index")
    ]
    assert times == [CLOSES_MS, CLOSES_MS, 7, CLOSES_MS, CLOSES_MS, None]
