"""The numbered SQL files that make the schema, as the code has them."""

import hashlib
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """The migrations of the code, or their history in the database, are not in order; nothing was changed."""


class Migration(msgspec.Struct, frozen=True):
    """One file: its number from 1 on, its name and its SQL."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the SQL, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Traversable | None = None) -> list[Migration]:
    """The migrations of a folder (those of the game when not given) in order, without a gap."""
    folder = folder or files("game.db").joinpath("migrations")
    found = [_read(file) for file in sorted(folder.iterdir(), key=lambda file: file.name) if file.is_file()]
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise MigrationError(
                f"{migration.name} comes where number {expected:04} should: a gap or a double"
            )
    return found


def _read(file: Traversable) -> Migration:
    match = FILE_NAME.fullmatch(file.name)
    if match is None:
        raise MigrationError(f"{file.name} is not named like 0001_some_words.sql")
    return Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
