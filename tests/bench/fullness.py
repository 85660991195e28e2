"""Whether a play costs the same with many plays in the tables, and in many live campaigns at once."""

from game import demo
from game.resources import Resources, system_clock
from tests.bench.installation import Installation, Server
from tests.bench.plays import PLAYERS, Crowd, funded, staged
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Series

PAST = (10_000, 100_000, 1_000_000, 10_000_000)
# Nobody plays in one of them: that of the past. A brand has no more than the last number.
CAMPAIGNS = (10, 100, 1_000)
CONNECTIONS, PLAYS = 256, 4_000
CHUNK = 100_000
# Rows of another campaign, as its plays would have left them; what they refer to is not asked again.
QUIET = "SET session_replication_role = replica; SET statement_timeout = 0"
LOUD = "RESET ALL"
FILL_SECONDS = 600.0
FILL = """
WITH past AS (
    SELECT n, uuidv7(make_interval(secs => -86400 + n / 1000.0)) AS play_id, p.player_id,
           substr(sha256(n::text::bytea), 1, 16) AS seat_id
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
SELECT $1, n, play_id, 1, seat_id, 1, 0 FROM past
"""
# Behind what the campaign has logged itself.
FIRST_INDEX = 1_000


async def grown(installation: Installation, scale: Scale) -> Section:
    """Rounds of one campaign with more and more plays of the past, then of more and more campaigns."""
    async with demo.open_resources(installation.site.settings) as resources:
        crowd = Crowd(installation, [await staged(resources)], players=PLAYERS)
        past_id = (await staged(resources)).split("/")[3]
        await funded(resources, PLAYERS)
        async with installation.serving() as service:
            await crowd.sit(service)
            past = [await _rounds(service, crowd, scale, "new tables")]
            filled = 0
            for plays in (each for each in PAST if each <= scale.players):
                await _fill(resources, past_id, filled, plays, scale)
                past.append(await _rounds(service, crowd, scale, f"{plays:,} plays in the tables"))
                filled = plays
            many = [past[-1]]
            for campaigns in CAMPAIGNS:
                crowd.places += [await staged(resources) for _ in range(campaigns - 1 - len(crowd.places))]
                await crowd.sit(service)
                many.append(await _rounds(service, crowd, scale, f"{campaigns:,} live campaigns"))
    rows = [compared(each.name, each, past[0]) for each in past[1:]]
    rows += [compared(each.name, each, many[0]) for each in many[1:]]
    return Section(title=f"Paid plays as tables and campaigns grow, {CONNECTIONS} connections", rows=rows)


async def _rounds(service: Server, crowd: Crowd, scale: Scale, name: str) -> Series:
    """Some rounds after one that nobody counts."""
    rounds: list[Round] = []
    for number in range(scale.rounds + 1):
        taken = await service.answered(crowd.plays(PLAYS), connections=CONNECTIONS, status="201")
        scale.tell(f"    round {number} of {scale.rounds}  {name:<28}{taken.per_second:>10,.0f}/s")
        rounds.append(taken)
    return Series(name=name, rounds=rounds[1:])


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
