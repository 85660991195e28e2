"""Settled plays as bare rows: a campaign with one pool, its players, and draws that paid what a test says."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

from redis.asyncio import Redis

from game.campaigns.rules import Game, Prize
from game.db.pool import open_pool
from game.ledger.rules import Credit, credit_of
from game.players import account_of
from game.prizes.rules import Won
from game.resources import Resources
from game.vault import Vault
from ledger_client import Ledger
from tests.support.app import settings_for
from tests.support.service import STARTED_MS, ManualClock

CLOSES_MS = STARTED_MS + 86_400_000
POOL = "main"

_CAMPAIGN = """
WITH branded AS (
    INSERT INTO brand (brand_id, name_zh, name_en, issuer, jwks_url, operator_name, created_ms)
    VALUES ('acme', 'a', 'a', 'https://acme.example', 'https://acme.example/jwks', 'acme.example', 1)
    ON CONFLICT DO NOTHING
), opened AS (
    INSERT INTO campaign (campaign_id, brand_id, state, name_zh, name_en, rules_zh, rules_en, time_zone,
                          opens_ms, closes_ms, created_by, created_ms, launched_ms)
    VALUES ($1, 'acme', 'live', 'n', 'n', 'r', 'r', 'Asia/Shanghai', 1, $2, 'test', 1, 1)
)
INSERT INTO log (campaign_id, origin, key_sealed, public_key)
VALUES ($1, 'acme.example/' || $1, 'sealed', decode(repeat('00', 32), 'hex'))
"""
_ENTRIES = """
INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash)
SELECT $1, i, '{}', sha256(int8send(i)) FROM generate_series($2::bigint, $3::bigint) AS i
"""
_POOL = """
INSERT INTO pool (campaign_id, pool_id, lineage_id, game, state, accepting, price_points, seat_draws,
                  draws_cap, opens_ms, closes_ms, entry, entry_index, rules, secret_sealed)
VALUES ($1, $2, $2, $3, 'live', true, 10, 256, 1000000, 1, $4, '{}', 0, '', 'sealed')
"""
_ROW = """
INSERT INTO pool_row (campaign_id, pool_id, ordinal, row_id, count, units_left, prize_kind, prize_amount,
                      voucher_batch, name_zh, name_en, value_fen, value_source, value_date)
VALUES ($1, $2, $3, $4, 1000000, 1000000, $5, $6, $7, $8, $9, 100, 'list', '2026-01-01')
"""
_PLAY = """
WITH seated AS (
    INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index, leaf_hash,
                      seat_draws, draws_reserved, draws_taken)
    VALUES ($1, $3, $4, $5, 'used', sha256($3), '', $6, sha256($3), $7, $7, $7)
), played AS (
    INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws,
                      drawn, paid_with, price_points, day, seat_id, accepted_ms, apply_before_ms,
                      next_attempt_ms, finished_ms, log_size)
    VALUES ($1, $2, $5, $4, encode($3, 'hex'), sha256($3), 'settled', $7, $7, 'points',
            10, $8, $3, 1, 1, 1, 1, 1)
)
INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)
SELECT $1, $6 + nth, $2, nth, $3, nth, ordinal
FROM unnest($9::integer[]) WITH ORDINALITY AS d (ordinal, nth)
"""
_PLAYER = """
INSERT INTO player (player_id, brand_id, subject, created_ms) VALUES ($1, 'acme', $2, 1)
"""


@asynccontextmanager
async def resources_of(
    database_url: str, redis_url: str, *, ledger: Ledger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """A service's resources; its random bytes are the same in every run."""
    settings = settings_for(database_url, redis_url)
    entropy = _Entropy()
    async with await open_pool(database_url, connections=4) as pool, Redis.from_url(redis_url) as redis:
        yield Resources(
            settings=settings,
            pool=pool,
            redis=redis,
            ledger=ledger,
            vault=Vault(settings.secret_keys),
            clock=clock,
            entropy=entropy,
        )


class _Entropy:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, count: int) -> bytes:
        self.calls += 1
        return hashlib.shake_256(b"settled %d" % self.calls).digest(count)


class Campaign:
    """A live campaign of the brand `acme`; `next_index` is where its log goes on."""

    def __init__(self, resources: Resources, campaign_id: str, prizes: Sequence[Prize]) -> None:
        self.resources = resources
        self.campaign_id = campaign_id
        self.prizes = prizes
        self.next_index = 1

    async def player(self, subject: str) -> UUID:
        """Store a player of the brand."""
        player_id = self.resources.new_id()
        await self.resources.pool.execute(_PLAYER, player_id, subject)
        return player_id

    async def settle(self, player_id: UUID, *ordinals: int) -> list[Won]:
        """Store a settled play whose draws paid these rows; what they won, which is not granted yet."""
        play_id, seat_index = self.resources.new_id(), self.next_index
        self.next_index += 1 + len(ordinals)
        pool = self.resources.pool
        await pool.execute(_ENTRIES, self.campaign_id, seat_index, self.next_index - 1)
        await pool.execute(
            _PLAY, self.campaign_id, play_id, play_id.bytes, POOL, player_id, seat_index, len(ordinals),
            date(2026, 1, 1), list(ordinals),
        )  # fmt: skip
        return [
            Won(
                campaign_id=self.campaign_id,
                grant_id=self.resources.new_id(),
                play_id=play_id,
                player_id=player_id,
                entry_index=seat_index + nth,
                pool_id=POOL,
                prize=self.prizes[ordinal],
                closes_ms=CLOSES_MS,
            )
            for nth, ordinal in enumerate(ordinals, start=1)
        ]

    async def credits(self, player_id: UUID, count: int, *, subject: str, points: int = 1) -> list[Credit]:
        """So many credits for one player's play, which are in no outbox yet."""
        play_id = (await self.settle(player_id, 0))[0].play_id
        return [
            credit_of(
                campaign_id=self.campaign_id,
                play_id=play_id,
                entry_index=1_000 + index,
                account=account_of(brand_id="acme", subject=subject),
                amount_points=points,
            )
            for index in range(count)
        ]


async def open_campaign(
    resources: Resources,
    prizes: Sequence[Prize],
    *,
    game: Game = "scratch",
    campaign_id: str = "campaign0001",
) -> Campaign:
    """Store a live campaign whose one pool pays these prizes."""
    pool = resources.pool
    await pool.execute(_CAMPAIGN, campaign_id, CLOSES_MS)
    await pool.execute(_ENTRIES, campaign_id, 0, 0)
    await pool.execute(_POOL, campaign_id, POOL, game, CLOSES_MS)
    for prize in prizes:
        await pool.execute(
            _ROW, campaign_id, POOL, prize.ordinal, prize.row_id, prize.kind, prize.amount,
            prize.voucher_batch, prize.name.zh, prize.name.en,
        )  # fmt: skip
    return Campaign(resources, campaign_id, prizes)
