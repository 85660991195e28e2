"""Nobody who is told that nothing was stored is charged."""

from collections.abc import Callable

import pytest
from litestar import Litestar

from game.plays.sweep import sweep
from tests.support.pools import wheel
from tests.support.stage import Guest, Stage

Guests = Callable[[str, str], Guest]


@pytest.mark.asyncio
async def test_a_play_that_is_charged_is_never_refused(stage: Stage, guest: Guests, app: Litestar) -> None:
    """The clerk has no room for a play that is paid: it is under way, and goes on when there is room."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 10)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    clerk = app.state.engine._clerk(campaign_id)
    clerk._waiting_limit = 0
    answer = await ann.play("wheel", "key")
    assert stage.balance("ann") == 0
    assert (answer.status_code, answer.json()["state"]) == (202, "resolving")
    clerk._waiting_limit = 1
    stage.clock.advance(10_000)
    await sweep(app.state.engine)
    assert (await ann.play("wheel", "key")).json()["state"] == "settled"
