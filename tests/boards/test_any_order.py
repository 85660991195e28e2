"""Whatever is told, by whomever, in whatever order, and whatever is lost: all is as an oracle says."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import pytest

from game.boards.folding import fold_scores
from game.boards.freezing import freeze_seasons
from game.boards.mending import mend_boards, rebuild
from game.boards.rewarding import reward_seasons
from game.boards.store import SeasonKey
from game.resources import Resources
from tests.boards.hall import Hall, added_up, ended, prize
from tests.boards.scorer import (
    Fact,
    as_members,
    in_postgresql,
    in_redis,
    names,
    ranking,
    take_back,
    tell,
)
from tests.campaigns.office import DAY_MS

pytestmark = pytest.mark.asyncio

PLAYERS = 12
FACTS = 60
ROUNDS = 12
DAYS = 3


class Story:
    """Facts over some days, each told many times, some taken back or told otherwise; the same for a seed."""

    def __init__(self, resources: Resources, campaign_id: str, players: list[UUID], seed: int) -> None:
        self.resources = resources
        self.campaign_id = campaign_id
        self.rng = random.Random(seed)
        opened_ms = resources.clock()
        self.facts = {
            str(nth): Fact(
                player_id=self.rng.choice(players),
                source=str(nth),
                amount=self.rng.randrange(1, 4),
                # Few times, so that there are ties.
                at_ms=opened_ms + self.rng.randrange(DAYS) * DAY_MS + self.rng.randrange(3),
            )
            for nth in range(FACTS)
        }
        self.gone = set(self.rng.sample(sorted(self.facts), k=FACTS // 4))

    @property
    def standing(self) -> list[Fact]:
        """What counts in the end."""
        return [fact for source, fact in self.facts.items() if source not in self.gone]

    async def told(self) -> None:
        """By two at once, in random orders, while others add up, die, forget and build anew."""
        for _ in range(ROUNDS):
            await asyncio.gather(self.tell(), self.tell(), self.work(), self.work(), self.lose())
        # The last word about each fact, whatever was said before.
        await tell(self.resources, self.campaign_id, self.standing)
        await take_back(self.resources, self.campaign_id, [self.facts[source] for source in self.gone])

    async def tell(self) -> None:
        """Some facts, as they are, or otherwise, or not at all."""
        for fact in self.rng.sample(sorted(self.facts.values(), key=lambda each: each.source), k=8):
            match self.rng.randrange(4):
                case 0:
                    await take_back(self.resources, self.campaign_id, [fact])
                case 1:
                    other = Fact(player_id=fact.player_id, source=fact.source, amount=9, at_ms=fact.at_ms)
                    await tell(self.resources, self.campaign_id, [other])
                case _:
                    await tell(self.resources, self.campaign_id, [fact])

    async def work(self) -> None:
        """A run of a step, cut off at a random place in half of the cases."""
        step = self.rng.choice([fold_scores, fold_scores, mend_boards])
        work = asyncio.create_task(step(self.resources))
        if self.rng.random() < 0.5:
            await asyncio.wait([work], timeout=self.rng.random() * 0.02)
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    async def lose(self) -> None:
        """Now and then Redis forgets something, or somebody builds a ranking anew."""
        key = SeasonKey(self.campaign_id, "sets", self.rng.choice(await self.seasons()))
        match self.rng.randrange(6):
            case 0:
                await self.resources.redis.flushdb()
            case 1:
                await self.resources.redis.delete(self.rng.choice(list(names(key).values())))
            case 2:
                await rebuild(self.resources, key)

    async def seasons(self) -> list[str]:
        """The seasons of the story, in order."""
        rows = await self.resources.pool.fetch(
            "SELECT season FROM board_season WHERE campaign_id = $1 ORDER BY starts_ms LIMIT $2",
            self.campaign_id,
            DAYS + 1,
        )
        return [row["season"] for row in rows]


async def bounds(resources: Resources, key: SeasonKey) -> tuple[int, int]:
    """From when until when a season lasts."""
    row = await resources.pool.fetchrow(
        "SELECT starts_ms, ends_ms FROM board_season WHERE (campaign_id, board_id, season) = ($1, $2, $3)",
        key.campaign_id, key.board_id, key.season,
    )  # fmt: skip
    assert row is not None
    return row["starts_ms"], row["ends_ms"]


async def rewarded(resources: Resources, key: SeasonKey) -> list[UUID]:
    """Who was given the rewards of a season, by rank."""
    rows = await resources.pool.fetch(
        "SELECT player_id, split_part(source, ':', 4)::integer AS rank, state FROM reward"
        " WHERE campaign_id = $1 AND starts_with(source, $2) ORDER BY rank",
        key.campaign_id, f"board:{key.board_id}:{key.season}:",
    )  # fmt: skip
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["player_id"] for row in rows]


@pytest.mark.parametrize("seed", range(4))
async def test_as_one_after_the_other(hall: Hall, resources: Resources, seed: int) -> None:
    """Standings, sorted sets and rewards of each season, and the sets after a rebuild, to the letter."""
    await hall.saved("sets", metric="sets", seasons="day", grace_hours=1, rewards=[prize(1, 5, amount=10)])
    await hall.shop.launch()
    players = [await hall.player_id(f"p{nth}") for nth in range(PLAYERS)]
    story = Story(resources, hall.shop.campaign_id, players, seed)
    hall.shop.office.clock.advance((DAYS - 1) * DAY_MS)
    await story.told()
    await added_up(resources)
    keys = [SeasonKey(story.campaign_id, "sets", season) for season in await story.seasons()]
    # The time of builders that died is up.
    await resources.redis.delete(*(names(key)["build"] for key in keys))
    await mend_boards(resources)
    await added_up(resources)
    wanted = {}
    for key in keys:
        starts_ms, ends_ms = await bounds(resources, key)
        wanted[key] = ranking(fact for fact in story.standing if starts_ms <= fact.at_ms < ends_ms)
        assert await in_postgresql(resources, key) == wanted[key]
    for key in keys[:DAYS]:
        assert await in_redis(resources, key) == as_members(wanted[key])
        assert await rebuild(resources, key)
        assert await in_redis(resources, key) == as_members(wanted[key])
    hall.shop.office.clock.advance(2 * DAY_MS)
    await asyncio.gather(
        *(freeze_seasons(resources) for _ in range(2)), *(reward_seasons(resources) for _ in range(2))
    )
    await ended(resources)
    for key in keys:
        assert await rewarded(resources, key) == [row[0] for row in wanted[key][:5]]
