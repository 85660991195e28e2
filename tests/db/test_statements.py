"""Named statements: the format of a queries.sql, and every one of them against the real schema."""

from pathlib import Path

import asyncpg
import pytest

import game
from game.db.statements import StatementError, Statements, load, parse

SERVICES = Path(game.__file__).parent.parent
PACKAGES = sorted(
    ".".join(file.parent.relative_to(SERVICES).parts) for file in SERVICES.glob("game/**/queries.sql")
)
TWO = """-- A file may begin with remarks.

-- name: count_plays
-- How many there are.
SELECT count(*)
FROM play;

-- name: one
-- Just one.
SELECT 1
"""


def test_statements_are_found_by_name() -> None:
    """Both ways of asking give the text without the header and the semicolon, with its comment."""
    statements = Statements("game.plays", parse(TWO))
    assert list(statements) == ["count_plays", "one"]
    assert statements.count_plays == "-- How many there are.\nSELECT count(*)\nFROM play"
    assert statements["one"] == "-- Just one.\nSELECT 1"


@pytest.mark.parametrize("ask", [lambda s: s.two, lambda s: s["two"]])
def test_unknown_name_is_an_error(ask: "object") -> None:
    """The error says where it was looked for and what there is."""
    statements = Statements("game.plays", parse(TWO))
    with pytest.raises(
        StatementError, match=r"game.plays/queries.sql has no statement 'two'.*count_plays, one"
    ):
        ask(statements)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TWO + "-- name: one\n-- Again.\nSELECT 2", "one is there twice"),
        ("SELECT 1;\n" + TWO, "text before the first name"),
        ("-- name: one\nSELECT 1", "one has no comment"),
        ("-- name: one\n-- Comment alone.\n", "one has no statement"),
        ("-- name: One\n-- Comment.\nSELECT 1", "'One' is not a name"),
        ("-- name:\n-- Comment.\nSELECT 1", "'' is not a name"),
    ],
)
def test_malformed_file_is_refused(text: str, complaint: str) -> None:
    """A statement that could not be found, or that nobody can understand, does not load."""
    with pytest.raises(StatementError, match=complaint):
        parse(text)


@pytest.mark.asyncio
async def test_every_statement_prepares(database_url: str) -> None:
    """PostgreSQL checks names and types of every named statement against the migrated schema."""
    statements = [(package, name, text) for package in PACKAGES for name, text in load(package).items()]
    failures = []
    async with (
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool,
        pool.acquire() as connection,
    ):
        for package, name, text in statements:
            try:
                await connection.prepare(text)
            except asyncpg.PostgresError as error:
                failures.append(f"{package}.{name}: {error}")
    assert failures == []
