"""RFC 9457 problem details: one table of codes, and what each says about execution."""

from typing import Final, NamedTuple

import msgspec

from sandbox_ledger.wire import Problem

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_MS: Final = 1_000


class _Kind(NamedTuple):
    status: int
    title: str
    final: bool
    executed: bool | None


_KINDS: Final = {
    "invalid": _Kind(400, "The request cannot be read", True, False),
    "same_account": _Kind(400, "A leg must move points between two accounts", True, False),
    "unauthorized": _Kind(401, "The bearer token is missing or wrong", True, False),
    "not_found": _Kind(404, "There is nothing at this address", False, False),
    "method_not_allowed": _Kind(405, "This address does not take this method", True, False),
    "too_large": _Kind(413, "The body is too large", True, False),
    "idempotency_mismatch": _Kind(422, "The id was first used with another body", True, False),
    "throttled": _Kind(429, "Too many requests", False, False),
    "internal": _Kind(500, "Something broke; this answer proves nothing", False, None),
    "busy": _Kind(503, "The ledger cannot take this now", False, False),
}


class Refusal(Exception):
    """A request that is refused with a problem; nothing was executed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail)


def describe(code: str, detail: str, *, failed_leg: int | None = None, as_of: int | None = None) -> Problem:
    """The problem of that code."""
    kind = _KINDS[code]
    return Problem(
        type=f"urn:playfair:ledger:{code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        code=code,
        final=kind.final,
        executed=kind.executed,
        failed_leg=failed_leg,
        retry_after_ms=RETRY_AFTER_MS if code in ("busy", "throttled") else None,
        as_of=as_of,
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """The headers that go with a problem; the HTTP unit of Retry-After is whole seconds."""
    headers = {"Ledger-Executed": "no"} if problem.executed is False else {}
    if problem.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-problem.retry_after_ms // 1_000))
    if problem.code == "unauthorized":
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def encode(problem: Problem) -> bytes:
    """The problem as a response body."""
    return msgspec.json.encode(problem)
