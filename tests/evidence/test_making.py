"""Evidence packs are made once, whoever dies over them, and are kept for two years."""

import asyncio

import pytest

from game.auth import Caller, Role
from game.evidence import store
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
