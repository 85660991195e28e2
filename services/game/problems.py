"""Every error of the service as problem+json (RFC 9457), titled in the reader's language."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
import msgspec
import redis
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from game.db.pool import OUTAGES
from game.errors import Invalid, Malformed, Number, Refusal, Unavailable, Unsigned
from game.texts import Language, preferred_language, problem_title
from game.wire import body_required
from ledger_client import LedgerUnreachable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
# Outages and lost races: nothing is wrong with the request, so it is worth another try.
PASSING = (
    *OUTAGES,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    redis.RedisError,
    LedgerUnreachable,
)
# Litestar's words where there is no class of its own.
CLIENT_LEFT = "client disconnected prematurely"
# What Litestar refuses by itself, and an example code for each status of ours.
FRAMEWORK_CODES = {404: "route_not_found", 405: "method_not_allowed", 413: "body_too_large"}
EXAMPLES: dict[int, tuple[str, str, dict[str, Number]]] = {
    400: ("malformed_body", "The body is not JSON: Input data was truncated", {}),
    401: ("token_required", "Send a token of the brand's issuer: Authorization: Bearer …", {}),
    403: ("role_required", "The token has no role that may do this.", {"roles": ["admin", "manager"]}),
    404: ("campaign_not_found", "There is no such campaign.", {}),
    409: ("limit_per_day", "5 of 5 draws are used.", {"limit": 5, "used": 5, "asked": 1}),
    413: ("body_too_large", "Request Entity Too Large", {}),
    415: ("unsupported_media_type", "Send the body as Content-Type: application/json.", {}),
    422: (
        "invalid_body",
        "$.count: Expected `int` >= 1",
        {"field": "$.count", "rule": "Expected `int` >= 1"},
    ),
    429: ("rate_limited", "Too many requests; come back later.", {"retry_after_seconds": 2}),
    503: ("busy", "Too many requests are in flight; nothing was stored.", {"retry_after_seconds": 1}),
}

log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused. `code` is stable; members beyond these are the numbers that explain it."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class ProblemAnswer(msgspec.Struct, frozen=True):
    """A problem as it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Bug(Refusal):
    status = 500


def exception_handler(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's view of `answer`."""
    answered = answer(error, accept_language=request.headers.get("accept-language", ""))
    return Response(
        answered.body, status_code=answered.status, headers=answered.headers, media_type=MEDIA_TYPE
    )


def answer(error: Exception, *, accept_language: str) -> ProblemAnswer:
    """What is sent for an error. One that is no refusal is a bug: it is logged, and only its id is told."""
    language = preferred_language(accept_language)
    status, refusal, headers = _refusal(error)
    problem = _problem(status, refusal.code, refusal.detail, refusal.numbers, language=language)
    headers |= {"Content-Language": language.value, "Vary": "Accept-Language"}
    return ProblemAnswer(status, headers, msgspec.json.encode(problem))


def _problem(
    status: int, code: str, detail: str, numbers: Mapping[str, Number], *, language: Language
) -> dict[str, Any]:
    problem = Problem(f"/docs#{code}", problem_title(code, language), status, code, detail)
    members = msgspec.structs.asdict(problem)
    assert members.keys().isdisjoint(numbers), "a number has the name of a member of every problem"
    return members | dict(numbers)


def _refusal(error: Exception) -> tuple[int, Refusal, dict[str, str]]:
    if isinstance(error, Refusal):
        return error.status, error, _headers(error)
    if isinstance(error, ValidationException):
        return _refusal(_invalid_request(error))
    if isinstance(error, HTTPException) and error.status_code < 500:
        code = FRAMEWORK_CODES.get(error.status_code, "bad_request")
        return error.status_code, Refusal(code, error.detail), dict(error.headers or {})
    if isinstance(error, InternalServerException) and error.detail == CLIENT_LEFT:
        return _refusal(Malformed("request_incomplete", "The connection ended before the request did."))
    return _refusal(_outage(error) if is_passing(error) else _bug(error))


def is_passing(error: BaseException) -> bool:
    """Whether an outage or a lost race is behind it, so that another try may do."""
    # A transaction that ends on a connection that has broken says so in no class of its own.
    return isinstance(error, PASSING) or (
        type(error) is asyncpg.InterfaceError and "connection is closed" in str(error)
    )


def _headers(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, Unsigned):
        return {"WWW-Authenticate": "Webhook-Signature"}
    if refusal.status == 401:
        known = "" if refusal.code == "token_required" else ' error="invalid_token"'
        return {"WWW-Authenticate": f"Bearer{known}"}
    if refusal.status in (429, 503):
        return {"Retry-After": str(refusal.numbers.get("retry_after_seconds", RETRY_AFTER_SECONDS))}
    return {}


def _outage(error: Exception) -> Refusal:
    log.warning("request.unavailable", reason=repr(error))
    return Unavailable(
        "temporarily_unavailable",
        "Something this needs does not answer. Try again, a play with the same Idempotency-Key.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _bug(error: Exception) -> Refusal:
    error_id = secrets.token_hex(8)
    log.error("request.failed", error_id=error_id, exc_info=error)
    return _Bug("internal", "This is our fault. It was logged under the error id.", error_id=error_id)


def _invalid_request(error: ValidationException) -> Refusal:
    faults = [fault for fault in (error.extra or []) if isinstance(fault, dict)]
    if any(fault.get("source") == "body" for fault in faults):
        return body_required()
    rules = [f"{fault.get('key', '')}: {fault['message']}" for fault in faults] or [error.detail]
    return Invalid("invalid_parameter", "; ".join(rules), rules=rules)


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems that a handler may answer with, for `responses=`."""
    return {status: _response_spec(status) for status in sorted(statuses)}


def example_problem(status: int) -> dict[str, Any]:
    """A problem such as a status comes with."""
    code, detail, numbers = EXAMPLES[status]
    return _problem(status, code, detail, numbers, language=Language.EN)


def _response_spec(status: int) -> ResponseSpec:
    return ResponseSpec(
        data_container=Problem,
        generate_examples=False,
        description=HTTPStatus(status).phrase,
        media_type=MEDIA_TYPE,
        examples=[Example(value=example_problem(status))],
    )
