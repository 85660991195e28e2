"""Named SQL statements, kept in a `queries.sql` beside the functions that run them.

    -- name: expire_seats
    -- Ends the seats whose time has passed. No row: none was due.
    UPDATE …

Every statement has a name, a comment that says what it is for, and its text, which keeps its comments, so
that they show in PostgreSQL's own logs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

FILE = "queries.sql"
HEADER = re.compile(r"^-- name: ?(.*)$", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*")


class StatementError(Exception):
    """A queries.sql is malformed, or a name is asked for that it does not have."""


class Statements(Mapping[str, str]):
    """The statements of one package, by name: `statements.expire_seats` or `statements["expire_seats"]`."""

    def __init__(self, package: str, texts: Mapping[str, str]) -> None:
        self._package = package
        self._texts = dict(texts)

    def __getitem__(self, name: str) -> str:
        if name not in self._texts:
            known = ", ".join(sorted(self._texts))
            raise StatementError(f"{self._package}/{FILE} has no statement {name!r}; it has: {known}")
        return self._texts[name]

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def load(package: str) -> Statements:
    """The statements of a package's queries.sql; StatementError when it is malformed."""
    text = files(package).joinpath(FILE).read_text(encoding="utf-8")
    try:
        return Statements(package, parse(text))
    except StatementError as error:
        raise StatementError(f"{package}/{FILE}: {error}") from None


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned into `width` columns, the form that `unnest` takes."""
    turned = list(map(list, zip(*rows, strict=True))) or [[] for _ in range(width)]
    assert len(turned) == width, "another number of columns than the statement has"
    return turned


def parse(text: str) -> dict[str, str]:
    """Statement texts by name, in the order of the file."""
    before, *parts = HEADER.split(text)
    if any(line and not line.startswith("--") for line in before.splitlines()):
        raise StatementError("there is text before the first name")
    statements: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        _check(name, body.strip(), statements)
        statements[name] = body.strip().removesuffix(";")
    return statements


def _check(name: str, body: str, known: Mapping[str, str]) -> None:
    if not NAME.fullmatch(name):
        raise StatementError(f"{name!r} is not a name of lower-case letters, digits and underscores")
    if name in known:
        raise StatementError(f"{name} is there twice")
    if not body.startswith("--"):
        raise StatementError(f"{name} has no comment that says what it is for")
    if all(line.startswith("--") for line in body.splitlines()):
        raise StatementError(f"{name} has no statement")
