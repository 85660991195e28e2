"""Recorded batches as a script for pgbench, and as the rows of a table from which it takes its arguments.

The script is the same for all batches. A statement that a batch does not have is left out, and an
argument is a variable, so that all is prepared once, as the service does it.
"""

import re
from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any, Final

from tests.bench.yardsticks.recording import Batch, Step

# Whoever reads the meters holds this lock, until all clients have done their warm-up.
GATE: Final = 7_919
ARGUMENT: Final = re.compile(r"\$(\d+)")
COMMENT: Final = re.compile(r"--[^\n]*")


def in_order(batches: Iterable[Batch]) -> list[Step]:
    """All statements of all batches, each once, in an order that all keep; CycleError: there is none."""
    sorter = TopologicalSorter[Step]()
    for batch in batches:
        for step in batch:
            sorter.add(step)
        for before, after in pairwise(batch):
            sorter.add(after, before)
    return list(sorter.static_order())


def script_of(steps: Sequence[Step], *, warm_up: int) -> str:
    """What each client does once for each batch of its lane."""
    lines = [
        r"\set nth :nth + 1",
        rf"\if :nth = {warm_up}",
        f"SELECT pg_advisory_lock_shared({GATE});",
        r"\endif",
        r"SELECT * FROM replay WHERE lane = :client_id AND nth = :nth \gset",
    ]
    for number, step in enumerate(steps):
        text = ARGUMENT.sub(rf":p{number}_\1", COMMENT.sub("", step.text)).strip().removesuffix(";")
        lines += [rf"\if :has{number}", f"{text};", r"\endif"]
    return "\n".join([*lines, ""])


def table_of(steps: Sequence[Step], batches: Iterable[Batch]) -> str:
    """The table that has a row for each batch. Its texts are not compressed: reading them is cheap."""
    widths = dict.fromkeys(steps, 0)
    for batch in batches:
        widths |= {step: len(arguments) for step, arguments in batch.items()}
    columns = [f"has{number} smallint NOT NULL" for number in range(len(steps))]
    for number, width in enumerate(widths.values()):
        columns += [f"p{number}_{nth} text STORAGE EXTERNAL" for nth in range(1, width + 1)]
    return f"CREATE TABLE replay (lane integer, nth integer, {', '.join(columns)}, PRIMARY KEY (lane, nth))"


def row_of(steps: Sequence[Step], batch: Batch) -> dict[str, Any]:
    """The columns of a batch."""
    row: dict[str, Any] = {f"has{number}": int(step in batch) for number, step in enumerate(steps)}
    for number, step in enumerate(steps):
        for nth, value in enumerate(batch.get(step, ()), start=1):
            assert value is not None, f"pgbench knows no NULL: {step.text}"
            row[f"p{number}_{nth}"] = text_of(value)
    return row


def text_of(value: Any) -> str:
    """A value as PostgreSQL reads it: a list is an array, a tuple is a row."""
    if isinstance(value, list):
        return "{" + ",".join("NULL" if each is None else _quoted(each) for each in value) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join("" if each is None else _quoted(each) for each in value) + ")"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return str(value)


def _quoted(value: Any) -> str:
    text = text_of(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
