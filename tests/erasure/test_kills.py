"""Processes are killed after a statement of an erasure: it is done wholly, or not at all."""

import signal

import pytest

from game.erasure.service import GRACE_MS, RETRY_MS, ask_erasure
from tests.erasure.person import SUBJECT
from tests.support.auditing import rows_of
from tests.support.dying import ending_of
from tests.support.pools import wheel
from tests.support.stage import Stage, engine_of, player

STATEMENTS_MAX = 60


@pytest.mark.slow
@pytest.mark.asyncio
async def test_killed_while_erasing(backstage: Stage, database_url: str, redis_url: str) -> None:
    """Until one comes to the commit the player has the subject and the keys of all plays; then neither."""
    campaign_id, zoe = await backstage.launch(wheel()), player(SUBJECT)
    engine = engine_of(backstage.resources)
    backstage.fund(SUBJECT, 1_000)
    await backstage.sit(engine, campaign_id, SUBJECT, "wheel")
    await backstage.play(engine, campaign_id, SUBJECT, "wheel", key="key", draws=10)
    await engine.close()
    await ask_erasure(backstage.resources, zoe, zoe, asked_by="player")
    backstage.clock.advance(GRACE_MS)
    endings: list[int] = []
    for statements in range(2, STATEMENTS_MAX, 5):
        now_ms = backstage.clock()
        endings.append(
            await ending_of("tests.erasure.doomed", database_url, redis_url, str(statements), str(now_ms))
        )
        left = await rows_of(
            backstage.resources,
            "SELECT r.subject, p.idempotency_key = 'key' AS has_key, e.done_ms"
            " FROM player AS r JOIN play AS p USING (player_id) JOIN erasure AS e USING (player_id)",
        )
        (found,) = [tuple(row.values()) for row in left]
        assert found in {(None, False, now_ms), (SUBJECT, True, None)}
        await backstage.audit()
        if found[0] is None:
            break
        backstage.clock.advance(RETRY_MS)
    assert found[0] is None
    assert len(endings) > 4
    assert endings[:-1] == [-signal.SIGKILL] * (len(endings) - 1)
