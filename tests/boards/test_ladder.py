"""Rankings in Redis: what is lost is noticed, what is late changes nothing, and a rebuild finds the same."""

import asyncio
import random
from uuid import UUID

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from game.boards import ladder, store
from game.boards.folding import fold_scores
from game.boards.mending import compare, mend_boards, rebuild
from game.boards.store import SeasonKey
from game.rankings import compared, told
from game.resources import Resources
from tests.boards.hall import Hall, added_up
from tests.boards.scorer import Fact, as_members, in_postgresql, in_redis, names, ranking, tell

pytestmark = pytest.mark.asyncio

PLAYERS = [UUID(int=nth) for nth in range(1, 31)]


@pytest_asyncio.fixture
async def key(hall: Hall) -> SeasonKey:
    """The only season of a board for redeemed sets."""
    await hall.saved("sets", metric="sets")
    await hall.shop.launch()
    await mend_boards(hall.shop.resources)
    return SeasonKey(hall.shop.campaign_id, "sets", "all")


@pytest_asyncio.fixture
async def facts(resources: Resources, key: SeasonKey) -> list[Fact]:
    """Many facts with many ties, told and added up."""
    rng = random.Random(3)
    made = [
        Fact(
            player_id=rng.choice(PLAYERS),
            source=str(nth),
            amount=rng.randrange(1, 4),
            at_ms=10**12 + rng.randrange(5),
        )
        for nth in range(80)
    ]
    await tell(resources, key.campaign_id, made)
    await added_up(resources)
    return made


async def published(resources: Resources, key: SeasonKey, facts: list[Fact]) -> bool:
    """Whether both places have the ranking that follows from facts, to the letter."""
    wanted = ranking(facts)
    assert await in_postgresql(resources, key) == wanted
    return await in_redis(resources, key) == as_members(wanted)


async def test_the_order_is_that_of_the_facts(
    resources: Resources, key: SeasonKey, facts: list[Fact]
) -> None:
    """Ties by time and then by id included; nothing waits to be published."""
    assert await published(resources, key, facts)
    assert await resources.pool.fetchval("SELECT count(*) FROM board_standing WHERE NOT is_published") == 0


async def test_a_rebuild_finds_the_same(resources: Resources, key: SeasonKey, facts: list[Fact]) -> None:
    """Members, scores and versions are those that were there."""
    before = await resources.redis.hgetall(names(key)["places"])
    assert await rebuild(resources, key)
    assert await published(resources, key, facts)
    assert await resources.redis.hgetall(names(key)["places"]) == before
    assert await resources.redis.ttl(names(key)["ranks"]) == -1


async def lose_all(redis: Redis, key: SeasonKey) -> None:
    """A flush."""
    del key
    await redis.flushdb()


async def lose_ranks(redis: Redis, key: SeasonKey) -> None:
    """The set was evicted."""
    await redis.delete(names(key)["ranks"])


async def lose_places(redis: Redis, key: SeasonKey) -> None:
    """The hash was evicted."""
    await redis.delete(names(key)["places"])


async def lose_a_member(redis: Redis, key: SeasonKey) -> None:
    """Somebody removed one."""
    await redis.zpopmin(names(key)["ranks"])


async def forget_the_last_second(redis: Redis, key: SeasonKey) -> None:
    """Another run of the server came up with what an earlier one had written."""
    await redis.hset(names(key)["places"], "#run", "0" * 40)


@pytest.mark.parametrize("lose", [lose_all, lose_ranks, lose_places, lose_a_member, forget_the_last_second])
async def test_a_loss_is_noticed(
    hall: Hall, resources: Resources, key: SeasonKey, facts: list[Fact], lose: object
) -> None:
    """Until the ranking is built anew, PostgreSQL answers; what changes meanwhile is in it afterwards."""
    assert callable(lose)
    await lose(resources.redis, key)
    assert await ladder.ranks(resources, key, after=0, limit=1) is None
    told_ = await hall.shop.office.client.get(f"/v1/campaigns/{key.campaign_id}/boards/sets/top?limit=3")
    assert [each["score"] for each in told_.json()["ranks"]] == [row[1] for row in ranking(facts)[:3]]
    more = Fact(player_id=PLAYERS[0], source="more", amount=100, at_ms=10**12)
    await tell(resources, key.campaign_id, [more])
    assert await fold_scores(resources) == 1
    assert await fold_scores(resources) == 0
    assert await mend_boards(resources) == 1
    assert await mend_boards(resources) == 0
    await added_up(resources)
    assert await published(resources, key, [*facts, more])


