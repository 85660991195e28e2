"""Evidence packs are made once, whoever dies over them, and are kept for two years."""

import asyncio
import io
import json
import zipfile
from typing import Any

import pytest

from game.auth import Caller, Role
from game.campaigns.chances import grant_chances
from game.erasure.store import Named, forget
from game.evidence import store
from game.evidence.api import pack_view
from game.evidence.service import CLAIM_MS, MAX_ATTEMPTS, ask, make, make_packs, pack
from game.players import player_id_of
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
        assert await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS, attempts=1)
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
        slow = await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS, attempts=1)
    assert slow is not None
    stage.clock.advance(CLAIM_MS)
    assert sorted(await asyncio.gather(make_packs(resources), make(resources, slow))) == [0, 1]
    found = await pack(stage.resources, auditor(), campaign_id=campaign_id, pack_id="one")
    stored = await stage.resources.pool.fetchval("SELECT sum(length(content)) FROM evidence_chunk")
    assert stored == found.bytes


async def granted(stage: Stage, campaign_id: str) -> dict[str, Any]:
    """What a pack that is made now says of the chances that were granted to two players, one erased since."""
    expires_ms = stage.clock() + 86_400_000
    for subject in ("alice", "bob"):
        await grant_chances(
            stage.resources,
            Caller(subject="wang", brand_id="acme", roles=frozenset({Role.MANAGER})),
            campaign_id=campaign_id,
            subject=subject,
            count=1,
            expires_ms=expires_ms,
            source="hotline",
        )
    bob = await player_id_of(stage.resources, Caller(subject="bob", brand_id="acme", roles=frozenset()))
    async with stage.resources.pool.acquire() as conn:
        await forget(conn, Named(brand_id="acme", subject="bob"), player_id=bob, now_ms=stage.clock())
    assert await make_packs(stage.resources) == 1
    chunks = await stage.resources.pool.fetch("SELECT content FROM evidence_chunk ORDER BY nth")
    with zipfile.ZipFile(io.BytesIO(b"".join(row["content"] for row in chunks))) as archive:
        assert not [name for name in archive.namelist() if b"alice" in archive.read(name)]
        lines = map(json.loads, archive.read("records/changes.jsonl").splitlines())
    return {line["change_index"]: line for line in lines if line["action"] == "chances.grant"}


@pytest.mark.asyncio
async def test_whom_managers_have_granted_chances_is_masked(stage: Stage) -> None:
    """The change log names players: not in a masked pack, where each is somebody all the same."""
    campaign_id = await asked(stage)
    alice, bob = (await granted(stage, campaign_id)).values()
    assert alice["player"].startswith("masked-")
    assert bob["player"].startswith("masked-")
    assert alice["player"] != bob["player"]
    assert alice["new_values"].keys() == bob["new_values"].keys() == {"count", "expires_ms", "source"}


@pytest.mark.asyncio
async def test_a_pack_that_cannot_be_made_is_given_up(stage: Stage) -> None:
    """After a few attempts it is left alone, and says so."""
    campaign_id = await asked(stage)
    for _ in range(MAX_ATTEMPTS):
        async with stage.resources.pool.acquire() as conn:
            now_ms = stage.clock()
            assert await store.claim(conn, now_ms=now_ms, until_ms=now_ms + CLAIM_MS, attempts=MAX_ATTEMPTS)
        stage.clock.advance(CLAIM_MS)
    assert await make_packs(stage.resources) == 0
    found = pack_view(await pack(stage.resources, auditor(), campaign_id=campaign_id, pack_id="one"))
    assert (found.made, found.failed) == (False, True)
