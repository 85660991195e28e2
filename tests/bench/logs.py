"""Logs of any length, written fast to a file: one pool, groups of seats whose draws take turns."""

from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path
from typing import Any

from game.fair.draw import Standing, chain, commit, draw_digest, entropy_with_seed, first_stock, scratch, spin
from game.fair.entries import PoolEntry, encode, leaf_hash
from game.fair.merkle import fold, push
from game.fair.note import checkpoint_body, sign
from tests.fair.vectors import EARLY_MS, KEY, ORIGIN
from tests.fair.writer import SECRET, TERMS, entry_of

PLAYERS = 1000
SEATS_AT_ONCE = 50
_ROWS = [f"row-{at}" for at in range(9)]
POOLS: dict[str, dict[str, Any]] = {
    "wheel": {
        "game": "wheel",
        "weight": 1000,
        "rows": [*({"id": row, "weight": 10} for row in _ROWS), {"id": "nothing", "weight": 910}],
    },
    "stock": {
        "game": "wheel",
        "weight": 1000,
        "rows": [
            *({"id": row, "weight": 10, "stock": 200, "limit": 3, "else": "nothing"} for row in _ROWS),
            {"id": "nothing", "weight": 910},
        ],
        "guarantee": {"draws": 60, "rows": 4},
    },
    "urn": {
        "game": "scratch",
        "tickets": 2**32,
        "rows": [
            *({"id": row, "count": 2**20} for row in _ROWS),
            {"id": "nothing", "count": 2**32 - 9 * 2**20},
        ],
    },
}
_DRAW = b'{"a":"%s","i":%d,"k":"draw","n":%d,"row":"%s","seat":%d,"t":%d}'
_SEAT = b'{"anchor":"%s","i":%d,"id":"%s","k":"seat","pool":0,"pool_hash":"%s","seed":"%s","t":%d,"tag":"%s"}'
T_MS = EARLY_MS


def write_log(kind: str, folder: Path, *, draws: int, seat_draws: int) -> tuple[Path, bytes]:
    """A file with at least so many draws, one entry a line, and its checkpoint."""
    path = folder / f"{kind}-{draws}-{seat_draws}.jsonl"
    with path.open("wb") as file:
        written = _Written(kind, seat_draws, file)
        while written.draws < draws:
            written.group()
    body = checkpoint_body(ORIGIN, written.size, fold(written.frontier))
    return path, sign(body, ORIGIN, KEY)


class _Written:
    def __init__(self, kind: str, seat_draws: int, file: BufferedWriter) -> None:
        fields = {**TERMS, **POOLS[kind], "seat_draws": seat_draws, "pool": kind, "v": 1, "i": 0, "k": "pool"}
        entry = entry_of({**fields, "commit": commit(SECRET).hex()})
        assert isinstance(entry, PoolEntry)
        self._pool, self._file = entry, file
        self._left = first_stock(entry)
        self._standings = [Standing.fresh(len(entry.rows))] * PLAYERS
        self._hash = leaf_hash(encode(entry))
        self.size, self.draws, self.frontier = 0, 0, list[bytes]()
        self._seats = 0
        self._put(encode(entry))

    def _put(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self.size = push(self.frontier, self.size, (0, leaf_hash(line)))

    def group(self) -> None:
        """Some seats, and all their draws in turns."""
        seats = [self._seat() for _ in range(SEATS_AT_ONCE)]
        for n in range(1, self._pool.seat_draws + 1):
            for index, player, values, entropy in seats:
                row = self._pay(player, int.from_bytes(draw_digest(values[n], entropy, n), "big"))
                id_ = self._pool.rows[row].id.encode()
                self._put(_DRAW % (values[n].hex().encode(), self.size, n, id_, index, T_MS))
        self.draws += len(seats) * self._pool.seat_draws

    def _seat(self) -> tuple[int, int, tuple[bytes, ...], bytes]:
        index, player, seat_id = self.size, self._seats % PLAYERS, self._seats.to_bytes(16, "big")
        self._seats += 1
        values, seed = chain(SECRET, seat_id, self._pool.seat_draws), b"\x5e" * 16
        words = [values[0], seat_id, self._hash, seed, player.to_bytes(16, "big")]
        anchor, id_, pool_hash, seed_hex, tag = (word.hex().encode() for word in words)
        self._put(_SEAT % (anchor, index, id_, pool_hash, seed_hex, T_MS, tag))
        return index, player, values, entropy_with_seed(self._hash, values[0], seed)

    def _pay(self, player: int, x: int) -> int:
        wheel, standing = self._pool.game == "wheel", self._standings[player]
        row = spin(self._pool, self._left, standing, x).row if wheel else scratch(list(self._counts()), x).row
        self._standings[player] = standing.after(row) if wheel else standing
        left = self._left[row]
        self._left[row] = None if left is None else left - 1
        return row

    def _counts(self) -> Iterator[int]:
        return (count or 0 for count in self._left)
