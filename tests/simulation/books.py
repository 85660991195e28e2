"""The ledger: the sandbox's rules, requests and answers, over rows in memory."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from ledger_client.transport import Reply, Request
from sandbox_ledger import problems, rules
from sandbox_ledger.problems import Refusal, describe
from sandbox_ledger.reading import read_batch, read_ids
from sandbox_ledger.wire import (
    Account,
    BatchAnswer,
    Capabilities,
    ControlTotals,
    Decided,
    Entry,
    EntryPage,
    Leg,
    LookupAnswer,
    Operation,
    Problem,
    Record,
    RecordAnswer,
    Refused,
    Result,
)

_NEVER_MS: Final = 253_402_300_799_999
_FENCE: Final = ":fence"


class Books:
    """A ledger that answers a request at once, and keeps everything. `now_ms` is its own clock."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.records: dict[str, Record] = {}
        self.balances: dict[str, int] = defaultdict(int)
        self.entries: list[Entry] = []
        self._now_ms = now_ms
        self._clock_ms = 0

    def serve(self, request: Request) -> Reply:
        """The answer to a request, which is executed."""
        try:
            answer = self._answer(request)
        except Refusal as refusal:
            return refused(refusal.problem)
        return Reply(200, msgspec.json.encode(answer), None, False)

    def fund(self, account: str, points: int, *, operation_id: str) -> None:
        """Issue points to an account."""
        leg = Leg(debit="issuer", credit=account, amount=points, code="issue")
        self.apply([Operation(id=operation_id, apply_before=_NEVER_MS, legs=[leg], ref="")])

    def apply(self, operations: list[Operation]) -> list[Result]:
        """Decide operations as the sandbox does."""
        plan = rules.decide(
            operations,
            known={each.id: self.records[each.id] for each in operations if each.id in self.records},
            balances={account: self.balances[account] for account in rules.accounts_of(operations)},
            next_seq=len(self.entries) + 1,
            now_ms=self._tick(),
        )
        for record in plan.records:
            self.keep(record)
        self.balances.update(plan.balances)
        self.entries.extend(plan.entries)
        return plan.results

    def keep(self, record: Record) -> None:
        """Remember what was decided, for ever."""
        self.records[record.outcome.id] = record

    def fence(self, operation_id: str) -> Decided:
        """Decide an id now."""
        if known := self.records.get(operation_id):
            return rules.replayed(known)
        tombstone = rules.tombstone(operation_id, now_ms=self._tick())
        self.keep(tombstone)
        return tombstone.outcome

    def _tick(self) -> int:
        self._clock_ms = max(self._clock_ms, self._now_ms())
        return self._clock_ms

    def _answer(self, request: Request) -> Any:
        address = urlsplit(request.path)
        where = address.path.removeprefix("/v1/").split("/")
        if request.body is None:
            return self._tell(where, _numbers(address.query))
        return self._execute(where, request.body)

    def _execute(self, where: list[str], body: bytes) -> Any:
        match where:
            case ["operations:batch"]:
                return self._apply_batch(body)
            case ["operations:lookup"]:
                return self._lookup(read_ids(body))
            case ["operations", name] if name.endswith(_FENCE):
                return self.fence(unquote(name.removesuffix(_FENCE)))
        raise AssertionError(f"nobody executes {where}")

    def _tell(self, where: list[str], numbers: dict[str, int]) -> Any:
        match where:
            case ["operations", name]:
                return self._show(unquote(name))
            case ["accounts", name]:
                points = self.balances.get(unquote(name), 0)
                return Account(id=unquote(name), posted=points, held=0, available=points, expiring=None)
            case ["entries"]:
                return self._page(**numbers)
            case ["control-totals"]:
                return self._totals(**numbers)
            case ["capabilities"]:
                return Capabilities(256, *[True] * 5)
        raise AssertionError(f"nobody tells {where}")

    def _apply_batch(self, body: bytes) -> BatchAnswer:
        items = read_batch(body)
        results = iter(self.apply([item for item in items if isinstance(item, Operation)]))
        return BatchAnswer([item if isinstance(item, Refused) else next(results) for item in items])

    def _lookup(self, ids: list[str]) -> LookupAnswer:
        return LookupAnswer(
            as_of=self._tick(),
            found=[rules.replayed(self.records[id_]) for id_ in dict.fromkeys(ids) if id_ in self.records],
            missing=[id_ for id_ in dict.fromkeys(ids) if id_ not in self.records],
        )

    def _show(self, operation_id: str) -> RecordAnswer:
        record, as_of = self.records.get(operation_id), self._tick()
        if record is None:
            raise Refusal(describe("not_found", "never seen", as_of=as_of))
        return RecordAnswer(
            outcome=rules.replayed(record),
            operation=record.operation,
            decided_at=record.decided_at,
            as_of=as_of,
        )

    def _page(self, *, after_seq: int, limit: int) -> EntryPage:
        found = self.entries[after_seq : after_seq + limit]
        return EntryPage(entries=found, next_after_seq=found[-1].seq if found else after_seq)

    def _totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        found = self.entries[max(from_seq, 1) - 1 : to_seq]
        amount = str(sum(entry.amount for entry in found))
        return ControlTotals(from_seq=from_seq, to_seq=to_seq, entries=len(found), amount=amount)


def refused(problem: Problem) -> Reply:
    """The answer that says that something was not done, or that it is not known."""
    seconds = None if problem.retry_after_ms is None else problem.retry_after_ms / 1_000
    body = problems.encode(problem)
    return Reply(problem.status, body, seconds, not_executed=problem.executed is False)


def _numbers(query: str) -> dict[str, int]:
    return {name: int(value) for name, (value,) in parse_qs(query).items()}
