"""The product's own warnings: an error that a worker swallows and logs must not go unseen."""

import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

# What the network and the ledger bring about, and that there is no Redis; everything else is a bug.
EXPECTED: Final = frozenset({"reconciliation.waits", "boards.redis_unavailable"})


@contextmanager
def heard_warnings(hear: Callable[[str], None]) -> Iterator[None]:
    """Hear of warnings and errors, and keep all log lines off the screen."""

    def take(_logger: Any, _level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event["event"] not in EXPECTED:
            error = f": {sys.exc_info()[1]!r}" if event.pop("exc_info", None) else ""
            hear(f"{dict(event)}{error}")
        raise structlog.DropEvent

    before = structlog.get_config()
    level = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(processors=[take], wrapper_class=level, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
