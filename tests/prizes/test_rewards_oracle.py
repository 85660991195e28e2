"""Random lives of players who are given things, lose them and spend them, against simple sums."""

from random import Random
from typing import Final

import pytest

from game.ledger.reissue import reissue_refused
from game.ledger.rules import REISSUE_MS_MAX
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.players import player_id_of
from game.prizes.returning import RETURN_MS, return_points
from game.resources import Resources
from ledger_client import budget
from ledger_client.operations import ISSUER
from ledger_client.testing import FakeLedger, Fault
from tests.support.pools import wheel
from tests.support.rewarding import Recipient, at_rest, move, spend
from tests.support.service import ManualClock
from tests.support.stage import BUDGET_POINTS, Stage, player
from tests.support.tokens import Issuer

STEPS: Final = 60
SOURCES: Final = 12
AMOUNT_MAX: Final = 9


class Life:
    """What happens to one player, and the sums that must come out."""

    def __init__(self, someone: Recipient, ledger: FakeLedger, random: Random) -> None:
        self.someone = someone
        self.ledger = ledger
        self.random = random
        self.given: dict[str, int] = {}
        self.taken: set[str] = set()
        self.spent = 0

    async def step(self) -> None:
        """Do something at random."""
        await self.random.choice((self.give, self.give, self.take_back, self.spend, self.sweep, self.fail))()

    async def give(self) -> None:
        """One of a few sources gives, perhaps again."""
        source, amount = f"task:{self.random.randrange(SOURCES)}", self.random.randint(1, AMOUNT_MAX)
        await self.someone.give(self.someone.reward(source, amount=amount))
        self.given.setdefault(source, amount)

    async def take_back(self) -> None:
        """One of the sources is taken back, whether it has given or not."""
        source = f"task:{self.random.randrange(SOURCES)}"
        await self.someone.take_back(source)
        self.taken |= {source} & self.given.keys()

    async def spend(self) -> None:
        """The player buys something elsewhere."""
        points = min(self.ledger.balances[self.someone.account], self.random.randint(1, AMOUNT_MAX))
        if points and self.ledger.reachable and not self.ledger.faults:
            await spend(self.ledger, self.someone, points)
            self.spent += points

    async def sweep(self) -> None:
        """Time goes by."""
        self.someone.clock.advance(self.random.choice((1, RETURN_MS, RESEND_AFTER_MS)))
        await resend_due(self.someone.resources)
        await reissue_refused(self.someone.resources)
        await return_points(self.someone.resources)

    async def fail(self) -> None:
        """The ledger goes, or comes back, or loses something; the budget runs dry, or is filled."""
        match self.random.randrange(4):
            case 0:
                self.ledger.reachable = not self.ledger.reachable
            case 1:
                self.ledger.faults.append(self.random.choice((Fault.LOSE_REQUEST, Fault.LOSE_ANSWER)))
            case _:
                await self._turn_budget()

    async def _turn_budget(self) -> None:
        account = budget(self.someone.campaign_id)
        points = self.ledger.balances[account]
        if points and self.ledger.reachable and not self.ledger.faults:
            await move(self.ledger, account, ISSUER, points)
        else:
            self.ledger.fund(account, AMOUNT_MAX)


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(12))
async def test_what_is_had_and_owed_follows_from_what_was_given(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, issuer: Issuer, seed: int
) -> None:
    """Nobody is ever below zero; what was had is what stands and what is owed; all the invariants hold."""
    assert issuer.brand_id == "acme"
    stage = Stage(resources, ledger, clock)
    campaign_id = await stage.launch(wheel())
    ann = Recipient(resources, clock, campaign_id, await player_id_of(resources, player("ann")), "ann")
    life = Life(ann, ledger, Random(seed))
    for _ in range(STEPS):
        await life.step()
    ledger.reachable = True
    ledger.faults.clear()
    ledger.fund(budget(campaign_id), BUDGET_POINTS)
    for _ in range(3):
        clock.advance(REISSUE_MS_MAX)
        await reissue_refused(resources)
        await at_rest(ann)
    had = ledger.balances[ann.account] + life.spent
    stands = sum(points for source, points in life.given.items() if source not in life.taken)
    assert had == stands + await ann.debt()
    await stage.audit(in_flight_allowed=False)
