"""All ways in which rows and entries are made to differ."""

from collections.abc import Awaitable, Callable
from inspect import getmembers, iscoroutinefunction
from types import ModuleType
from typing import Final

from tests.reconcile import entries, rewarded, rows
from tests.reconcile.world import Found, World

Corruption = Callable[[World], Awaitable[Found]]


def _planted(module: ModuleType) -> list[Corruption]:
    return [each for name, each in getmembers(module, iscoroutinefunction) if not name.startswith("_")]


CORRUPTIONS: Final[tuple[Corruption, ...]] = (
    *_planted(entries),
    *_planted(rows),
    *_planted(rewarded),
)
