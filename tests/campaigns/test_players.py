"""Who a subject is in our own tables."""

import asyncio

import msgspec
import pytest

from game.errors import Forbidden
from game.players import forget_leaving, player_id_of, player_ids_of
from game.recent import Recent
from game.resources import Resources
from tests.campaigns.office import Someone
from tests.support.tokens import Issuer

MANY = 100
# All are looked up, those that are new stored, and looked up again.
LOOKED_UP = 3
ERASING = """
INSERT INTO erasure (brand_id, player_id, asked_by, asked_ms, next_attempt_ms) VALUES ($1, $2, 'ann', 0, 0)
"""


@pytest.mark.asyncio
async def test_a_subject_is_one_player_however_often_it_comes(resources: Resources, issuer: Issuer) -> None:
    """Sixteen first requests at once make one row; so do later ones."""
    assert issuer.brand_id == "acme"
    found = await asyncio.gather(*(player_id_of(resources, Someone("new")) for _ in range(16)))
    assert len(set(found)) == 1
    assert await player_id_of(resources, Someone("new")) == found[0]
    assert await resources.pool.fetchval("SELECT count(*) FROM player") == 1


@pytest.mark.asyncio
async def test_many_who_arrive_at_once_are_looked_up_together(resources: Resources, issuer: Issuer) -> None:
    """One of them is being erased, and only that one is turned away; nobody is remembered for it."""
    leaver = await player_id_of(resources, Someone("leaver"))
    await resources.pool.execute(ERASING, issuer.brand_id, leaver)
    await forget_leaving(resources)
    heard: list[str] = []
    people = [Someone(name) for name in ("leaver", *(f"new-{number}" for number in range(MANY)))]
    async with resources.pool.acquire() as conn:  # the one that was given back last is taken next
        conn.add_query_logger(lambda query: heard.append(query.query))
    asking = (player_id_of(resources, each) for each in people)
    refusal, *found = await asyncio.gather(*asking, return_exceptions=True)
    await asyncio.sleep(0)  # what was sent is told in the loop's next turn
    asked = len(heard)
    assert isinstance(refusal, Forbidden)
    assert refusal.code == "erasure_pending"
    rows = await resources.pool.fetch("SELECT player_id FROM player WHERE subject LIKE 'new-%'")
    assert sorted(map(str, found)) == sorted(str(row["player_id"]) for row in rows)
    assert len(rows) == MANY
    assert asked == LOOKED_UP


@pytest.mark.asyncio
async def test_a_subject_of_another_brand_is_another_player(
    resources: Resources, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Brands name their players independently."""
    people = [Someone(name, each.brand_id) for name in ("ann", "bob") for each in (issuer, other_issuer)]
    found = await asyncio.gather(*(player_id_of(resources, each) for each in people))
    rows = await resources.pool.fetch("SELECT subject, brand_id, player_id FROM player")
    assert {(row[0], row[1]): row[2] for row in rows} == {
        (each.subject, each.brand_id): player_id for each, player_id in zip(people, found, strict=True)
    }
    assert len(set(found)) == len(people)


@pytest.mark.asyncio
async def test_many_subjects_at_once(resources: Resources, issuer: Issuer, other_issuer: Issuer) -> None:
    """Batches that overlap, in any order and with doubles, agree with each other and with single lookups."""
    people = [
        Someone(name, brand.brand_id) for name in ("ann", "bob", "cat") for brand in (issuer, other_issuer)
    ]
    batches = [people, people[::-1], people[2:] + people[:3], [people[0]] * 3, []]
    alone = asyncio.create_task(player_id_of(resources, people[4]))
    found = await asyncio.gather(*(player_ids_of(resources, batch) for batch in batches))
    ids = dict(zip(map(msgspec.structs.astuple, people), found[0], strict=True))
    for batch, batch_ids in zip(batches, found, strict=True):
        assert batch_ids == [ids[msgspec.structs.astuple(person)] for person in batch]
    assert await alone == found[0][4]
    assert await resources.pool.fetchval("SELECT count(*) FROM player") == len(people)


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    """Asking for a value counts as use."""
    recent: Recent[str, int] = Recent(limit=2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    assert recent.put("c", 3) == 3
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
