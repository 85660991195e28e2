"""Random lives of a sandbox over HTTP on PostgreSQL, step by step against the oracle."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg
import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox_ledger import store
from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.settings import POINTS_TTL_DAYS
from tests.ledger.oracle import LARGEST, Json, Oracle
from tests.ledger.serving import START_MS, Sandbox

T = TypeVar("T")

PLAYERS = ["player:a", "player:b"]
ACCOUNTS = [*PLAYERS, "campaign:c:budget", "house:c", "issuer"]
TTL_MS = POINTS_TTL_DAYS * DAY_MS
DUPLICATES = 4

amounts = st.integers(1, 20) | st.integers(1, 20) | st.sampled_from([LARGEST, LARGEST - 5])
legs = st.builds(
    lambda pair, amount: {"debit": pair[0], "credit": pair[1], "amount": amount, "code": "test"},
    st.permutations(ACCOUNTS),
    amounts,
)
many_legs = st.lists(legs, min_size=1, max_size=4)
# How long an operation lives; the clock moves by as much.
lifetimes_ms = st.sampled_from([0, 1, 2, 60_000, 2 * TTL_MS, 2 * TTL_MS, 2 * TTL_MS])
passing_ms = st.sampled_from([1, 1, 2, 60_000, DAY_MS, TTL_MS - 1, TTL_MS])
drafts = st.tuples(many_legs, lifetimes_ms)


class World(msgspec.Struct, frozen=True):
    """A served ledger, a connection to its database, and the loop that both live in."""

    runner: asyncio.Runner
    sandbox: Sandbox
    database: "asyncpg.Connection[asyncpg.Record]"

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let it happen; the server's side of it, too."""
        return self.runner.run(coroutine)

    async def renew(self) -> None:
        """An empty ledger, at the first of its days."""
        await self.database.execute("DROP SCHEMA IF EXISTS sandbox_ledger CASCADE")
        await store.apply_schema(self.database)
        self.sandbox.clock.now_ms = START_MS


