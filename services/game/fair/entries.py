"""Log entries: their structs, their one canonical form, their hash (docs/fairdraw.md, section 2)."""

import hashlib
import re
from typing import Annotated, Literal, cast

import msgspec

from game.fair.findings import Finding

MAX_ENTRY_BYTES = 65_535
MAX_INTEGER = 2**53 - 1

Natural = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Text = Annotated[str, msgspec.Meta(pattern=r"\A[ !#-\[\]-~]*\Z")]
Hex16 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Hex48 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{96}\Z")]
Seed = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2}){0,32}\Z")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Absent optional fields are None and are not written; a written null is not canonical."""


class _Row(_Part, frozen=True, kw_only=True):
    id: Text


class WheelRow(_Row, frozen=True, kw_only=True):
    """One row of a wheel. An absent `stock` or `limit` does not bound, an absent `from_` is open at once."""

    weight: Natural
    stock: Natural | None = None
    limit: Natural | None = None
    from_: Natural | None = msgspec.field(default=None, name="from")
    else_: Text | None = msgspec.field(default=None, name="else")


class UrnRow(_Row, frozen=True, kw_only=True):
    """One row of a scratch pool: `count` tickets of this kind lie in the urn."""

    count: Natural


class BeaconTerms(_Part, frozen=True, kw_only=True):
    """Which beacon a pool uses: its chain hash, and by how many rounds a seat looks ahead."""

    chain: Hex32
    delay: Natural


class Guarantee(_Part, frozen=True, kw_only=True):
    """At the latest every `draws`-th draw of a player is made among the first `rows` rows."""

    draws: Natural
    rows: Natural


class _Entry(_Part, frozen=True, kw_only=True, tag_field="k"):
    """Index in the log and time in milliseconds since the epoch: in every entry."""

    i: Natural
    t: Natural


class _PoolTerms(_Entry, frozen=True, kw_only=True):
    v: Literal[1]
    pool: Text
    game: Literal["wheel", "scratch"]
    weight: Natural | None = None
    tickets: Natural | None = None
    price: Natural
    seat_draws: Natural
    opens: Natural
    closes: Natural
    commit: Hex32
    rules: Hex32
    beacon: BeaconTerms | None = None
    guarantee: Guarantee | None = None
    replaces: Natural | None = None


class PoolEntry(_PoolTerms, frozen=True, kw_only=True, tag="pool"):
    """One immutable, published version of a prize table.

    `weight` stands for a wheel, `tickets` for scratch cards. `replaces` is the index of the pool's entry
    that this one continues.
    """

    rows: tuple[WheelRow, ...] | tuple[UrnRow, ...]

    @property
    def sealed(self) -> bool:
        """Whether its seats are logged before their beacon value exists, for one draw each."""
        return self.seat_draws == 1 and self.beacon is not None


class _LoggedPool(_PoolTerms, frozen=True, kw_only=True, tag="pool"):
    rows: msgspec.Raw


class SeatEntry(_Entry, frozen=True, kw_only=True, tag="seat"):
    """One player's place in the pool whose entry has index `pool`. `round` stands where that has a beacon."""

    pool: Natural
    pool_hash: Hex32
    tag: Hex16
    seed: Seed
    id: Hex16
    anchor: Hex32
    round: Natural | None = None


class BeaconEntry(_Entry, frozen=True, kw_only=True, tag="beacon"):
    """The beacon's signature of one round."""

    chain: Hex32
    round: Natural
    sig: Hex48


class DrawEntry(_Entry, frozen=True, kw_only=True, tag="draw"):
    """The `n`-th draw of the seat whose entry has index `seat`, and the id of the row that it paid."""

    seat: Natural
    n: Natural
    a: Hex32
    row: Text


class CloseEntry(_Entry, frozen=True, kw_only=True, tag="close"):
    """The pool's secret, revealed, and how many draws of it stand in the log."""

    pool: Natural
    secret: Hex32
    draws: Natural


class NoticeEntry(_Entry, frozen=True, kw_only=True, tag="notice"):
    """The digest of a published statement about a pool."""

    pool: Natural
    kind: Literal["amendment", "incident", "compensation"]
    sha256: Hex32


Entry = PoolEntry | SeatEntry | BeaconEntry | DrawEntry | CloseEntry | NoticeEntry

_Logged = _LoggedPool | SeatEntry | BeaconEntry | DrawEntry | CloseEntry | NoticeEntry

_encoder = msgspec.json.Encoder(order="sorted")
_decoder: msgspec.json.Decoder[_Logged] = msgspec.json.Decoder(_Logged)
_wheel_decoder = msgspec.json.Decoder(tuple[WheelRow, ...])
_urn_decoder = msgspec.json.Decoder(tuple[UrnRow, ...])


def encode(entry: Entry) -> bytes:
    """The entry's canonical bytes (RFC 8785). An entry outside of the grammar is a bug."""
    data = _encoder.encode(entry)
    assert _fault(data, entry) is None, _fault(data, entry)
    return data


def decode(data: bytes) -> Entry:
    """The entry that these bytes are. Raises a Finding (check 2) for anything outside of the grammar."""
    if len(data) > MAX_ENTRY_BYTES:
        raise Finding(2, f"an entry of {len(data)} bytes, more than {MAX_ENTRY_BYTES}")
    try:
        logged = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _grammar_finding(error, prefix="") from error
    entry = _pool_entry(logged) if isinstance(logged, _LoggedPool) else logged
    if _encoder.encode(entry) != data:
        raise Finding(2, "not canonical")
    return entry


def check_grammar(entry: Entry) -> None:
    """Raise a Finding (check 2) unless the entry, which someone typed in, can be logged as it is."""
    decode(_encoder.encode(entry))


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry's bytes as a leaf of the Merkle tree (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def wheel_rows(pool: PoolEntry) -> tuple[WheelRow, ...]:
    """The rows of a wheel."""
    assert pool.game == "wheel"
    return cast("tuple[WheelRow, ...]", pool.rows)


def urn_rows(pool: PoolEntry) -> tuple[UrnRow, ...]:
    """The rows of a scratch pool."""
    assert pool.game == "scratch"
    return cast("tuple[UrnRow, ...]", pool.rows)


def _fault(data: bytes, entry: Entry) -> str | None:
    try:
        return None if decode(data) == entry else "another entry"
    except Finding as finding:
        return finding.says


def _pool_entry(logged: _LoggedPool) -> PoolEntry:
    wheel = logged.game == "wheel"
    if (logged.weight is None) == wheel or (logged.tickets is None) != wheel:
        field = "weight" if wheel else "tickets"
        raise Finding(2, f"a {logged.game} pool has {field}, and only that", field=field)
    try:
        rows = _wheel_decoder.decode(logged.rows) if wheel else _urn_decoder.decode(logged.rows)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _grammar_finding(error, prefix="rows") from error
    terms = {name: getattr(logged, name) for name in logged.__struct_fields__}
    return PoolEntry(**{**terms, "rows": rows})


def _grammar_finding(error: Exception, *, prefix: str) -> Finding:
    said = str(error)
    path = re.search(r" - at `\$\.?([^`]*)`$", said)
    field = prefix + path[1] if path else prefix
    return Finding(2, said, field=field or None)
