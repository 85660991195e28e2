"""Refusals: what a player, manager or system may do wrong, each with a stable code and its numbers.

A refusal is raised where it is decided and mapped once to RFC 9457 problem+json (`problems.py`).
Bugs are assertions and are never caught.
"""

from typing import ClassVar

Number = int | str | bool | None | list[str] | dict[str, int]


class Refusal(Exception):
    """A request that is refused; nothing was stored, charged or lost by it.

    `code` is stable and doubles as the key of the translation; `numbers` explain it.
    """

    status: ClassVar[int] = 400

    def __init__(self, code: str, detail: str, **numbers: Number) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.numbers = numbers


class Malformed(Refusal):
    """The body is not what its Content-Type says (400)."""

    status = 400


class UnsupportedMedia(Refusal):
    """The body is of a type that is not read here (415)."""

    status = 415


class Invalid(Refusal):
    """The request cannot be understood or breaks a rule about its fields (422)."""

    status = 422


class Unauthenticated(Refusal):
    """No token, or one that does not hold (401)."""

    status = 401


class Unsigned(Refusal):
    """A webhook without a signature that holds (401)."""

    status = 401


class Forbidden(Refusal):
    """The caller's role does not allow this (403)."""

    status = 403


class NotFound(Refusal):
    """No such thing, or not one of the caller's brand (404)."""

    status = 404


class Conflict(Refusal):
    """The thing is in a state that does not allow this (409)."""

    status = 409


class Exhausted(Refusal):
    """A limit or a stock is used up (409)."""

    status = 409


class TooMany(Refusal):
    """A rate limit; `retry_after_seconds` says when to come back (429)."""

    status = 429


class Unavailable(Refusal):
    """Something this needs is down or full; nothing was stored (503)."""

    status = 503
