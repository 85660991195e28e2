"""Tables as they are after a while: players, what they did, how far they are, and tasks; written by SQL.

Each player has one event that was processed, and counted for the tasks of reviews.
"""

import math
from collections.abc import Callable

import asyncpg
import msgspec

from game import demo
from game.instants import to_datetime
from game.resources import system_clock
from game.tasks.drafts import TaskDraft

CHUNK = 100_000
TASKS_PER_CAMPAIGN = 50
DAY_MS = 86_400_000
FIRST = "benchmark000"
# Strides through all players, since it has no factor in common with powers of ten.
STRIDE = 7_919
BY_FIVE = "five-reviews"
REVIEW_TASKS = ("daily-review", "photos", BY_FIVE)

PLAYERS = """
INSERT INTO player (player_id, brand_id, subject, created_ms)
SELECT uuidv7(), $1, 'player-' || lpad(n::text, 7, '0'), $2
FROM generate_series($3::integer, $4::integer) AS n
"""
EVENTS = """
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, player_id, occurrence,
                   occurred_ms, received_ms, attributes, state, attempts, next_attempt_ms)
SELECT $1, uuidv7(), $2, $3 || n, sha256(n::text::bytea), 'review.created', p.player_id, $3 || n, $4, $4,
       '{"item": "tea-01", "rating": 5, "photos": 1}', $5, 0, $6
FROM generate_series($7::integer, $8::integer) AS n
JOIN player AS p ON p.brand_id = $1 AND p.subject = 'player-' || lpad((n::bigint * $9 % $10)::text, 7, '0')
ORDER BY n
"""
COUNTED = """
WITH counted AS (
    SELECT t.task_id, e.event_id, e.player_id,
           CASE t.task_id WHEN $2 THEN $4::date ELSE '-infinity'::date END AS window_start,
           CASE t.task_id WHEN $3 THEN substr(e.webhook_id, 6)::integer % 5 ELSE 1 END AS amount
    FROM event AS e CROSS JOIN task AS t
    WHERE t.campaign_id = $1 AND t.event_type = 'review.created' AND e.type = 'review.created'
      AND e.webhook_id = ANY (SELECT 'past-' || n FROM generate_series($5::integer, $6::integer) AS n)
), kept AS (
    INSERT INTO task_contribution (campaign_id, task_id, event_id, player_id, window_start, amount)
    SELECT $1, task_id, event_id, player_id, window_start, amount FROM counted WHERE amount > 0
)
INSERT INTO task_progress (campaign_id, player_id, task_id, window_start, progress)
SELECT $1, player_id, task_id, window_start, amount FROM counted WHERE amount > 0
"""
CAMPAIGN = """
INSERT INTO campaign (campaign_id, brand_id, state, name_zh, name_en, rules_zh, rules_en, time_zone, opens_ms,
                      closes_ms, created_by, created_ms, launched_ms)
VALUES ($1, $2, 'live', '评', 'Reviews', '评', 'Reviews', 'UTC', $3, $4, 'bench', $3, $3)
"""
TASK = "INSERT INTO task (campaign_id, task_id, brand_id, event_type, draft) VALUES ($1, $2, $3, $4, $5)"
OTHER_TYPES = ("share.created", "checkin.created", "purchase.completed", "survey.completed", "donation.made")


class Filling:
    """The database that is filled, and how much is in it."""

    def __init__(self, conn: "asyncpg.Connection[asyncpg.Record]", tell: Callable[[str], None]) -> None:
        self._conn = conn
        self._tell = tell
        self.players = 0
        self.tasks = 0
        self._backlogs = 0

    async def grow_tasks(self, count: int) -> None:
        """Have so many tasks in live campaigns; of the first, three look at reviews."""
        for number in range(self.tasks, count):
            nth, place = divmod(number, TASKS_PER_CAMPAIGN)
            if place == 0:
                now_ms = system_clock()
                times = (now_ms - 10 * DAY_MS, now_ms + 10 * DAY_MS)
                await self._conn.execute(CAMPAIGN, campaign_id(nth), demo.BRAND, *times)
            task_id = REVIEW_TASKS[number] if number < len(REVIEW_TASKS) else f"task-{number}"
            draft = task_draft(task_id, number)
            encoded = msgspec.json.encode(draft).decode()
            await self._conn.execute(TASK, campaign_id(nth), task_id, demo.BRAND, draft.event_type, encoded)
        self.tasks = max(self.tasks, count)

    async def grow_players(self, count: int) -> None:
        """Have so many players with a past."""
        while self.players < count:
            first, last = self.players, min(count, self.players + CHUNK) - 1
            now_ms = system_clock()
            await self._conn.execute(PLAYERS, demo.BRAND, now_ms, first, last)
            await self._events("past-", first, last, of=last + 1, state="processed", due_ms=now_ms)
            today = to_datetime(now_ms).date()
            await self._conn.execute(COUNTED, campaign_id(0), *REVIEW_TASKS[::2], today, first, last)
            self.players = last + 1
            self._tell(f"    {self.players:,} of {count:,} players are there")
        await self._conn.execute("VACUUM ANALYZE")

    async def backlog(self, count: int, *, due_ms: int) -> None:
        """Events of as many players, to be processed from a time on."""
        self._backlogs += 1
        prefix = f"due-{self._backlogs}-"
        await self._events(prefix, 0, count - 1, of=self.players, state="stored", due_ms=due_ms)

    async def waiting(self) -> int:
        """How many events are still to be processed."""
        found = await self._conn.fetchval("SELECT count(*) FROM event WHERE state = 'stored'")
        assert isinstance(found, int)
        return found

    async def _events(self, prefix: str, first: int, last: int, *, of: int, state: str, due_ms: int) -> None:
        stride = STRIDE if state == "stored" else 1
        told = (demo.BRAND, demo.SOURCE, prefix, system_clock(), state, due_ms)
        await self._conn.execute(EVENTS, *told, first, last, stride, of)


def campaign_id(nth: int) -> str:
    """The campaigns that hold the tasks."""
    return f"{FIRST[:-3]}{nth:03}"


def task_draft(task_id: str, number: int) -> TaskDraft:
    """A day's reviews, their photos, or a chance for every five; the other tasks are of other types."""
    is_review = task_id in REVIEW_TASKS
    fields = {
        "name": {"zh": "任务", "en": task_id},
        "text": {"zh": "任务", "en": "Do it again"},
        "event_type": "review.created" if is_review else OTHER_TYPES[number % len(OTHER_TYPES)],
        "target": 5 if task_id == BY_FIVE else 1_000_000,
        "sum_of": "photos" if task_id == "photos" else None,
        "window": "day" if task_id == "daily-review" else "campaign",
        "times_per_window": 1_000,
        "times_per_player": 1_000,
        "needs_review": False,
        "reward": {
            "kind": "chances",
            "amount": 1,
            "expires_at": to_datetime(system_clock() + 9 * DAY_MS).isoformat(),
        },
    }
    return msgspec.convert(fields, TaskDraft)


assert math.gcd(STRIDE, 10) == 1
