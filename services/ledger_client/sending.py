"""The life of one batch: sent, sent again, split until the operation at fault stands alone."""

import asyncio
from collections import deque
from typing import Final

import msgspec

from ledger_client.answers import Again, judge_batch
from ledger_client.batcher import Item
from ledger_client.errors import LedgerBug
from ledger_client.line import Line
from ledger_client.options import ATTEMPTS_MAX, FAILURES_BEFORE_SPLIT
from ledger_client.outcomes import UnknownReason
from ledger_client.transport import Request

_PATH: Final = "/v1/operations:batch"


class _Group(msgspec.Struct, frozen=True):
    items: list[Item]
    failures: int
    last: Again | None


async def send(items: list[Item], *, line: Line) -> None:
    """Send until every item is decided or given up; one call at a time, healthy halves before sick ones."""
    groups = deque([_Group(items, failures=0, last=None)])
    while groups:
        groups.extend(await _attempt(groups.popleft(), line=line))


async def _attempt(group: _Group, *, line: Line) -> list[_Group]:
    if group.last is not None:
        await _pause(group, last=group.last, line=line)
    items = [item for item in group.items if item.is_waiting]
    if not items:
        return []
    if not line.breaker.admit():
        _give_up(items, group.last.reason if group.last else UnknownReason.CIRCUIT_OPEN)
        return []
    # A probe is one operation: the others learn from it whether to follow.
    sent, kept = (items[:1], items[1:]) if line.breaker.is_open else (items, [])
    again = await _call(sent, attempt=group.failures + 1, line=line)
    groups = _regroup(again, failures=group.failures + 1, line=line) if again else []
    return [_Group(kept, group.failures, group.last), *groups] if kept else groups


async def _pause(group: _Group, *, last: Again, line: Line) -> None:
    loop = asyncio.get_running_loop()
    seconds = line.pause(failures=group.failures, last=last)
    too_late = [item for item in group.items if item.deadline <= loop.time() + seconds]
    _give_up(too_late, last.reason)
    if len(too_late) < len(group.items):
        await asyncio.sleep(seconds)


async def _call(items: list[Item], *, attempt: int, line: Line) -> list[tuple[Item, Again]]:
    for item in items:
        item.sent = True
    body = b'{"operations":[' + b",".join(item.body for item in items) + b"]}"
    ids = tuple(item.operation_id for item in items)
    reply = await line.call(Request(_PATH, body, len(items)), attempt=attempt, operation_ids=ids)
    verdicts = judge_batch(ids, reply)
    again: list[tuple[Item, Again]] = []
    for item, verdict in zip(items, verdicts, strict=True):
        match verdict:
            case Again():
                again.append((item, verdict))
            case LedgerBug():
                item.fail(verdict)
            case _:
                item.resolve(verdict)
    line.ended([verdict for _, verdict in again])
    return again


def _regroup(again: list[tuple[Item, Again]], *, failures: int, line: Line) -> list[_Group]:
    items, last = [item for item, _ in again], again[0][1]
    groups = [_Group(part, failures, last) for part in _parts(items, failures=failures, last=last)]
    if groups and line.budget.take(len(groups)):
        if len(groups) > 1:
            line.split(items=len(items))
        return groups
    for item, verdict in again:
        item.give_up(verdict.reason)
    return []


def _parts(items: list[Item], *, failures: int, last: Again) -> list[list[Item]]:
    splits = len(items) > 1 and last.reason is not UnknownReason.THROTTLED
    if splits and failures >= FAILURES_BEFORE_SPLIT:
        middle = len(items) // 2
        return [items[:middle], items[middle:]]
    return [items] if failures < ATTEMPTS_MAX else []


def _give_up(items: list[Item], reason: UnknownReason) -> None:
    for item in items:
        item.give_up(reason)
