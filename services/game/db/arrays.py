"""Arrays as arguments: lists and tuples, and nothing else.

asyncpg asks of each element of an array by abstract base classes whether it is an array of its own. With a
hundred elements for a play that is 5 % of what the service does (docs/decisions/0040-hops.md).
"""

from typing import Final

from asyncpg.protocol import protocol

NAMES: Final = ("IterableABC", "SizedABC")


def lists_and_tuples() -> None:
    """From now on ask by the type alone. TypeError for any other container given as an array.

    An asyncpg that asks in another way is left alone.
    """
    vars(protocol).update({name: (list, tuple) for name in NAMES if name in vars(protocol)})
