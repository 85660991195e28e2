"""From bytes to operations: what cannot be read is refused, item by item, and nothing of it is executed."""

import re
from typing import Final

import msgspec

from sandbox_ledger.problems import Refusal, describe
from sandbox_ledger.wire import OWN_IDS, Batch, LookupRequest, Operation, Refused

_OPERATION: Final = msgspec.json.Decoder(Operation)
_BATCH: Final = msgspec.json.Decoder(Batch)
_LOOKUP: Final = msgspec.json.Decoder(LookupRequest)
# Litestar's own decoding lets the last of these through as a 500: bodies are decoded here.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FAILED_LEG: Final = re.compile(r"\$\.legs\[(\d+)\]")


class _Named(msgspec.Struct, frozen=True):
    id: str


_NAMED: Final = msgspec.json.Decoder(_Named)


def read(body: bytes | msgspec.Raw) -> Operation:
    """The operation in `body`; raises `Refusal`, which names the leg at fault if it is a leg's."""
    try:
        operation = _OPERATION.decode(body)
    except _UNREADABLE as error:
        found = _FAILED_LEG.search(str(error))
        leg = int(found.group(1)) if found else None
        raise Refusal(describe("invalid", str(error), failed_leg=leg)) from error
    if operation.id.startswith(OWN_IDS):
        raise Refusal(describe("invalid", f"Ids that begin with {OWN_IDS} are the ledger's own."))
    for index, each in enumerate(operation.legs):
        if each.debit == each.credit:
            raise Refusal(describe("same_account", f"Both are {each.debit}.", failed_leg=index))
    return operation


def read_batch(body: bytes) -> list[Operation | Refused]:
    """Every item's operation, or its refusal; raises `Refusal` when it is no batch at all."""
    try:
        batch = _BATCH.decode(body)
    except _UNREADABLE as error:
        raise Refusal(describe("invalid", str(error))) from error
    return [_read_or_refuse(raw) for raw in batch.operations]


def read_ids(body: bytes) -> list[str]:
    """The ids to look up; raises `Refusal`."""
    try:
        return _LOOKUP.decode(body).ids
    except _UNREADABLE as error:
        raise Refusal(describe("invalid", str(error))) from error


def _read_or_refuse(raw: msgspec.Raw) -> Operation | Refused:
    try:
        return read(raw)
    except Refusal as refusal:
        return Refused(id=_id_of(raw), problem=refusal.problem)


def _id_of(raw: msgspec.Raw) -> str | None:
    try:
        return _NAMED.decode(raw).id
    except _UNREADABLE:
        return None
