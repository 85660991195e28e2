"""What the tests of reconciliation look at: a played campaign, its operations, and how to falsify them."""

from typing import Any

import msgspec

from game.ledger.reconcile import reconcile_now
from game.ledger.report import FoundBreak, report
from game.players import player_id_of
from game.resources import Resources
from ledger_client import Entry
from ledger_client.testing import FakeLedger
from tests.support.pools import BEACON, pool, row
from tests.support.rewarding import Recipient, at_rest, spend
from tests.support.service import ManualClock
from tests.support.stage import Stage, engine_of, player

HOUR_MS = 3_600_000
PRICE = 10
PRIZE = 25
PLAYS = 8
REWARD = 15
SPENT = 6
Found = set[tuple[str, str, int]]


class World:
    """A campaign of the brand `acme` that was played; all breaks are told as (kind, operation, points)."""

    def __init__(self, stage: Stage, campaign_id: str) -> None:
        self.stage = stage
        self.resources = stage.resources
        self.ledger = stage.ledger
        self.clock = stage.clock
        self.campaign_id = campaign_id
        self.debits: list[str] = []
        self.credits: list[str] = []
        self.rewards: list[str] = []
        self.returns: list[str] = []
        self.refused = ""
        self.waiting = ""

    @property
    def house(self) -> str:
        """Where prices go."""
        return f"house:{self.campaign_id}"

    @property
    def budget(self) -> str:
        """Where point prizes come from."""
        return f"campaign:{self.campaign_id}:budget"

    async def read_operations(self) -> None:
        """Note the ids: debits of settled plays, credits, one refused debit, one of a play that waits.

        Also those of rewards and returns, in the order in which rewards were given.
        """
        rows = await self.resources.pool.fetch(
            "SELECT o.kind, o.operation_id, p.state FROM operation AS o JOIN play AS p"
            " USING (campaign_id, play_id) WHERE campaign_id = $1 ORDER BY operation_id",
            self.campaign_id,
        )
        of = {state: [r["operation_id"] for r in rows if (r["kind"], r["state"]) == ("debit", state)]
              for state in ("settled", "rejected", "paid")}  # fmt: skip
        self.debits, (self.refused,), (self.waiting,) = of["settled"], of["rejected"], of["paid"]
        self.credits = [r["operation_id"] for r in rows if r["kind"] == "credit"]
        given = await self.resources.pool.fetch(
            "SELECT kind, operation_id FROM operation WHERE campaign_id = $1 AND reward_id IS NOT NULL"
            " ORDER BY operation_id",
            self.campaign_id,
        )
        self.rewards = [r["operation_id"] for r in given if r["kind"] == "reward"]
        self.returns = [r["operation_id"] for r in given if r["kind"] == "return"]

    async def execute(self, sql: str, *arguments: Any) -> None:
        """Falsify our rows; the statement must change one."""
        status = await self.resources.pool.execute(sql, *arguments)
        assert status.endswith(" 1"), status

    async def play(self, changes: str, operation_id: str) -> None:
        """Falsify the play of a debit."""
        await self.execute(
            f"UPDATE play SET {changes} WHERE play_id ="
            " (SELECT play_id FROM operation WHERE operation_id = $1)",
            operation_id,
        )

    async def operation(self, changes: str, operation_id: str) -> None:
        """Falsify an operation."""
        await self.execute(f"UPDATE operation SET {changes} WHERE operation_id = $1", operation_id)

    async def reward(self, changes: str, operation_id: str) -> None:
        """Falsify the reward of an operation."""
        await self.execute(
            f"UPDATE reward SET {changes} WHERE reward_id ="
            " (SELECT reward_id FROM operation WHERE operation_id = $1)",
            operation_id,
        )

    async def forget(self, operation_id: str) -> None:
        """Lose an operation."""
        await self.execute("DELETE FROM operation WHERE operation_id = $1", operation_id)

    def entry(self, operation_id: str) -> Entry:
        """The entry of an operation."""
        (found,) = [entry for entry in self.ledger.feed if entry.operation_id == operation_id]
        return found

    def erase(self, operation_id: str) -> None:
        """Let the ledger lose an entry."""
        self.ledger.feed.remove(self.entry(operation_id))

    def falsify(self, operation_id: str, /, **changes: Any) -> None:
        """Let the ledger say something else of an entry."""
        entry = self.entry(operation_id)
        place = self.ledger.feed.index(entry)
        self.ledger.feed[place] = msgspec.structs.replace(entry, **changes)

    def post(self, operation_id: str, debit: str, credit: str, amount: int = PRICE) -> None:
        """Let somebody else move points."""
        seq = self.ledger.feed[-1].seq + 1
        self.ledger.feed.append(Entry(seq, operation_id, 0, debit, credit, amount, self.clock()))

    async def reconciled(self, *, full: bool = False) -> Found:
        """The open breaks of campaigns after a pass."""
        return {
            (each.kind.value, each.operation_id, each.points)
            for each in await self.breaks(full=full)
            if each.campaign_id is not None
        }

    async def breaks(self, *, full: bool = False) -> list[FoundBreak]:
        """All open breaks after a pass."""
        await reconcile_now(self.resources, "recent")
        if full:
            await reconcile_now(self.resources, "full")
        return list((await report(self.resources, brand_id=None, after=0, limit=1_000)).breaks)

    async def state(self, operation_id: str) -> str:
        """Where the play of a debit stands."""
        return str(
            await self.resources.pool.fetchval(
                "SELECT p.state FROM play AS p JOIN operation USING (campaign_id, play_id)"
                " WHERE operation_id = $1",
                operation_id,
            )
        )


async def _give(stage: Stage, campaign_id: str) -> None:
    """Three rewards: the first stands, the others were taken back, the last when a part was spent."""
    eve_id = await player_id_of(stage.resources, player("eve"))
    eve = Recipient(stage.resources, stage.clock, campaign_id, eve_id, "eve")
    for nth in range(3):
        await eve.give(eve.reward(f"task:a:{nth}", amount=REWARD))
        stage.clock.advance(1)
    await eve.take_back("task:a:1")
    await spend(stage.ledger, eve, REWARD + SPENT)
    await eve.take_back("task:a:2")
    await at_rest(eve)


async def played(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> World:
    """A world whose plays were made an hour and more ago."""
    stage = Stage(resources, ledger, clock)
    rows = [row("coin", "points", PRIZE, weight=1), row("thanks", weight=1)]
    campaign_id = await stage.launch(
        pool("wheel", *rows, draws_cap=1_000), pool("slow", *rows, draws_cap=1_000, beacon=BEACON)
    )
    engine = engine_of(resources)
    stage.fund("ann", 1_000)
    for subject in ("ann", "bob"):
        await stage.sit(engine, campaign_id, subject, "wheel")
    for nth in range(PLAYS):
        await stage.play(engine, campaign_id, "ann", "wheel", key=f"key-{nth}")
    await stage.play(engine, campaign_id, "bob", "wheel", key="poor")
    await stage.play(engine, campaign_id, "ann", "slow", key="slow")
    await engine.close()
    await _give(stage, campaign_id)
    clock.advance(2 * HOUR_MS)
    world = World(stage, campaign_id)
    await world.read_operations()
    assert len(world.debits) == PLAYS
    assert len(world.credits) >= 2
    return world
