"""Evidence packs are made once, whoever dies over them, and are kept for two years."""

import asyncio
from datetime import UTC, datetime

import pytest

from game.auth import Caller, Role
from game.evidence import store
from game.evidence.rules import Mask, kept_until_ms
from game.evidence.service import CLAIM_MS, ask, make, make_packs, pack
from tests.support.pools import wheel
from tests.support.stage import Stage


def auditor() -> Caller:
    """An auditor of the brand."""
    return Caller(subject="li", brand_id="acme", roles=frozenset({Role.AUDITOR}))


async def asked(stage: Stage) -> str:
    """A campaign of which a pack was asked for."""
    campaign_id = await stage.launch(wheel("wheel"))
    await ask(stage.resources, auditor(), campaign_id=campaign_id, pack_id="one", masked=True, reason=None)
    return campaign_id


@pytest.mark.asyncio
async def test_whoever_dies_over_a_pack_leaves_it_to_the_next(stage: Stage) -> None:
    """A pack that somebody has begun waits for a while, and is then made by another."""
    campaign_id = await asked(stage)
    now_ms = stage.clock()
    async with stage.resources.pool.acquire() as conn:
        assert await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS)
    assert await make_packs(stage.resources) == 0
    stage.clock.advance(CLAIM_MS)
    assert await make_packs(stage.resources) == 1
    found = await pack(stage.resources, auditor(), campaign_id=campaign_id, pack_id="one")
    assert found.log_size == 1
    assert await make_packs(stage.resources) == 0


@pytest.mark.asyncio
async def test_two_who_make_the_same_pack(stage: Stage) -> None:
    """Whoever is slower keeps nothing of it: the first pack is the pack."""
    campaign_id = await asked(stage)
    now_ms, resources = stage.clock(), stage.resources
    async with resources.pool.acquire() as conn:
        slow = await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS)
    assert slow is not None
    stage.clock.advance(CLAIM_MS)
    assert sorted(await asyncio.gather(make_packs(resources), make(resources, slow))) == [0, 1]
    found = await pack(stage.resources, auditor(), campaign_id=campaign_id, pack_id="one")
    stored = await stage.resources.pool.fetchval("SELECT sum(length(content)) FROM evidence_chunk")
    assert stored == found.bytes


@pytest.mark.parametrize(
    ("closes", "made", "kept"),
    [
        ((2026, 11, 28), (2026, 10, 1), (2028, 11, 29)),
        ((2026, 11, 28), (2027, 1, 31), (2029, 2, 1)),
        ((2028, 2, 29), (2028, 1, 1), (2030, 3, 2)),
        ((2025, 12, 31), (2025, 1, 1), (2028, 1, 1)),
    ],
)
def test_how_long_it_is_kept(
    closes: tuple[int, int, int], made: tuple[int, int, int], kept: tuple[int, int, int]
) -> None:
    """Two whole years after the end, or after it was made where that is later."""
    closes_ms, made_ms, kept_ms = (
        int(datetime(*day, tzinfo=UTC).timestamp() * 1000) for day in (closes, made, kept)
    )
    assert kept_until_ms(closes_ms, made_ms) == kept_ms


def test_masks() -> None:
    """The same within a pack, another one in the next; names only without a key."""
    one, other, none = Mask(b"1" * 32), Mask(b"2" * 32), Mask(None)
    assert one.of("id", "ann") == one.of("id", "ann") != other.of("id", "ann")
    assert one.of("id", "ann") != one.of("id-2", "ann")
    assert (none.of("id", "ann"), none.of("id", None)) == ("ann", "erased-id")
    assert one.account("campaign:x:budget") == "campaign:x:budget"
    assert "ann" not in one.account("player:acme.ann")
    assert none.account("player:acme.ann") == "player:acme.ann"
