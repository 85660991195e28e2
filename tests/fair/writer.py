"""Writes logs as the service does, out of what the service is told: secrets, ids, times, seeds."""

import json
from collections.abc import Sequence
from typing import Any

from game.fair.draw import Standing, chain, commit, draw_value, first_stock, scratch, spin
from game.fair.entries import Entry, PoolEntry, SeatEntry, decode, encode, leaf_hash
from game.fair.merkle import inclusion_proof, root
from game.fair.note import checkpoint_body, sign
from game.fair.receipt import Evidence, encode_receipt
from game.fair.rounds import QUICKNET_CHAIN, round_at
from game.fair.seats import seat_entropy
from game.fair.verify import Report, verify_log
from tests.fair.vectors import EARLY_MS, EARLY_ROUND, KEY, ORIGIN, SIGNATURES, VERIFIER

BEACON = {"chain": QUICKNET_CHAIN, "delay": 2}
SECRET = bytes(range(32))
TERMS: dict[str, Any] = {
    "t": EARLY_MS - 2000,
    "opens": EARLY_MS - 1000,
    "closes": EARLY_MS + 60_000,
    "price": 10,
    "rules": "ab" * 32,
    "seat_draws": 4,
}
WHEEL = {
    **TERMS,
    "game": "wheel",
    "pool": "wheel",
    "weight": 10,
    "rows": [{"id": "mug", "weight": 3, "stock": 2, "else": "nothing"}, {"id": "nothing", "weight": 7}],
}
URN = {
    **TERMS,
    "game": "scratch",
    "pool": "urn",
    "tickets": 3,
    "rows": [{"id": "gold", "count": 1}, {"id": "nothing", "count": 2}],
}