async def test_what_is_late_or_repeated_changes_nothing(
    resources: Resources, key: SeasonKey, facts: list[Fact]
) -> None:
    """A process that was paused publishes what was true once."""
    async with resources.pool.acquire() as conn:
        old = await store.standings_after(conn, key, after=UUID(int=0), limit=100)
    more = Fact(player_id=old[0].player_id, source="more", amount=100, at_ms=10**12)
    await tell(resources, key.campaign_id, [more])
    await added_up(resources)
    assert await ladder.publish(resources, key, old)
    assert await ladder.publish(resources, key, old)
    assert await published(resources, key, [*facts, more])


async def test_of_two_builders_one_builds(resources: Resources, key: SeasonKey, facts: list[Fact]) -> None:
    """Whoever has taken too long puts nothing into place, and what was published since stays."""
    assert True in await asyncio.gather(rebuild(resources, key), rebuild(resources, key))
    assert await published(resources, key, facts)
    assert await ladder.begin(resources, key, "slow")
    assert not await rebuild(resources, key)
    await resources.redis.delete(names(key)["build"])  # its time is up
    assert await rebuild(resources, key)
    more = Fact(player_id=PLAYERS[0], source="more", amount=100, at_ms=10**12)
    await tell(resources, key.campaign_id, [more])
    await added_up(resources)
    async with resources.pool.acquire() as conn:
        page = await store.standings_after(conn, key, after=UUID(int=0), limit=100)
    assert not await ladder.fill(resources, key, "slow", page)
    assert not await ladder.swap(resources, key, "slow")
    assert await published(resources, key, [*facts, more])


async def test_a_death_before_publishing_is_made_up_for(
    resources: Resources, key: SeasonKey, facts: list[Fact]
) -> None:
    """The next run publishes what was committed and never told."""
    more = Fact(player_id=PLAYERS[0], source="more", amount=100, at_ms=10**12)
    await tell(resources, key.campaign_id, [more])
    async with resources.pool.acquire() as conn, conn.transaction():
        due = await store.claim_due(conn, limit=10)
        assert len(await store.fold(conn, due, until_ms=2 * 10**12)) == 1
    assert not await published(resources, key, [*facts, more])
    assert await fold_scores(resources) == 1
    assert await published(resources, key, [*facts, more])


async def test_without_redis_postgresql_answers(
    hall: Hall, resources: Resources, key: SeasonKey, facts: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranks and neighbours are the same; scores go on being added up, and follow when it is back."""
    subject = await resources.pool.fetchval("SELECT subject FROM player ORDER BY player_id LIMIT 1") or "ann"
    player_id = await hall.player_id(subject)
    mine = Fact(player_id=player_id, source="mine", amount=4, at_ms=10**12 + 2)
    await tell(resources, key.campaign_id, [mine])
    await added_up(resources)
    before = await hall.mine(subject, "sets", around=2)
    monkeypatch.setattr(
        resources.redis, "connection_pool", Redis.from_url("redis://127.0.0.1:1").connection_pool
    )
    assert await hall.mine(subject, "sets", around=2) == before
    assert before["rank"] == [row[0] for row in ranking([*facts, mine])].index(player_id) + 1
    await tell(resources, key.campaign_id, [Fact(player_id=PLAYERS[0], source="x", amount=1, at_ms=10**12)])
    assert await fold_scores(resources) == 1
    monkeypatch.undo()
    hall.shop.office.clock.advance(ladder.PAUSE_MS)
    await added_up(resources)
    assert (await compare(resources, key)).different == 0


async def test_the_command_says_what_differs(resources: Resources, key: SeasonKey, facts: list[Fact]) -> None:
    """And rebuilds on demand."""
    count = len(ranking(facts))
    (same,) = [each async for each in compared(resources, is_rebuilt=False)]
    assert (same.ranks, same.different) == (count, 0)
    assert told(same).endswith(f"{count} ranks, 0 differ")
    member = (await in_redis(resources, key))[0][0]
    await resources.redis.zadd(names(key)["ranks"], {member: -1})
    (moved,) = [each async for each in compared(resources, is_rebuilt=False)]
    assert moved.different is not None
    assert moved.different > 0
    (mended,) = [each async for each in compared(resources, is_rebuilt=True)]
    assert mended.different == 0
    await lose_all(resources.redis, key)
    (lost,) = [each async for each in compared(resources, is_rebuilt=False)]
    assert lost.different is None
