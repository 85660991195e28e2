"""What a planted fault is: how it is planted, and exactly which invariants it trips."""

from collections.abc import Awaitable, Callable, Iterator
from inspect import getmembers
from types import ModuleType

import msgspec

from tests.invariants.facts import Facts
from tests.invariants.scene import Scene

Planting = Callable[[Scene], Awaitable[None]]
Invariant = Callable[[Facts], Iterator[str]]


class Plant(msgspec.Struct, frozen=True):
    """A fault, and the names of the invariants that say so."""

    name: str
    plant: Planting
    trips: frozenset[str]


def trips(*invariants: Invariant) -> Callable[[Planting], Plant]:
    """Declare that a fault trips these invariants, and no other."""
    names = frozenset(invariant.__name__ for invariant in invariants)
    return lambda plant: Plant(plant.__name__, plant, names)


def planted_in(module: ModuleType) -> list[Plant]:
    """The faults of a module."""
    return [plant for _, plant in getmembers(module, lambda each: isinstance(each, Plant))]