def entry_of(fields: dict[str, Any]) -> Entry:
    """The entry with these fields."""
    return decode(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


class LogWriter:
    """One log in memory."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.entries: list[Entry] = []
        self._pools: dict[int, WrittenPool] = {}
        self._seats: dict[int, WrittenSeat] = {}
        self._signatures: dict[int, bytes] = {}

    def put(self, k: str, /, **fields: Any) -> int:
        """Append any entry; returns its index."""
        index = len(self.lines)
        self.entries.append(entry_of({**fields, "i": index, "k": k}))
        self.lines.append(encode(self.entries[-1]))
        return index

    def pool(self, secret: bytes = SECRET, **terms: Any) -> int:
        index = self.put("pool", v=1, commit=commit(secret).hex(), **terms)
        entry = self.entries[index]
        assert isinstance(entry, PoolEntry)
        standings = {} if entry.replaces is None else self._pools[entry.replaces].standings
        self._pools[index] = WrittenPool(entry, secret, leaf_hash(self.lines[index]), standings)
        return index

    def seat(
        self, pool: int, *, t: int = EARLY_MS, seat_id: str = "01" * 16, tag: str = "0a" * 16, seed: str
    ) -> int:
        written = self._pools[pool]
        values = chain(written.secret, bytes.fromhex(seat_id), written.entry.seat_draws)
        beacon = written.entry.beacon
        round_ = {} if beacon is None else {"round": round_at(t, beacon.delay)}
        fields = {"id": seat_id, "tag": tag, "seed": seed, "anchor": values[0].hex(), **round_}
        index = self.put("seat", t=t, pool=pool, pool_hash=written.hash.hex(), **fields)
        entry = self.entries[index]
        assert isinstance(entry, SeatEntry)
        self._seats[index] = WrittenSeat(entry, leaf_hash(self.lines[index]), values)
        return index

    def beacon(self, *, t: int = EARLY_MS + 6100, round_: int = EARLY_ROUND) -> int:
        self._signatures[round_] = SIGNATURES[round_]
        return self.put("beacon", t=t, chain=QUICKNET_CHAIN, round=round_, sig=SIGNATURES[round_].hex())

    def draw(self, seat: int, *, t: int = EARLY_MS + 7000) -> int:
        taking = self._seats[seat]
        pool = self._pools[taking.entry.pool]
        n = taking.taken + 1
        row = pool.pay(taking.entry.tag, self.x(seat, n))
        taking.taken = n
        return self.put("draw", t=t, seat=seat, n=n, a=taking.values[n].hex(), row=row)

    def use_secret(self, pool: int, secret: bytes) -> None:
        """What a dishonest operator does: seats, or the close, of another secret than the commit's."""
        self._pools[pool].secret = secret

    def live(self, seats: Sequence[int]) -> list[int]:
        """Those of these seats that may draw now: with a draw left, a sealed one only in its turn."""
        left = [seat for seat in seats if self._seats[seat].taken < self._draws_of(seat)]
        sealed = [seat for seat in left if self._sealed(seat)]
        return [seat for seat in left if seat not in sealed[1:]]

    def _draws_of(self, seat: int) -> int:
        return self._pools[self._seats[seat].entry.pool].entry.seat_draws

    def _sealed(self, seat: int) -> bool:
        return self._pools[self._seats[seat].entry.pool].entry.sealed

    def x(self, seat: int, n: int) -> int:
        """X of a seat's n-th draw."""
        taking = self._seats[seat]
        signature = None if taking.entry.round is None else self._signatures[taking.entry.round]
        return draw_value(taking.values[n], seat_entropy(taking.entry, taking.leaf_hash, signature), n)

    def value(self, seat: int, n: int) -> str:
        """The chain value that a seat's n-th draw reveals."""
        return self._seats[seat].values[n].hex()

    def close(self, pool: int, *, t: int = TERMS["closes"]) -> int:
        written = self._pools[pool]
        return self.put("close", t=t, pool=pool, secret=written.secret.hex(), draws=written.draws)

    def notice(self, pool: int, *, t: int, kind: str = "incident", sha256: str = "cd" * 32) -> int:
        return self.put("notice", t=t, pool=pool, kind=kind, sha256=sha256)

    def evidence(self, index: int) -> Evidence:
        """An entry with its receipt against the log as it is."""
        return evidence(self.lines, index)

    def verified(self) -> Report:
        return verified(self.lines)


class WrittenPool:
    def __init__(self, entry: PoolEntry, secret: bytes, hash_: bytes, standings: dict[str, Standing]) -> None:
        self.entry, self.secret, self.hash, self.standings = entry, secret, hash_, standings
        self.left = first_stock(entry)
        self.draws = 0

    def pay(self, tag: str, x: int) -> str:
        """Take what the next draw pays out of the stock; returns the row's id."""
        standing = self.standings.get(tag, Standing.fresh(len(self.left)))
        wheel = self.entry.game == "wheel"
        row = spin(self.entry, self.left, standing, x).row if wheel else self.scratched(x)
        self.standings[tag] = standing.after(row)
        left = self.left[row]
        self.left[row] = None if left is None else left - 1
        self.draws += 1
        return self.entry.rows[row].id

    def scratched(self, x: int) -> int:
        return scratch([count for count in self.left if count is not None], x).row


class WrittenSeat:
    def __init__(self, entry: SeatEntry, hash_: bytes, values: tuple[bytes, ...]) -> None:
        self.entry, self.leaf_hash, self.values = entry, hash_, values
        self.taken = 0


def checkpoint_of(lines: Sequence[bytes]) -> bytes:
    """A genuine checkpoint over these lines."""
    body = checkpoint_body(ORIGIN, len(lines), root([leaf_hash(line) for line in lines]))
    return sign(body, ORIGIN, KEY)


def evidence(lines: Sequence[bytes], index: int) -> Evidence:
    """One of these lines with its receipt."""
    path = inclusion_proof([leaf_hash(line) for line in lines], index)
    return Evidence(lines[index], encode_receipt(index, path, checkpoint_of(lines)))


def verified(lines: Sequence[bytes]) -> Report:
    """What the auditor says of these lines, signed as they are."""
    return verify_log(lines, checkpoint_of(lines), VERIFIER)
