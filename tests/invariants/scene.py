"""A small run in which all goes well, and copies of it in which a test plants a fault."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import msgspec

from game.gifts import giving
from game.gifts.giving import Made, give
from game.gifts.redeeming import redeem
from game.gifts.rules import Give, GiveBadge, GiveChances
from game.gifts.service import cancel
from game.ledger.rules import NEVER_MS
from game.players import player_id_of
from game.plays import service
from game.plays.engine import Engine
from game.prizes.rewards import RewardKind
from game.resources import Resources
from ledger_client import Lane, Leg, Lookup, Operation, encode
from ledger_client.outcomes import Decided
from ledger_client.testing import FakeLedger
from tests.badges.album import badge_set
from tests.invariants.check import violations
from tests.invariants.ranked import define_board, rank_players
from tests.invariants.streak_scene import keep_streaks
from tests.invariants.told import Told
from tests.reconcile.world import PRICE, World
from tests.support.pools import BEACON, cards, pool, row, wheel
from tests.support.rewarding import Recipient, at_rest, define_tiger, spend
from tests.support.service import ManualClock
from tests.support.stage import Stage, engine_of, player

WHEEL_PLAYS = 12
AMOUNTS: Final[Mapping[RewardKind, int]] = {"points": 20, "chances": 3, "voucher": 1, "badge": 1}
EVE = "player:acme.eve"
_STORED = """
INSERT INTO operation (campaign_id, operation_id, kind, play_id, entry_index, reward_id, repair_id, subject,
                       body, state, next_attempt_ms, ledger_seq)
SELECT campaign_id, $2, kind, play_id, entry_index, reward_id, repair_id, subject, $3, 'applied',
       next_attempt_ms, $4