class Life(RuleBasedStateMachine):
    """Everything that can be done to a ledger; `seen` has the entries of its feed."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.oracle = Oracle(ttl_ms=TTL_MS)
        self.seen: list[Json] = []
        self.count = 0

    @initialize()
    def begin(self) -> None:
        self.world.run(self.world.renew())

    @rule(draft=drafts)
    def apply(self, draft: tuple[list[Json], int]) -> None:
        self._write(self._operation(*draft))

    @rule(account=st.sampled_from([*PLAYERS, "campaign:c:budget"]), amount=st.integers(1, 50))
    def top_up(self, account: str, amount: int) -> None:
        leg = {"debit": "issuer", "credit": account, "amount": amount, "code": "fund"}
        self._write(self._operation([leg], 60_000))

    @rule(data=st.data(), fresh=st.lists(drafts, min_size=1, max_size=4))
    def apply_batch(self, data: st.DataObject, fresh: list[tuple[list[Json], int]]) -> None:
        """Some of them twice, and some from earlier times."""
        known = [body for body in self.oracle.bodies.values() if body]
        new = [self._operation(*draft) for draft in fresh]
        again = data.draw(st.lists(st.sampled_from([*known, *new]), max_size=4))
        batch = data.draw(st.permutations([*new, *again]))
        expected = self.oracle.write(self._now_ms, batch)
        answer = self._post("/v1/operations:batch", {"operations": batch})
        for mine, told in zip(answer["results"], expected, strict=True):
            assert (told == {"code": mine["problem"]["code"]}) if "problem" in mine else (mine == told)

    @precondition(lambda self: any(self.oracle.bodies.values()))
    @rule(data=st.data(), changes=st.sampled_from([{}, {}, {"ref": "other"}, {"apply_before": LARGEST}]))
    def send_again(self, data: st.DataObject, changes: Json) -> None:
        """An operation of before, perhaps another under its name."""
        own = [id_ for id_, body in self.oracle.bodies.items() if body and not id_.startswith("expiry:")]
        if own:
            body = self.oracle.bodies[data.draw(st.sampled_from(own))]
            assert body is not None
            self._write(body | changes)

    @rule(draft=drafts)
    def send_at_once(self, draft: tuple[list[Json], int]) -> None:
        """Duplicates under way together: one is told first, the others that it is a replay."""
        operation = self._operation(*draft)
        first, *others = [self.oracle.write(self._now_ms, [operation])[0] for _ in range(DUPLICATES)]
        answers = self.world.run(self._together(operation))
        assert sorted(answers, key=lambda answer: answer["replayed"]) == [first, *others]

    @rule(data=st.data())
    def fence(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from([*self._own_ids(), f"op{self.count}"]))
        assert self._post(f"/v1/operations/{id_}:fence", b"") == self.oracle.fence(self._now_ms, id_)

    @rule(data=st.data())
    def look_up(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from([*self.oracle.answers, "never"]), min_size=1, max_size=5))
        answer = self._post("/v1/operations:lookup", {"ids": ids})
        assert answer == self.oracle.lookup(self._now_ms, ids)

    @rule(ms=passing_ms)
    def pass_time(self, ms: int) -> None:
        self.world.sandbox.clock.now_ms += ms

    @rule()
    def turn_the_clock_back(self) -> None:
        self.world.sandbox.clock.now_ms -= 600_000

    @rule(account=st.sampled_from(ACCOUNTS))
    def show_account(self, account: str) -> None:
        assert self._get(f"/v1/accounts/{account}") == self.oracle.account(self._now_ms, account)

    @rule(account=st.sampled_from(ACCOUNTS), after=st.integers(0, 30), limit=st.integers(1, 9))
    def page_account(self, account: str, after: int, limit: int) -> None:
        page = self._get(f"/v1/accounts/{account}/entries?after_seq={after}&limit={limit}")
        own = [e for e in self.oracle.entries[after:] if account in (e["debit"], e["credit"])]
        assert page["entries"] == own[:limit]

    @rule(first=st.integers(0, 30), count=st.integers(0, 30))
    def sum_up(self, first: int, count: int) -> None:
        totals = self._get(f"/v1/control-totals?from_seq={first}&to_seq={first + count}")
        own = [e["amount"] for e in self.oracle.entries if first <= e["seq"] <= first + count]
        assert (totals["entries"], totals["amount"]) == (len(own), str(sum(own)))

    @invariant()
    def the_feed_only_grows_and_is_right(self) -> None:
        if self.count or self.oracle.entries:
            page = self._get(f"/v1/entries?after_seq={len(self.seen)}&limit=1000")
            self.seen += page["entries"]
            assert self.seen == self.oracle.entries

    @invariant()
    def the_books_balance(self) -> None:
        rows = self.world.run(self._balances())
        held = Counter({row["id"]: row["posted"] for row in rows})
        assert held == self.oracle.balances
        assert sum(held.values()) == 0
        assert all(posted >= 0 for id_, posted in held.items() if id_.startswith(("player:", "campaign:")))

    @property
    def _now_ms(self) -> int:
        return self.world.sandbox.clock.now_ms

    def _own_ids(self) -> list[str]:
        return [id_ for id_ in self.oracle.answers if not id_.startswith("expiry:")]

    def _operation(self, legs_: list[Json], lifetime_ms: int) -> Json:
        self.count += 1
        before_ms = self._now_ms + lifetime_ms
        return {"id": f"op{self.count}", "apply_before": before_ms, "legs": legs_, "ref": ""}

    def _write(self, operation: Json) -> None:
        (expected,) = self.oracle.write(self._now_ms, [operation])
        answer = self._post("/v1/operations", operation)
        assert {key: answer.get(key) for key in expected} == expected
        assert answer.keys() == expected.keys() or "outcome" not in expected

    def _post(self, path: str, body: object) -> Any:
        return self.world.run(self.world.sandbox.post(path, body))

    def _get(self, path: str) -> Any:
        return self.world.run(self.world.sandbox.get(path))

    async def _balances(self) -> list[asyncpg.Record]:
        return await self.world.database.fetch("SELECT id, posted FROM sandbox_ledger.account ORDER BY id")

    async def _together(self, operation: Json) -> list[Json]:
        answers: list[Json] = await asyncio.gather(
            *(self.world.sandbox.post("/v1/operations", operation) for _ in range(DUPLICATES))
        )
        return answers


def life_in(world: World) -> type[RuleBasedStateMachine]:
    """The machine, in that world."""

    class LifeThere(Life):
        def __init__(self) -> None:
            super().__init__(world)

    return LifeThere
