"""Whether a play costs the same with many plays in the tables, and in many live campaigns at once.

A service with new tables and one campaign takes turns with another one on the same servers, whose database is
filled and whose campaigns become more; at last all play in one of a thousand.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from game import demo
from game.resources import Resources, system_clock
from tests.bench.installation import Installation, Server
from tests.bench.plays import PLAYERS, WARM_UP, Crowd, funded, staged
from tests.bench.report import Row, Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved
from tests.bench.yardsticks.statements import copy, settings_of
from tests.crash.site import GAME

FULL: Final = "full"
YARDSTICK: Final = "new tables, one campaign"
PAST = (10_000, 100_000, 1_000_000, 10_000_000)
# Nobody plays in one of them: that of the past. A brand has no more than the last number.
CAMPAIGNS = (10, 100, 1_000)
CONNECTIONS, PLAYS = 256, 4_000
CHUNK = 100_000
# Rows of another campaign, as its plays would have left them; what they refer to is not asked again.
QUIET = "SET session_replication_role = replica; SET statement_timeout = 0"
LOUD = "RESET ALL"
# Once a minute a pass would judge all plays of that minute, in whoever's turn that is.
# What is filled in was never in the ledger.
UNRECONCILED = "DELETE FROM reconciliation"
FILL_SECONDS = 600.0
FILL = """
WITH past AS (
    SELECT n, uuidv7(make_interval(secs => -86400 + n / 1000.0)) AS play_id, p.player_id,
           substr(sha256((p.place || '-' || n / $4::bigint / 256)::bytea), 1, 16) AS seat_id,
           1 + n / $4::bigint % 256 AS taken
    FROM generate_series($2::bigint, $3::bigint) AS n
    JOIN (SELECT player_id, row_number() OVER () - 1 AS place FROM player) AS p ON p.place = n % $4::bigint
), logged AS (
    INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash)
    SELECT $1, n, convert_to(repeat('x', 180), 'UTF8'), sha256(n::text::bytea) FROM past
), played AS (
    INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws,
                      drawn, paid_with, price_points, day, seat_id, accepted_ms, apply_before_ms,
                      next_attempt_ms, finished_ms, balance_points, log_size)
    SELECT $1, play_id, player_id, 'wheel-1', 'past-' || n, sha256(''), 'settled', 1, 1, 'points', 50,
           '2026-01-01', seat_id, $5::bigint, $5::bigint, $5::bigint, $5::bigint, 0, n + 1
    FROM past
), charged AS (
    INSERT INTO operation (campaign_id, operation_id, kind, play_id, subject, body, state, next_attempt_ms,
                           ledger_seq)
    SELECT $1, 'play:' || $1 || '-' || replace(play_id::text, '-', ''), 'debit', play_id, 'player:demo.past',
           convert_to(repeat('x', 250), 'UTF8'), 'applied', $5::bigint, n
    FROM past
)
INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)
SELECT $1, n, play_id, 1, seat_id, taken, 0 FROM past
"""
# Behind what the campaign has logged itself.
FIRST_INDEX = 1_000


async def grown(installation: Installation, scale: Scale) -> Section:
    """Rounds of one campaign with more and more plays of the past, then of more and more campaigns."""
    site, rows = installation.site, []
    await copy(site, GAME, FULL)
    full = settings_of(site, FULL)
    async with AsyncExitStack() as stack:
        resources, others = [
            await stack.enter_async_context(demo.open_resources(each)) for each in (site.settings, full)
        ]
        for each in (resources, others):
            await each.pool.execute(UNRECONCILED)
        await funded(resources, PLAYERS)
        ground = _Ground(
            new=await stack.enter_async_context(installation.serving()),
            full=await stack.enter_async_context(
                installation.more_serving({"PLAYFAIR_DATABASE_URL": full.database_url})
            ),
            few=Crowd(installation, [await staged(resources)], players=PLAYERS),
            many=Crowd(installation, [await staged(others)], players=PLAYERS),
            scale=scale,
        )
        past_id = (await staged(others)).split("/")[3]
        await ground.sit()
        filled = 0
        for plays in (each for each in PAST if each <= scale.players):
            await _fill(others, past_id, filled, plays, scale)
            rows.append(await ground.compared(f"{plays:,} plays in the tables"))
            filled = plays
        for campaigns in CAMPAIGNS:
            more = campaigns - 1 - len(ground.many.places)
            ground.many.places += [await staged(others) for _ in range(more)]
            await ground.many.sit(ground.full)
            rows.append(await ground.compared(f"{campaigns:,} live campaigns"))
        del ground.many.places[1:]
        await ground.many.sit(ground.full)
        rows.append(await ground.compared("all play in one of these"))
    return Section(title=f"Paid plays as tables and campaigns grow, {CONNECTIONS} connections", rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """A service with new tables and one with full ones, and who plays there."""

    new: Server
    full: Server
    few: Crowd
    many: Crowd
    scale: Scale

    async def sit(self) -> None:
        """Take a seat for everybody in both."""
        await self.few.sit(self.new)
        await self.many.sit(self.full)
        await _play(self.new, self.few, WARM_UP)

    async def compared(self, name: str) -> Row:
        """Some rounds after one that nobody counts."""
        self.scale.tell(f"  {name}")
        await _play(self.full, self.many, PLAYS)
        turns: dict[str, Turn] = {
            name: partial(_play, self.full, self.many, PLAYS),
            YARDSTICK: partial(_play, self.new, self.few, PLAYS),
        }
        ours, yardstick = await interleaved(turns, self.scale)
        return compared(name, ours, yardstick)


async def _play(server: Server, crowd: Crowd, count: int) -> Round:
    return await server.answered(crowd.plays(count), connections=CONNECTIONS, status="201")


async def _fill(resources: Resources, campaign_id: str, first: int, until: int, scale: Scale) -> None:
    async with resources.pool.acquire() as conn:
        await conn.execute(QUIET)
        for start in range(first, until, CHUNK):
            end = min(until, start + CHUNK)
            told = (start + FIRST_INDEX, end + FIRST_INDEX - 1, PLAYERS, system_clock())
            await conn.execute(FILL, campaign_id, *told, timeout=FILL_SECONDS)
            scale.tell(f"    {end:,} of {until:,} plays of the past are there")
        await conn.execute("VACUUM ANALYZE", timeout=FILL_SECONDS)
        await conn.execute(LOUD)
