"""One seed from its beginning to its end, and what was wrong with it."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

import msgspec

from game import players
from game.audit import service as audit
from game.campaigns import service as campaigns
from game.ledger.comparing import GRACE_MS
from game.ledger.reconcile import reconcile_now
from game.players import account_of
from game.resources import Resources
from game.scores import service as scores
from game.tasks import counting
from ledger_client import Hooks, LedgerClient, Options, budget
from tests.invariants.check import violations
from tests.simulation.books import Books
from tests.simulation.crowd import Crowd
from tests.simulation.logs import heard_warnings
from tests.simulation.loop import Killed, VirtualLoop
from tests.simulation.network import Direct, Network
from tests.simulation.process import Process
from tests.simulation.reviewers import decide_all
from tests.simulation.scenario import Death, Scenario, TopUp
from tests.simulation.senders import Senders
from tests.simulation.setting import EPOCH_MS, Setting
from tests.simulation.timeline import NothingToWaitFor, Timeline
from tests.simulation.trace import Trace
from tests.simulation.verdicts import told_wrong
from tests.support.stage import BUDGET_POINTS

# Longer than a debit may be applied, than credits are put off, and than the longest silence.
HEALING_SECONDS_MAX: Final = 900.0
_LOOK_SECONDS: Final = 2.0
# A few turns of a player's patience, for whom the breaker turned away.
_LOOKS_MAX: Final = 30
_RECENTS: Final[tuple[Any, ...]] = (
    players._recent, audit._signers, campaigns._recent_terms, counting._recent, scores._recent
)  # fmt: skip

_UNFINISHED: Final = """
SELECT 'play ' || play_id || ' is ' || state FROM play WHERE state NOT IN ('settled', 'rejected', 'cancelled')
UNION ALL
SELECT 'operation ' || operation_id || ' is due' FROM operation WHERE state = 'due' AND kind <> 'debit'
UNION ALL
SELECT 'event ' || type || ' ' || occurrence || ' waits' FROM event WHERE state = 'stored'
UNION ALL
SELECT 'reward ' || source || ' is being taken back' FROM reward WHERE state = 'returning'
UNION ALL
SELECT metric || ' is not added up' FROM score_due
ORDER BY 1 LIMIT 100
"""
_REWARDS: Final = "SELECT state, count(*) FROM reward GROUP BY state ORDER BY state"
_ROWS: Final = """
SELECT concat_ws(' ', play_id, state, drawn, seat_id, finished_ms, balance_points, log_size) FROM play
UNION ALL SELECT concat_ws(' ', operation_id, state, ledger_seq) FROM operation
UNION ALL SELECT concat_ws(' ', entry_index, entry) FROM log_entry
UNION ALL SELECT concat_ws(' ', completion_id, generation, state) FROM task_completion
UNION ALL SELECT concat_ws(' ', board_id, season, player_id, score, reached_ms) FROM board_standing
UNION ALL SELECT concat_ws(' ', reward_id, source, state, withheld, recovered, owed) FROM reward
ORDER BY 1
"""


class Outcome(msgspec.Struct, frozen=True):
    """What a seed came to; `wrong` is empty when all invariants held and everybody was served.

    `fewest_events`: it fails with so few of its first events too; None where nobody has looked.
    """

    seed: int
    digest: str
    wrong: list[str]
    figures: dict[str, int]
    virtual_seconds: float
    trace: list[str]
    fewest_events: int | None = None


def play_out(setting: Setting, scenario: Scenario, *, keeps_trace: bool = False) -> Outcome:
    """Simulate what a seed stands for."""
    with setting.database() as url:
        run = _Run(setting, scenario, url, keeps_trace=keeps_trace)
        with heard_warnings(run.warned):
            return run.play_out()


class _Run:
    def __init__(self, setting: Setting, scenario: Scenario, url: str, *, keeps_trace: bool) -> None:
        self.scenario = scenario
        self.url = url
        self.campaign_id = setting.campaign_id
        self.timeline = Timeline()
        self.trace = Trace(self.timeline, keeps_lines=keeps_trace)
        self.books = Books(lambda: EPOCH_MS + scenario.faults.skew_ms + round(self.timeline.now * 1_000))
        chance = random.Random(f"{scenario.seed} world")
        self.network = Network(self.timeline, self.books, scenario.faults, chance=chance, trace=self.trace)
        self.crowd = Crowd(self.timeline, scenario.wishes, chance=chance, trace=self.trace)
        self.senders = Senders(
            self.timeline, scenario.tellings, scenario.tale.bodies,
            chance=random.Random(f"{scenario.seed} senders"), trace=self.trace,
        )  # fmt: skip
        self.process: Process | None = None
        self.wrong: list[str] = []
        self.figures: Counter[str] = Counter()
        self.down_seconds = 0.0
        self.is_calm = False
        self.loop: VirtualLoop | None = None

    def play_out(self) -> Outcome:
        """Start processes until one comes to its end."""
        self._prepare()
        number = 0
        while not self._live(number):
            number += 1
            self.timeline.run_until(self.timeline.now + self.down_seconds)
        self.figures.update(self.network.counts)
        self.figures.update(self.crowd.ends.values())
        self.figures.update({f"events {state}": n for state, n in self.senders.counts.items()})
        self.wrong.extend(f"not taken: {telling}" for telling in self.senders.refused)
        self.figures["crashes"] = number
        return Outcome(
            self.scenario.seed,
            self.trace.digest,
            self.wrong,
            dict(self.figures),
            self.timeline.now,
            self.trace.lines,
        )

    def warned(self, warning: str) -> None:
        """The product has logged what it should not have to."""
        if self.loop is not None:
            self.wrong.append(f"logged: {warning}")

    def _prepare(self) -> None:
        self.books.fund(budget(self.campaign_id), BUDGET_POINTS, operation_id="fund:budget")
        for subject, points in self.scenario.points.items():
            if points:
                self._fund(TopUp(at_seconds=0, subject=subject, points=points), name=f"fund:{subject}")
        for number, top_up in enumerate(self.scenario.top_ups):
            self.timeline.after(top_up.at_seconds, partial(self._fund, top_up, name=f"top-up:{number}"))
        for death in self.scenario.deaths:
            self.timeline.after(death.at_seconds, partial(self._die_soon, death))
        for at_seconds in self.scenario.decisions:
            self.timeline.after(at_seconds, self._decide)
        self.timeline.after(self.scenario.calm_seconds, self._calm_down)

    def _fund(self, top_up: TopUp, *, name: str) -> None:
        account = account_of(brand_id="acme", subject=top_up.subject)
        self.books.fund(account, top_up.points, operation_id=name)
        self.trace.note(f"{name} {top_up.points}")

    def _decide(self) -> None:
        if self.senders.process is not None and self.process is not None:
            self.process.decide(self.campaign_id, self.trace)

    def _die_soon(self, death: Death) -> None:
        if self.loop is not None and self.crowd.process is not None:
            self.loop.kill_after(death.steps)
            self.down_seconds = death.down_seconds

    def _calm_down(self) -> None:
        self.is_calm = True
        self.network.calm_down()

    def _live(self, number: int) -> bool:
        """Whether the process came to its end; False: it was killed."""
        self.loop = VirtualLoop(self.timeline)
        process = Process(
            self.scenario,
            self.network,
            self.crowd,
            self.senders,
            number=number,
            timeline=self.timeline,
            url=self.url,
            campaign_id=self.campaign_id,
        )
        self.process = process
        try:
            self.loop.run_until_complete(self._life(process))
        except Killed:
            self._bury(process, self.loop)
            return False
        except NothingToWaitFor:
            self.wrong.append("the process waits for what can never happen")
            self._bury(process, self.loop)
            return True
        finally:
            self.figures.update(process.counts)
            self.wrong.extend(dict.fromkeys(f"a request failed: {error!r}" for error in process.errors))
            for recent in _RECENTS:  # the memory of a process goes with it
                recent._values.clear()
        self.loop.close()
        return True

    def _bury(self, process: Process, loop: VirtualLoop) -> None:
        self.trace.note("killed")
        process.link.cut()
        self.crowd.process = self.senders.process = self.process = self.loop = None
        loop.bury()

    async def _life(self, process: Process) -> None:
        async with AsyncExitStack() as stack:
            resources = await process.open(stack)
            await self._check(resources, in_flight_allowed=True)
            async with process.serving():
                await self._wait_for_calm(resources)
                await decide_all(resources, self.campaign_id, self.trace)
                await self._wait_for_calm(resources)
                self.crowd.ask_all_again()
                await self._wait_for_answers()
            await self._judge(resources)

    async def _wait_for_calm(self, resources: Resources) -> None:
        limit = self.scenario.calm_seconds + HEALING_SECONDS_MAX
        while self.timeline.now < limit:
            await asyncio.sleep(_LOOK_SECONDS)
            is_told = self.crowd.is_content and self.senders.are_done
            is_quiet = self.is_calm and is_told and not self.network.under_way
            if is_quiet and not await resources.pool.fetch(_UNFINISHED):
                return
        left = await resources.pool.fetch(_UNFINISHED)
        self.wrong.extend(f"in flight after healing: {row[0]}" for row in left)
        self.wrong.extend(["in flight after healing: copies of events"] * (not self.senders.are_done))

    async def _wait_for_answers(self) -> None:
        for _ in range(_LOOKS_MAX):
            if not self.crowd.untold:
                return
            await asyncio.sleep(_LOOK_SECONDS)
        self.wrong.extend(f"never told how it ended: {key}" for key in self.crowd.untold)

    async def _judge(self, resources: Resources) -> None:
        await asyncio.sleep(GRACE_MS / 1_000)
        await reconcile_now(resources, "full")
        for row in await resources.pool.fetch(_ROWS):
            self.trace.note(row[0])
        await self._check(resources, in_flight_allowed=False)
        told = await told_wrong(
            resources, self.scenario.tale, campaign_id=self.campaign_id, books=self._direct()
        )
        self.wrong.extend(told)
        for state, count in await resources.pool.fetch(_REWARDS):
            self.figures[f"rewards {state}"] = count

    def _direct(self) -> LedgerClient:
        return LedgerClient(Direct(self.books), Options(), hooks=Hooks(), random=lambda: 0.0)

    async def _check(self, resources: Resources, *, in_flight_allowed: bool) -> None:
        found = await violations(
            resources.pool,
            self._direct(),
            campaign_ids=[self.campaign_id],
            told=self.crowd.heard,
            in_flight_allowed=in_flight_allowed,
        )
        self.wrong.extend(found)
