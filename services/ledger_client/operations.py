"""Operations: the only way to write to the ledger, and the bytes that are stored before they are sent."""

from typing import Annotated, Final

import msgspec

LEGS_MAX: Final = 8
AMOUNT_MAX: Final = 2**53 - 1

# `(?!\n)$`: Python's `$` alone also matches before a final newline, ECMAScript's does not.
_NAME: Final = r"[A-Za-z0-9._~-]{1,128}"
OperationId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9:._~-]{1,128}(?!\n)$")]
AccountId = Annotated[
    str, msgspec.Meta(pattern=rf"^(player:{_NAME}|campaign:{_NAME}:budget|house:{_NAME}|issuer)(?!\n)$")
]
Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
LegCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9:._~-]{1,64}(?!\n)$")]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{0,256}(?!\n)$")]
EpochMilliseconds = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)]

ISSUER: Final = "issuer"


class Leg(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A transfer of `amount` points from the `debit` account to the `credit` account."""

    debit: AccountId
    credit: AccountId
    amount: Amount
    code: LegCode


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One to eight legs, applied in order and all together, at most once per `id` and only before a time.

    `apply_before` is in milliseconds since the epoch; `ref` is printable ASCII for people who search later.
    """

    id: OperationId
    apply_before: EpochMilliseconds
    legs: Annotated[tuple[Leg, ...], msgspec.Meta(min_length=1, max_length=LEGS_MAX)]
    ref: Ref


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Operation)


def encode(operation: Operation) -> bytes:
    """The operation's canonical bytes: store them once, and send exactly them every time.

    Raises `msgspec.ValidationError` when a field breaks the contract's limits, so that nothing is stored
    that the ledger would refuse to read.
    """
    body = _encoder.encode(operation)
    _decoder.decode(body)
    return body


def decode(body: bytes) -> Operation:
    """The operation in `body`; raises `msgspec.ValidationError` when it breaks the contract's limits."""
    return _decoder.decode(body)


def player(player_id: str) -> str:
    """The player's account: guarded, it never falls below zero."""
    return f"player:{player_id}"


def budget(campaign_id: str) -> str:
    """The account of the campaign's funded point prizes: guarded."""
    return f"campaign:{campaign_id}:budget"


def house(campaign_id: str) -> str:
    """The account that receives the campaign's prices: unguarded."""
    return f"house:{campaign_id}"
