"""`playfair rotate-keys`: put all that is sealed in the database under the first of the secret keys.

Stop it whenever you like and begin again: it goes on where it was. When it says that nothing is left, and no
process seals under another key any more, the other keys can be removed.
"""

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack

import asyncpg

from game.app import open_resources
from game.custody.rotation import Turned, rotate
from game.settings import Settings, SettingsError


def main(arguments: list[str]) -> int:
    """The exit code: 0 when all is under the first key, 1 when something is not, 2 if it could not begin."""
    argparse.ArgumentParser(prog="playfair rotate-keys", description=__doc__).parse_args(arguments)
    try:
        left = asyncio.run(_rotated(Settings.from_environment(os.environ)))
    except (SettingsError, asyncpg.PostgresError, OSError) as error:
        print(f"playfair rotate-keys: {error}", file=sys.stderr)
        return 2
    print("Some values are left: see above." if left else "All is under the first key.")
    return 1 if left else 0


async def _rotated(settings: Settings) -> int:
    """How many values are left, after telling of each column as it is done."""
    left = 0
    async with AsyncExitStack() as stack:
        async for turned in rotate(await open_resources(stack, settings)):
            print(told(turned), flush=True)
            left += len(turned.left)
    return left


def told(turned: Turned) -> str:
    """A column for people, with the rows whose values are left."""
    lines = [f"{turned.column:<30}{turned.turned:>9} turned {len(turned.left):>6} left"]
    return "\n".join([*lines, *(f"  {row}: its key is not here, or it was changed" for row in turned.left)])
