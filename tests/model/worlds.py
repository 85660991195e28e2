"""The worlds that are visited, from end to end: they differ in what there is most of."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ledger_client.options import ATTEMPTS_MAX
from tests.model.play import Kind

WINNING: Final = Kind(
    name="play 1",
    price_points=10,
    prize_points=10,
    has_beacon=False,
    processes=2,
    copies=ATTEMPTS_MAX,
    strays=2,
)
WAITING: Final = Kind(
    name="play 2",
    price_points=30,
    prize_points=0,
    has_beacon=True,
    processes=2,
    copies=ATTEMPTS_MAX,
    strays=2,
)


def alone(kind: Kind) -> Kind:
    """A play with one driver at a time: whoever takes it up after a crash may as well be another process."""
    return msgspec.structs.replace(kind, processes=1, copies=1, strays=1)


WORLDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "a play, one driver": (alone(WAITING),),
    "a play that wins, two drivers": (WINNING,),
    "a play that waits for a beacon, two drivers": (WAITING,),
    "two plays on one account": (alone(WINNING), alone(WAITING)),
}
