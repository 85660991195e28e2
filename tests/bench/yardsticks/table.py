"""The game of the yardsticks: the demonstration's wheel, a play's body, and JSON as long as its answer."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec

from game import demo

_WHEEL: Final = demo.demonstrations()[0].pool
PRICE_POINTS: Final = _WHEEL.price_points
# A row's weight, and how many of it can be won; None: no end of them.
ROWS: Final = {row.id: (row.weight or 0, row.stock) for row in _WHEEL.rows}
WEIGHT: Final = sum(weight for weight, _ in ROWS.values())
LAST: Final = _WHEEL.rows[-1].id
# One row for each number below WEIGHT.
ODDS: Final = [row for row, (weight, _) in ROWS.items() for _ in range(weight)]

_HASH = "e8c44cedad8b529511d7a3d7e2ffe92e9bac56cb9ee3933b5711db9dff628d821"[:64]
_LINE = "6MRs7a2LUpTR16PiX+LpusVseuOTO1dxHduf2KHYI78=\n"
_NOTE = f"draws.magpie.example/fwqicch6ryzz\n3102\n{_LINE}\n\u2014 draws.magpie.example/fwqicch6ryzz "
_RECEIPT = f"c2sp.org/tlog-proof@v1\nindex 3101\n{6 * _LINE}\n{_NOTE}{2 * _LINE}"
_ENTRY = f'{{"a":"{_HASH}","i":3101,"k":"draw","n":31,"row":"thanks","seat":4,"t":1795850737067}}'
_NOW = datetime(2026, 11, 28, 7, 25, 37, 55_000, tzinfo=UTC)


class PlayIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A play's body: one draw, for points."""

    count: Annotated[int, msgspec.Meta(ge=1, le=1)]
    pay_with: Literal["points"]


class SeatOut(msgspec.Struct, frozen=True, kw_only=True):
    """As much as is told of a seat."""

    entry_index: int = 4
    id: str = _HASH[:32]
    tag: str = _HASH[32:]
    anchor: str = _HASH
    seed: str = _HASH[:32]
    draws: int = 256


class DrawOut(msgspec.Struct, frozen=True, kw_only=True):
    """As much as is told of a draw."""

    row: str
    ticket: int = 1
    entry_index: int = 3_101
    n: int = 31
    kind: str = "nothing"
    name: tuple[str, str] = ("谢谢参与", "Better luck next time")
    face: tuple[int, int, int] = (5, 6, 255_538)
    entry: str = _ENTRY
    leaf_hash: str = _HASH
    receipt: str = _RECEIPT


class PlayOut(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as long as a play's. Only the id and the row are true."""

    id: str
    draws: tuple[DrawOut]
    seat: SeatOut = SeatOut()
    campaign: str = "fwqicch6ryzz"
    pool: str = _WHEEL.pool_id
    game: str = _WHEEL.game
    state: str = "settled"
    count: int = 1
    pay_with: str = "points"
    price_points: int = PRICE_POINTS
    balance_points: int = 999_999_230
    accepted_at: datetime = _NOW
    finished_at: datetime = _NOW
    refusal: None = None
    pool_entry_index: int = 0
    log_size: int = 3_102


def told(play_id: str, row: str) -> PlayOut:
    """The answer of a play that was paid a row."""
    return PlayOut(id=play_id, draws=(DrawOut(row=row),))
