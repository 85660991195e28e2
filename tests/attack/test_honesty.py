"""Nobody who is told that nothing was stored is charged."""

from collections.abc import Callable

import pytest
from litestar import Litestar

from game.plays.sweep import sweep
from ledger_client import BadCredentials
from tests.support.pools import row, wheel
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


@pytest.mark.asyncio
async def test_a_play_is_not_refused_when_the_ledger_refuses_us(
    stage: Stage, guest: Guests, app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our token does not hold for a moment. The play is stored, and is charged once the token holds again."""
    campaign_id = await stage.launch(wheel(rows=[row("thanks", weight=1)]))
    stage.fund("ann", 10)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    with monkeypatch.context() as moment:
        moment.setattr(stage.ledger, "apply", denied)
        answer = await ann.play("wheel", "key")
    assert (answer.status_code, answer.json()["state"]) == (202, "resolving")
    stage.clock.advance(10_000)
    await sweep(app.state.engine)
    assert (stage.balance("ann"), (await ann.play("wheel", "key")).json()["state"]) == (0, "settled")


async def denied(**_: object) -> None:
    """What the client does when the ledger does not know our token."""
    raise BadCredentials("status_401", "")
