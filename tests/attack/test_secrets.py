"""What must not be read off a log line or a traceback."""

import pytest

from game.campaigns.service import pool_secret, pool_terms
from game.plays.drawing import Page, Stake
from tests.support.pools import wheel
from tests.support.stage import Stage


@pytest.mark.asyncio
async def test_a_pools_secret_is_in_no_repr(backstage: Stage) -> None:
    """Whoever prints the page that is being written sees which pools it is about, and not their secrets."""
    campaign_id = await backstage.launch(wheel())
    terms = await pool_terms(backstage.resources, campaign_id=campaign_id, pool_id="wheel")
    secret = await pool_secret(backstage.resources, terms, "draw")
    stake = Stake(terms=terms, secret=secret, takes_seats=True)
    page = Page(
        campaign_id=campaign_id,
        size=0,
        t_ms=0,
        stakes={"wheel": stake},
        left={},
        standings={},
        seats={},
        rounds={},
    )
    for shown in (repr(stake), repr(page), repr(backstage.resources)):
        assert repr(secret) not in shown
        assert secret.hex() not in shown
    assert "wheel" in repr(page)
