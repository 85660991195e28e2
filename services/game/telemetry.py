"""What the service tells about itself: events and access lines as JSON on stderr, and Prometheus metrics.

Nothing here may cost a request more than a few microseconds: metrics are called directly, and the access
lines of a second are written at once.
"""

import logging
import os
import sys
import time
from functools import lru_cache

import msgspec
import structlog
from litestar.types import HTTPScope
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY
from structlog.typing import EventDict, Processor, WrappedLogger

ACCESS_LINES_KEPT = 20_000
UNMATCHED = "unmatched"
MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

REQUESTS = Counter("playfair_requests_total", "Answered requests.", ("route", "method", "status"))
LATENCY = Histogram("playfair_request_seconds", "Time to answer.", ("route",), buckets=SECONDS)
IN_FLIGHT = Gauge("playfair_requests_in_flight", "Requests in flight.", multiprocess_mode="livesum")
LIMITED = Counter("playfair_rate_limited_total", "Requests refused by a rate limit.")
UNLIMITED = Counter("playfair_rate_unchecked_total", "Requests let through while Redis did not answer.")
PLAYS = Counter("playfair_plays_total", "Plays that reached a state.", ("state",))
CALLS = Counter("playfair_ledger_calls_total", "Calls to the ledger.", ("route", "result"))
CALL_RETRIES = Counter("playfair_ledger_retries_total", "Calls that repeat one before.", ("route",))
CALL_SECONDS = Histogram("playfair_ledger_call_seconds", "Time of a call.", ("route",), buckets=SECONDS)
CALL_ITEMS = Histogram("playfair_ledger_call_items", "Operations per call.", ("route",), buckets=ITEMS)
SPLITS = Counter("playfair_ledger_splits_total", "Batches that were halved to find what is at fault.")
OPERATIONS = Counter(
    "playfair_ledger_operations_total", "Operations by what became of them.", ("lane", "outcome", "reason")
)
OPERATION_SECONDS = Histogram(
    "playfair_ledger_operation_seconds", "Wait for an outcome.", ("lane",), buckets=SECONDS
)
WAITING = Gauge(
    "playfair_ledger_waiting", "Operations queued or in flight.", ("lane",), multiprocess_mode="livesum"
)
BREAKERS = Gauge(
    "playfair_ledger_breakers_open", "Processes that do not call the ledger.", multiprocess_mode="livesum"
)
EVENTS = Counter("playfair_events_total", "Webhooks by what became of them on their way in.", ("result",))
EVENTS_OPEN = Gauge(
    "playfair_events_open",
    "Events that wait, are of an unknown type or are dead letters.",
    ("state",),
    multiprocess_mode="mostrecent",
)
WEBHOOKS_SENT = Counter(
    "playfair_webhooks_sent_total", "Attempts to send a webhook by where the message stands then.", ("state",)
)
ENDPOINTS_PAUSED = Gauge(
    "playfair_webhook_endpoints_paused",
    "Endpoints of webhooks that were given up until a manager resumes them.",
    multiprocess_mode="mostrecent",
)
BATCHES = Histogram("playfair_batch_items", "Items per batch.", ("stage",), buckets=ITEMS)
STEPS = Counter("playfair_step_runs_total", "Runs of background steps.", ("step", "result"))
BREAKS = Gauge(
    "playfair_ledger_breaks",
    "Open breaks of reconciliation that nobody has acknowledged.",
    ("kind",),
    multiprocess_mode="mostrecent",
)
BREAKS_ACKNOWLEDGED = Gauge(
    "playfair_ledger_breaks_acknowledged",
    "Open breaks that a person has acknowledged.",
    ("kind",),
    multiprocess_mode="mostrecent",
)
BREAK_POINTS = Gauge(
    "playfair_ledger_break_points",
    "Value of those breaks, in points.",
    ("kind",),
    multiprocess_mode="mostrecent",
)
BREAK_AGE = Gauge(
    "playfair_ledger_break_age_seconds", "Age of the oldest of those breaks.", multiprocess_mode="mostrecent"
)
CLOCK_SKEW = Gauge(
    "playfair_clock_skew_seconds",
    "How far our clock is ahead of the database's.",
    multiprocess_mode="mostrecent",
)
IN_REVIEW = Gauge("playfair_plays_in_review", "Plays that wait for a person.", multiprocess_mode="mostrecent")
FIT_ALERTS = Gauge(
    "playfair_fit_alerts",
    "Alerts about the odds of draws that nobody has acknowledged.",
    ("series",),
    multiprocess_mode="mostrecent",
)
FIT_BEHIND = Gauge(
    "playfair_fit_entries_behind",
    "Entries of logs that the monitor has not counted yet.",
    multiprocess_mode="mostrecent",
)
RECONCILED = Gauge(
    "playfair_ledger_reconciled_seconds",
    "When a pass ended (epoch).",
    ("pass",),
    multiprocess_mode="mostrecent",
)
ACCESS_LOST = Counter("playfair_access_lines_lost_total", "Access lines that did not fit the buffer.")


class AccessLine(msgspec.Struct, frozen=True):
    """One request. It names the route's template and no person."""

    at_ms: int
    method: str
    route: str
    status: int
    us: int
    level: str = "info"
    event: str = "request"


_lines: list[AccessLine] = []


def observe(scope: HTTPScope, *, status: int, seconds: float) -> None:
    """Count an answered request."""
    # Without a route the method is the caller's invention.
    route = str(scope.get("path_template", UNMATCHED))
    method = scope["method"] if route != UNMATCHED else UNMATCHED
    counter, histogram = _instruments(route, method, status)
    counter.inc()
    histogram.observe(seconds)
    if len(_lines) >= ACCESS_LINES_KEPT:
        ACCESS_LOST.inc()
        return
    _lines.append(AccessLine(time.time_ns() // 1_000_000, scope["method"], route, status, int(seconds * 1e6)))


@lru_cache(maxsize=2_048)
def _instruments(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, str(status)), LATENCY.labels(route)


def write_access_lines() -> int:
    """Write what was observed since the last time; how many lines."""
    lines, count = _lines[:], len(_lines)
    _lines.clear()
    if lines:
        sys.stderr.write(msgspec.json.Encoder().encode_lines(lines).decode())
        sys.stderr.flush()
    return count


def metrics() -> bytes:
    """The metrics in Prometheus' text format: of all processes that share a directory, or of this one."""
    if MULTIPROCESS_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process() -> None:
    """Take this process out of the gauges that sum up the living."""
    if MULTIPROCESS_VARIABLE in os.environ:
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def configure_logging(level: str) -> None:
    """Send structlog's events, and what libraries log, to stderr as one JSON object per line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _json],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=_json, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def _json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return msgspec.json.encode(event, enc_hook=repr).decode()
