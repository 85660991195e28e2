"""Stock that is topped up is there for the next draw; others have ignored it."""

from collections import Counter

import msgspec
import pytest

from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import replace_pool
from game.plays.engine import Engine
from tests.monitor.reading import alerts, counted
from tests.support.auditing import verified
from tests.support.pools import pool, row
from tests.support.stage import MANAGER, Stage

pytestmark = pytest.mark.asyncio


def mugs(pool_id: str, stock: int) -> PoolDraft:
    """Nine of ten draws pick a mug, and so many are there."""
    rows = [row("mug", "goods", weight=9, stock=stock, else_="no"), row("no", weight=1)]
    return msgspec.convert(pool(pool_id, *rows, draws_cap=100), PoolDraft)


async def won(stage: Stage, engine: Engine, campaign_id: str, pool_id: str, draws: int) -> Counter[str]:
    """How often each row is paid in so many draws."""
    await stage.sit(engine, campaign_id, "ann", pool_id)
    plays = [
        await stage.play(engine, campaign_id, "ann", pool_id, key=f"{pool_id} {nth}", draws=10)
        for nth in range(draws // 10)
    ]
    outcomes = [draw.outcome for play in plays for draw in play.draws]
    return Counter(outcome.row for outcome in outcomes if outcome is not None)


async def test_a_top_up_is_there_for_the_next_draw(stage: Stage, engine: Engine) -> None:
    """Two mugs, then five more: seven are paid. What X picks goes by the weights, in each pool by itself."""
    campaign_id = await stage.launch(msgspec.to_builtins(mugs("wheel", 2)))
    stage.fund("ann", 1_000)
    assert await won(stage, engine, campaign_id, "wheel", 10) == {"mug": 2, "no": 8}
    await replace_pool(stage.resources, MANAGER, mugs("next", 5), campaign_id=campaign_id, pool_id="wheel")
    assert await won(stage, engine, campaign_id, "next", 20) == {"mug": 5, "no": 15}
    assert (await verified(stage.resources, campaign_id)).verdict == "OK"
    counts = await counted(stage.resources)
    assert {pool_id: sum(picks) for (pool_id, _), picks in counts.items()} == {"wheel": 10, "next": 20}
    assert all(picks[0] > 5 for picks in counts.values())
    assert await alerts(stage.resources) == []
