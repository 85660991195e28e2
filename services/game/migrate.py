"""`playfair migrate`: bring the schema of `PLAYFAIR_DATABASE_URL` forward, and say what was applied."""

import argparse
import asyncio
import os
import sys

import asyncpg

from game.db.migrate import migrate
from game.db.migrations import MigrationError, read_migrations
from game.settings import SettingsError, read_database_url


def main(arguments: list[str]) -> int:
    """The exit code: 0 when the schema is this release's, 1 when it cannot be made so, 2 for bad settings."""
    argparse.ArgumentParser(prog="playfair migrate", description=__doc__).parse_args(arguments)
    try:
        applied = asyncio.run(migrate(read_database_url(os.environ), read_migrations()))
    except SettingsError as error:
        print(f"playfair migrate: {error}", file=sys.stderr)
        return 2
    except (MigrationError, asyncpg.PostgresError, OSError) as error:
        print(f"playfair migrate: {error}", file=sys.stderr)
        return 1
    for name in applied:
        print(f"applied {name}")
    print("The schema is up to date.")
    return 0
