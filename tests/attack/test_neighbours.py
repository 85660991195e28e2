"""One brand's trouble is not another's."""

from dataclasses import replace

import msgspec
import pytest

from game.campaigns.closing import close_pools
from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import publish_replacements, replace_pool
from game.plays.sweep import sweep
from ledger_client import Account
from ledger_client.errors import InvalidOperation
from ledger_client.testing import FakeLedger
from ledger_client.testing.fake import Fault
from tests.support.auditing import rows_of
from tests.support.pools import wheel
from tests.support.stage import DAY_MS, MANAGER, Stage, engine_of

LOST_KEY = bytes([4]) + b"lost" + bytes(76)


@pytest.mark.asyncio
async def test_a_pool_that_cannot_be_closed_holds_up_no_other(backstage: Stage) -> None:
    """The key that had sealed its secret is gone; the pools that are due after it are closed all the same."""
    first = await backstage.launch(wheel())
    backstage.clock.advance(1)
    second = await backstage.launch(wheel())
    await backstage.resources.pool.execute(
        "UPDATE pool SET secret_sealed = $1 WHERE campaign_id = $2", LOST_KEY, first
    )
    backstage.clock.advance(10 * DAY_MS)
    assert await close_pools(backstage.resources) == 1
    closed = await rows_of(backstage.resources, "SELECT campaign_id FROM pool WHERE state = 'closed'")
    assert closed == [{"campaign_id": second}]


@pytest.mark.asyncio
async def test_a_replacement_that_fails_holds_up_no_other(backstage: Stage) -> None:
    """The ledger will not tell of one budget; the other brand's replacement is published."""
    draft = msgspec.convert(wheel("better", price_points=9), PoolDraft)
    waiting = [await with_play_under_way(backstage) for _ in range(2)]
    for campaign_id in waiting:
        assert not await replace_pool(
            backstage.resources, MANAGER, draft, campaign_id=campaign_id, pool_id="wheel"
        )
    backstage.clock.advance(backstage.resources.settings.operation_ttl_ms)
    assert await sweep(engine_of(backstage.resources)) == 2
    ledger = Secretive(now_ms=backstage.clock)
    ledger.balances, ledger.unmentionable = backstage.ledger.balances, f"campaign:{min(waiting)}:budget"
    assert await publish_replacements(replace(backstage.resources, ledger=ledger)) == 1
    replaced = await rows_of(backstage.resources, "SELECT campaign_id FROM pool WHERE state = 'replaced'")
    assert replaced == [{"campaign_id": max(waiting)}]


class Secretive(FakeLedger):
    """A ledger that takes one account's name for a mistake of ours."""

    unmentionable = ""

    async def account(self, account_id: str) -> Account:
        """The account, but for the one."""
        if account_id == self.unmentionable:
            raise InvalidOperation("unmentionable", account_id)
        return await super().account(account_id)


async def with_play_under_way(stage: Stage) -> str:
    """A campaign with a play whose debit is not decided."""
    campaign_id = await stage.launch(wheel())
    engine = engine_of(stage.resources)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    stage.ledger.faults.append(Fault.LOSE_REQUEST)
    await stage.play(engine, campaign_id, "ann", "wheel", key="key")
    return campaign_id
