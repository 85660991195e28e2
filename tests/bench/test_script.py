"""That recorded batches become what pgbench can send."""

from datetime import date
from graphlib import CycleError
from typing import Any
from uuid import UUID

import pytest

from tests.bench.yardsticks.recording import Step
from tests.bench.yardsticks.script import in_order, row_of, script_of, table_of, text_of

BEGIN, READ, WRITE, AGAIN, COMMIT = (
    Step("BEGIN;", 0),
    Step("-- Reads $1.\nSELECT a FROM b WHERE c = $1::text", 0),
    Step("UPDATE b SET a = $2 WHERE c = $1", 0),
    Step("UPDATE b SET a = $2 WHERE c = $1", 1),
    Step("COMMIT;", 0),
)
SHORT = {BEGIN: (), READ: ("x",), COMMIT: ()}
LONG = {BEGIN: (), READ: ("x",), WRITE: ("x", 1), AGAIN: ("y", [2]), COMMIT: ()}
STEPS = [BEGIN, READ, WRITE, AGAIN, COMMIT]


def test_statements_stand_in_an_order_that_all_batches_keep() -> None:
    """Whether the batch that has most of them comes first or last."""
    assert in_order([SHORT, LONG]) == in_order([LONG, SHORT]) == STEPS


def test_what_only_some_batches_have_finds_its_place() -> None:
    """Two statements that no batch but the last has together stand as in the last."""
    first, last = Step("SELECT 1", 0), Step("SELECT 4", 0)
    one, other = Step("SELECT 2", 0), Step("SELECT 3", 0)
    batches = [dict.fromkeys(steps, ()) for steps in ((first, one, last), (first, other, last), (one, other))]
    assert in_order(batches) == [first, one, other, last]


def test_batches_that_contradict_one_another_are_refused() -> None:
    """One script cannot send both."""
    with pytest.raises(CycleError):
        in_order([{READ: ("x",), WRITE: ("x", 1)}, {WRITE: ("x", 1), READ: ("x",)}])


def test_a_script_sends_variables_and_no_comments() -> None:
    """A comment that names an argument would be one more argument."""
    lines = script_of(STEPS, warm_up=2).splitlines()
    assert "SELECT a FROM b WHERE c = :p1_1::text;" in lines
    assert r"\if :nth = 2" in lines
    assert lines.count(r"\endif") == len(STEPS) + 1


def test_a_row_has_what_its_batch_sends() -> None:
    """And says which statements are left out."""
    assert row_of(STEPS, SHORT) == {"has0": 1, "has1": 1, "has2": 0, "has3": 0, "has4": 1, "p1_1": "x"}
    assert set(row_of(STEPS, LONG)) <= set(table_of(STEPS, [SHORT, LONG]).replace("(", " ").split())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x00\xff", r"\x00ff"),
        (date(2027, 2, 6), "2027-02-06"),
        ([UUID(int=1), None], '{"00000000-0000-0000-0000-000000000001",NULL}'),
        ([b"\x01"], r'{"\\x01"}'),
        (['a"b\\c', "NULL"], r'{"a\"b\\c","NULL"}'),
        ([], "{}"),
        ((1, None, 'a"b\\c'), r'("1",,"a\"b\\c")'),
        ([("a", b"\x01")], r'{"(\"a\",\"\\\\x01\")"}'),
    ],
)
def test_values_are_written_as_postgresql_reads_them(value: Any, text: str) -> None:
    """Arrays and rows quote all but NULL, which a row leaves out."""
    assert text_of(value) == text