FROM operation WHERE operation_id = $1
"""
_SET = "INSERT INTO badge_set VALUES ($1, 'spring', $2, 1, 10, 1)"
# Who plays these wins just that, whatever is drawn elsewhere.
CERTAIN = (
    pool("again", row("again", "chances", 2, weight=1), row("thanks", weight=0), draws_cap=10),
    pool("phone", row("phone", "goods", weight=1), row("thanks", weight=0), draws_cap=10),
)
SHARED = [
    row("tea", "voucher", weight=2, stock=10, else_="points"),
    row("points", "points", 25, weight=3),
    row("thanks", weight=3),
]
COIN = (row("coin", "points", 25, weight=1), row("thanks", weight=0))


class FalseLedger(FakeLedger):
    """A ledger that says of an operation what a test tells it to say."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(now_ms=clock)
        self.said: dict[str, Decided | None] = {}

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of the ids, some of them falsified."""
        found = await super().lookup(operation_ids)
        return msgspec.structs.replace(found, outcomes=found.outcomes | self._of(operation_ids))

    def _of(self, operation_ids: Sequence[str]) -> dict[str, Decided | None]:
        return {id_: self.said[id_] for id_ in operation_ids if id_ in self.said}

    def add_up(self) -> None:
        """Let balances follow from the entries, as falsified as they are."""
        self.balances.clear()
        for entry in self.feed:
            self.balances[entry.debit] -= entry.amount
            self.balances[entry.credit] += entry.amount


class FeedOnly:
    """A ledger that tells no balances."""

    def __init__(self, ledger: FakeLedger) -> None:
        self.entries = ledger.entries
        self.lookup = ledger.lookup


class Run(msgspec.Struct, frozen=True):
    """What is left of a run, beside its database."""

    ledger: FalseLedger
    campaign_id: str
    told: tuple[Told, ...]


async def played(resources: Resources, ledger: FalseLedger, clock: ManualClock) -> Run:
    """Every kind of prize and of payment, a refused play and one that waits; a point prize comes last."""
    stage = Stage(resources, ledger, clock)
    slow = pool("slow", *COIN, draws_cap=10, beacon=BEACON)
    coin = pool("coin", *COIN, draws_cap=10)
    shared = wheel(seat_draws=64, rows=SHARED)
    campaign_id = await stage.launch(shared, cards(), slow, coin, *CERTAIN)
    await define_board(stage, campaign_id)
    stage.fund("ann", 1_000)
    stage.fund("bob", 9)
    await stage.grant(campaign_id, "ann", 5)
    engine = engine_of(resources)
    for subject, pool_id in (("ann", "wheel"), ("bob", "wheel"), ("ann", "cards"), ("ann", "coin")):
        await stage.sit(engine, campaign_id, subject, pool_id)
    await _play_everything(stage, engine, campaign_id)
    await engine.close()
    await _give_everything(stage, campaign_id)
    await _exchange_gifts(stage, campaign_id)
    await rank_players(stage, campaign_id)
    await keep_streaks(stage, campaign_id)
    await stage.play(engine, campaign_id, "ann", "coin", key="last")
    await engine.close()
    return Run(ledger, campaign_id, tuple(stage.heard))


async def _play_everything(stage: Stage, engine: Engine, campaign_id: str) -> None:
    await stage.play(engine, campaign_id, "ann", "slow", key="slow")
    await stage.play(engine, campaign_id, "bob", "wheel", key="poor")
    for certain in CERTAIN:
        await stage.sit(engine, campaign_id, "ann", certain["pool_id"])
        await stage.play(engine, campaign_id, "ann", certain["pool_id"], key=certain["pool_id"])
    for nth in range(WHEEL_PLAYS):
        await stage.play(engine, campaign_id, "ann", "wheel", key=f"key-{nth}", draws=2)
    await stage.play(engine, campaign_id, "ann", "wheel", key="free", draws=3, paid_with="chance")
    await stage.play(engine, campaign_id, "ann", "wheel", key="key-0", draws=2)
    covered = await stage.play(engine, campaign_id, "ann", "cards", key="cards", draws=4)
    for tickets in ((1,), (2, 3, 4)):
        await service.uncover(engine, player("ann"), covered.id, tickets)
        await stage.read(engine, covered.id)


async def _give_everything(stage: Stage, campaign_id: str) -> None:
    """Rewards of each kind: one that stands, one that was taken back, one whose debt a third one settled."""
    await define_tiger(stage.resources, campaign_id)
    carl_id = await player_id_of(stage.resources, player("carl"))
    carl = Recipient(stage.resources, stage.clock, campaign_id, carl_id, "carl")
    await carl.give(*(carl.reward(f"task:{kind}:kept", kind, AMOUNTS[kind]) for kind in AMOUNTS))
    await carl.give(*(carl.reward(f"task:{kind}:lost", kind, AMOUNTS[kind]) for kind in AMOUNTS))
    await carl.take_back(*(f"task:{kind}:lost" for kind in AMOUNTS))
    await carl.give(carl.reward("task:points:owed", amount=5))
    await spend(stage.ledger, carl, 5 + AMOUNTS["points"] - 2)
    await carl.take_back("task:points:owed")
    await at_rest(carl)
    await carl.give(carl.reward("task:points:cut", amount=10))


async def _exchange_gifts(stage: Stage, campaign_id: str) -> None:
    """Gifts of chances, one redeemed, one cancelled, one open; and a badge that was given."""
    fay_id = await player_id_of(stage.resources, player("fay"))
    fay = Recipient(stage.resources, stage.clock, campaign_id, fay_id, "fay")
    await fay.give(fay.reward("task:gift:1", "chances", 4))
    await fay.give(*(fay.reward(f"task:gift:{nth}", "badge") for nth in (2, 3)))
    await stage.resources.pool.execute(
        _SET, campaign_id, json.dumps(badge_set(badges=["ox", "tiger"], gifts=True))
    )
    made = [await _give(stage, campaign_id, GiveChances(amount=1)) for _ in range(3)]
    badge = await _give(stage, campaign_id, GiveBadge(badge="tiger"))
    for each in (made[0], badge):
        await redeem(stage.resources, player("dana"), campaign_id=campaign_id, code=each.code)
    await cancel(stage.resources, player("fay"), campaign_id=campaign_id, gift_id=made[1].gift.gift_id)


async def _give(stage: Stage, campaign_id: str, asked: Give) -> Made:
    key = stage.resources.new_id().hex
    return await give(
        stage.resources, player("fay"), giving.Asked(campaign_id=campaign_id, key=key, give=asked)
    )


class Scene(World):
    """A copy of a run. Faults are planted in its rows, in its ledger and in what was told."""

    def __init__(self, resources: Resources, run: Run, clock: ManualClock) -> None:
        self.books = deepcopy(run.ledger)
        super().__init__(Stage(resources, self.books, clock), run.campaign_id)
        self.told = list(run.told)

    async def violations(self, *, in_flight_allowed: bool = False) -> list[str]:
        """What the checker says."""
        return await violations(
            self.resources.pool,
            self.books,
            campaign_ids=[self.campaign_id],
            told=self.told,
            in_flight_allowed=in_flight_allowed,
        )

    def post(self, operation_id: str, debit: str, credit: str, amount: int = PRICE) -> None:
        """Let somebody else move points, and balances follow."""
        super().post(operation_id, debit, credit, amount)
        self.books.add_up()

    def erase(self, operation_id: str) -> None:
        """Let the ledger lose an entry, and balances follow."""
        super().erase(operation_id)
        self.books.add_up()

    def falsify(self, operation_id: str, /, **changes: Any) -> None:
        """Let the ledger say something else of an entry, and balances follow."""
        super().falsify(operation_id, **changes)
        self.books.add_up()

    async def lift(self, table: str, constraint: str) -> None:
        """Do without a constraint or a unique index that would forbid the fault."""
        pool = self.resources.pool
        await pool.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
        await pool.execute(f"DROP INDEX IF EXISTS {constraint}")

    async def id_of(self, sql: str) -> Any:
        """The first value that a query finds in the campaign, $1."""
        found = await self.resources.pool.fetchval(sql, self.campaign_id)
        assert found is not None, sql
        return found

    async def grant_of(self, kind: str) -> Any:
        """The id of a prize of a kind."""
        return await self.id_of(
            f"SELECT grant_id FROM prize_grant WHERE campaign_id = $1 AND kind = '{kind}' ORDER BY grant_id"
        )

    @property
    def last_credit(self) -> str:
        """The credit after which nothing was posted."""
        return self.books.feed[-1].operation_id

    @property
    def last_debit(self) -> str:
        """The debit after which there was only its own credit."""
        return self.books.feed[-2].operation_id

    @property
    def single(self) -> Told:
        """The only answer of a settled play of the wheel that cost points."""
        (found,) = [told for told in self.told if told.key == "key-5"]
        return found

    def retell(self, told: Told, **changes: Any) -> None:
        """Let one answer have been another; `view` takes the fields that differ."""
        view = {**told.view, **changes.pop("view", {})}
        self.told[self.told.index(told)] = msgspec.structs.replace(told, view=view, **changes)

    def retell_draw(self, told: Told, **changes: Any) -> None:
        """Let the first draw of an answer have been another."""
        first, *others = told.view["draws"]
        self.retell(told, view={"draws": [{**first, **changes}, *others]})

    def post_leg(self, leg: int, debit: str, credit: str, *, operation_id: str, points: int = 5) -> None:
        """Post a leg of an operation with several."""
        self.post(operation_id, debit, credit, points)
        self.books.feed[-1] = msgspec.structs.replace(self.books.feed[-1], leg=leg)

    async def add_operation(self, like: str, operation_id: str, debit: str, credit: str, points: int) -> None:
        """Store and post another operation for the same play or prize."""
        leg = Leg(debit=debit, credit=credit, amount=points, code="play")
        body = encode(Operation(id=operation_id, apply_before=NEVER_MS, legs=(leg,), ref=""))
        await self.books.apply(
            operation_id=operation_id, body=body, lane=Lane.BULK, subject=debit, deadline=0
        )
        await self.execute(_STORED, like, operation_id, body, self.books.feed[-1].seq)
