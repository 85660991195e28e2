#!/usr/bin/env python3
"""Check a Playfair draw log alone: this file, Python's standard library, and the page "fairdraw/1" beside it.

    python3 verify.py --url LOG --key FILE
    python3 verify.py --log FILE --checkpoint FILE --key FILE [--older FILE ...]
    python3 verify.py --receipt FILE --entry FILE --key FILE

LOG is a log's address (.../v1/campaigns/ID/log); a log file has one raw entry per line; the key file has the
line `name+id+key` that you noted down earlier, from somewhere else. Exit status: 0 all is as it must be, 1 it
is not, 2 wrong usage, 3 something could not be read. Section numbers are fairdraw's, check numbers those of
its section 9. Not checked here: the beacon's BLS signatures (`playfair verify` does).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import math
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS_S, PERIOD_S, DAY_MS, MAX_TOTAL, MAX_ENTRY = 1692803367, 3, 86_400_000, 2**32, 65_535
MAX_NOTE, BUNDLE, TIMEOUT_S, ALARM = 65_536, 256, 30, 1e-6
Entry = dict[str, Any]  # a decoded JSON object


class Bad(Exception):
    """What is wrong: the number of the check, the entry at which it shows (None: the log), and words."""

    def __init__(self, check: int, says: str, entry: int | None = None) -> None:
        super().__init__(check, says, entry)
        self.check, self.says, self.entry = check, says, entry


def need(holds: object, check: int, says: str) -> None:
    """Refuse what does not hold."""
    if not holds:
        raise Bad(check, says)


# --- 1. Notation


def H(data: bytes) -> bytes:  # noqa: N802
    """SHA-256."""
    return hashlib.sha256(data).digest()


def tag(word: str) -> bytes:
    """Keeps the hashes of different things apart."""
    return b"fairdraw/1 " + word.encode() + b"\n"


# --- 2. Entries: the grammar. A field with ? may be absent.

KINDS = {
    "pool": "v:one pool:text game:game rows:rows weight?:int tickets?:int price:int seat_draws:int opens:int "
    "closes:int commit:hex32 rules:hex32 beacon?:beacon guarantee?:guarantee replaces?:int",
    "seat": "pool:int pool_hash:hex32 tag:hex16 seed:seed id:hex16 anchor:hex32 round?:int",
    "beacon": "chain:hex32 round:int sig:hex48",
    "draw": "seat:int n:int a:hex32 row:text",
    "close": "pool:int secret:hex32 draws:int",
    "notice": "pool:int kind:notice sha256:hex32",
}
WHEEL_ROW, URN_ROW = "id:text weight:int stock?:int limit?:int from?:int else?:text", "id:text count:int"
PARTS = {"beacon": "chain:hex32 delay:int", "guarantee": "draws:int rows:int"}
WORDS = {"game": ("wheel", "scratch"), "notice": ("amendment", "incident", "compensation")}
PATTERNS = {"text": r"[ !#-\[\]-~]*", "seed": "([0-9a-f]{2}){0,32}"}
PATTERNS.update({f"hex{n}": f"[0-9a-f]{{{2 * n}}}" for n in (16, 32, 48)})


def parse(data: bytes) -> Entry:
    """The entry that these bytes are: exactly the fields of its kind, in the one canonical form."""
    need(len(data) <= MAX_ENTRY, 2, "longer than an entry may be")
    try:
        entry = json.loads(data.decode("ascii"))
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise Bad(2, "no JSON in ASCII") from None
    kind = entry.get("k") if isinstance(entry, dict) else None
    need(isinstance(kind, str) and kind in KINDS, 2, "unknown kind")
    rest = {name: value for name, value in entry.items() if name != "k"}
    need(fits(rest, "i:int t:int " + KINDS[str(kind)]), 2, f"not the fields of a {kind} entry")
    if kind == "pool":
        wheel = entry["game"] == "wheel"
        need(("weight" in entry) == wheel and ("tickets" in entry) != wheel, 2, "weight or tickets")
        need(all(fits(row, WHEEL_ROW if wheel else URN_ROW) for row in entry["rows"]), 2, "fields of a row")
    need(canonical == data, 2, "not canonical")
    return dict(entry)


def fits(value: object, shape: str) -> bool:
    """Whether this is an object of just these fields."""
    if not isinstance(value, dict):
        return False
    fields = dict(field.split(":") for field in shape.split())
    names = {name.rstrip("?") for name in fields}
    required = {name for name in fields if not name.endswith("?")}
    types = {name.rstrip("?"): kind for name, kind in fields.items()}
    return required <= set(value) <= names and all(is_a(types[name], part) for name, part in value.items())


def is_a(kind: str, value: Any) -> bool:
    """Whether a field's value is one of its kind."""
    if kind in ("int", "one"):
        return type(value) is int and 0 <= value < 2**53 and (kind == "int" or value == 1)
    if kind == "rows":
        return isinstance(value, list)
    if kind in PARTS:
        return fits(value, PARTS[kind])
    if not isinstance(value, str):
        return False
    return value in WORDS[kind] if kind in WORDS else bool(re.fullmatch(PATTERNS[kind], value))


# --- 3. Pools


class Pool:
    """A prize table and what has become of it."""

    def __init__(self, entry: Entry, leaf: bytes, old: Pool | None) -> None:
        self.entry, self.hash, self.rows, self.ids = (
            entry,
            leaf,
            entry["rows"],
            [row["id"] for row in entry["rows"]],
        )
        self.wheel, self.L = entry["game"] == "wheel", entry["seat_draws"]
        self.weights = [row["weight" if self.wheel else "count"] for row in self.rows]
        self.left = [row.get("stock") if self.wheel else row["count"] for row in self.rows]
        self.sealed = self.L == 1 and "beacon" in entry
        self.players: dict[str, Player] = (
            {name: player.copy() for name, player in old.players.items()} if old else {}
        )
        self.seats: list[Seat] = []
        self.live: set[str] = set()  # players with a seat that is not used up
        self.waiting: list[int] = []  # sealed seats without their draw
        self.draws, self.closed, self.replaced = 0, False, False
        self.picked = {group: [0] * len(self.rows) for group in ("drawn", "next", "later")}


class Player:
    """A player's counts in a pool: draws made, how often each row was paid, and when last (the ordinal)."""

    def __init__(self, draws: int, paid: list[int], last: list[int]) -> None:
        self.draws, self.paid, self.last = draws, paid, last

    def copy(self) -> Player:
        """The same counts, for the pool that continues this one."""
        return Player(self.draws, list(self.paid), list(self.last))


class Seat:
    """A seat under replay: `revealed` is the value of its chain that is known, at first the anchor."""

    def __init__(self, entry: Entry, leaf: bytes, pool: Pool) -> None:
        self.entry, self.leaf, self.pool = entry, leaf, pool
        self.taken, self.revealed = 0, bytes.fromhex(entry["anchor"])


def check_table(pool: Entry) -> None:
    """A table on its own: times, sums, and an open row at the end."""
    rows, wheel, least = pool["rows"], pool["game"] == "wheel", 0 if "replaces" in pool else 1
    need(pool["t"] <= pool["opens"] < pool["closes"], 3, "opens, closes")
    need(1 <= pool["seat_draws"] <= 256, 3, "seat_draws")
    if "beacon" in pool:
        need(pool["beacon"]["chain"] == CHAIN and pool["beacon"]["delay"] >= 2, 4, "terms of the beacon")
    ids = [row["id"] for row in rows]
    need(ids and len(set(ids)) == len(ids), 3, "rows, each id once")
    total = sum(row["weight" if wheel else "count"] for row in rows)
    need(total == pool["weight" if wheel else "tickets"] <= MAX_TOTAL, 3, f"the rows sum to {total}")
    need(wheel or "guarantee" not in pool, 3, "an urn has no guarantee")
    need(total >= 1 if wheel else all(row["count"] >= least for row in rows), 3, "weights or counts")
    for index, row in enumerate(rows if wheel else []):
        bounds = [row.get("stock", 1) >= least, row.get("limit", 1) >= 1, row.get("from", 1) >= 1]
        need(all(bounds), 3, f"stock, limit or from of row {row['id']}")
        closes = any(name in row for name in ("stock", "limit", "from"))
        need(closes == ("else" in row), 3, f"else of row {row['id']}")
        need(
            "else" not in row or row["else"] in ids[index + 1 :],
            3,
            f"else of row {row['id']} is not a later row",
        )
    if "guarantee" in pool:
        draws, first = pool["guarantee"]["draws"], pool["guarantee"]["rows"]
        need(draws >= 2 and 1 <= first < len(rows), 3, "guarantee")
        need(sum(row["weight"] for row in rows[:first]) > 0, 3, "guarantee among rows of weight 0")


def check_replacement(old: Pool, new: Entry) -> None:
    """No player is worse off."""
    was, rows, left = old.entry, new["rows"], old.left
    need(not old.closed and not old.replaced, 3, "replacement of a closed or replaced pool")
    need(
        was["game"] == new["game"] and old.ids == [row["id"] for row in rows], 3, "replacement: game or rows"
    )
    need(new["price"] <= was["price"] and new["closes"] >= was["closes"], 3, "replacement: price or closes")
    need(new["opens"] <= max(new["t"], was["opens"]), 3, "replacement: opens later")
    kept = all(was.get(name) in (None, new.get(name)) for name in ("guarantee", "beacon"))
    need(kept, 3, "replacement: other guarantee or beacon")
    need(not old.sealed or (new["seat_draws"] == 1 and not old.waiting), 3, "replacement: sealed draws")
    if old.wheel:
        check_odds(old.weights, [row["weight"] for row in rows])
        check_odds(
            *(
                [r["weight"] for r in table[: was.get("guarantee", {}).get("rows", 0)]]
                for table in (old.rows, rows)
            )
        )
        for before, row, stock in list(zip(old.rows, rows, left))[:-1]:
            need(
                "stock" not in row or (stock is not None and row["stock"] >= stock),
                3,
                f"less stock of {row['id']}",
            )
            need(
                "limit" not in row or row["limit"] >= before.get("limit", math.inf),
                3,
                f"limit of {row['id']}",
            )
            need("from" not in row or row["from"] <= before.get("from", 0), 3, f"from of {row['id']}")
            need(row.get("else") in (None, before.get("else")), 3, f"else of {row['id']}")
    else:
        counts = [row["count"] for row in rows]
        need(all(now >= then for now, then in list(zip(counts, left))[:-1]), 3, "replacement: fewer tickets")
        check_odds(left, counts)


def check_odds(old: list[int], new: list[int]) -> None:
    """No row but the last has lower odds."""
    for before, now in list(zip(old, new))[:-1]:
        need(now * sum(old) >= before * sum(new), 3, "replacement: lower odds")


# --- 5. Seats


def chain(secret: bytes, seat_id: bytes, length: int) -> list[bytes]:
    """a_0, the anchor, to a_L."""
    values = [hmac.new(secret, tag("seat") + seat_id, hashlib.sha256).digest()]
    for _ in range(length):
        values.append(H(tag("link") + values[-1]))
    return values[::-1]


# --- 6. Draws


def draw_value(a: bytes, entropy: bytes, n: int) -> int:
    """X of a draw."""
    return int.from_bytes(H(tag("draw") + a + entropy + n.to_bytes(4, "big")), "big")


def pick(weights: list[int], x: int) -> int:
    """The row that X falls on."""
    r = x * sum(weights) >> 256
    for index, weight in enumerate(weights):
        if r < weight:
            return index
        r -= weight
    raise AssertionError("an empty table")


def spin(pool: Pool, player: Player, x: int) -> int:
    """The row of a wheel that is paid to the player."""
    terms = pool.entry.get("guarantee")
    weights = pool.weights
    if terms and player.draws - max(player.last[: terms["rows"]]) >= terms["draws"] - 1:
        weights = weights[: terms["rows"]]
    p = pick(weights, x)
    while "else" in pool.rows[p]:
        row = pool.rows[p]
        is_open = player.paid[p] < row.get("limit", math.inf) and player.draws + 1 >= row.get("from", 0)
        if is_open and pool.left[p] != 0:
            break
        p = pool.ids.index(row["else"])
    player.draws += 1
    player.paid[p] += 1
    player.last[p] = player.draws
    return p


# --- 8. Log: tree, checkpoint, receipt


def node(left: bytes, right: bytes) -> bytes:
    """An inner node of the tree (RFC 6962)."""
    return H(b"\x01" + left + right)


class Tree:
    """The roots of the complete subtrees, largest first, of all leaves so far."""

    def __init__(self) -> None:
        self.size, self.peaks = 0, []  # type: ignore[var-annotated]

    def push(self, leaf: bytes) -> None:
        """Append a leaf."""
        self.peaks.append(leaf)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.peaks.pop()
            self.peaks[-1] = node(self.peaks[-1], right)

    def root(self) -> bytes:
        """The hash of the whole tree."""
        root = self.peaks[-1] if self.peaks else H(b"")
        for peak in self.peaks[-2::-1]:
            root = node(peak, root)
        return bytes(root)


def root_of_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    at, last = index, size - 1
    for step in path:
        need(last > 0, 1, "the receipt's path is too long")
        if at & 1 or at == last:
            leaf = node(step, leaf)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        at, last = at >> 1, last >> 1
    need(last == 0, 1, "the receipt's path is too short")
    return leaf


def decode64(text: str) -> bytes:
    """Base64 in its one form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad(1, "not base64") from None
    need(base64.b64encode(raw).decode() == text, 1, "not base64")
    return raw


def open_checkpoint(note: bytes, vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key `name+id+base64(1 || key)` has signed."""
    name, key_id, key = ([*vkey.strip().split("+", 2), "", ""])[:3]
    raw = decode64(key)
    need(
        len(raw) == 33 and raw[0] == 1 and H(f"{name}\n".encode() + raw)[:4].hex() == key_id,
        1,
        "not a key of a log",
    )
    point = decompress(raw[1:])
    need(point and multiply(8, point)[0] % P, 1, "not a key of a log: anybody could sign for it")
    pattern = (
        rb"(.+\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\xe2\x80\x94 [^\s+]+ [A-Za-z0-9+/=]+\n)+)"
    )
    match = re.fullmatch(pattern, note) if len(note) <= MAX_NOTE else None
    if match is None:
        raise Bad(1, "not a checkpoint")
    need(match[1].startswith(name.encode() + b"\n"), 1, "the checkpoint is of another log")
    signatures = [line.split(" ") for line in match[4].decode(errors="replace")[:-1].split("\n")]
    ours = [decode64(line[2]) for line in signatures if line[1] == name]
    ours = [signature for signature in ours if signature[:4].hex() == key_id]
    signed = ours and all(ed25519_verify(raw[1:], match[1], signature[4:]) for signature in ours)
    need(signed, 1, "the checkpoint's signature")
    return int(match[2]), decode64(match[3].decode())


P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT_OF_MINUS_1 = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # X, Y, Z, T: extended coordinates of RFC 8032


def ed25519_verify(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether the signature holds (RFC 8032, section 5.1.7)."""
    A, R = decompress(key), decompress(signature[:32])  # noqa: N806
    s = int.from_bytes(signature[32:], "little")
    if A is None or R is None or len(signature) != 64 or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % Q
    left, right = multiply(s, BASE), add(R, multiply(h, A))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def decompress(data: bytes) -> Point | None:
    """The point that 32 bytes are; None for none."""
    y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7 if len(data) == 32 else 2
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * ROOT_OF_MINUS_1 % P
    if sign > 1 or y >= P or (x * x - x2) % P != 0 or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


def add(p: Point, q: Point) -> Point:
    """The sum of two points."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(n: int, p: Point) -> Point:
    """A multiple of a point."""
    total = (0, 1, 1, 0)
    while n:
        total, p, n = add(total, p) if n & 1 else total, add(p, p), n >> 1
    return total


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


def check_receipt(receipt: str, data: bytes, vkey: str) -> Entry:
    """The entry, which the receipt shows to stand in the log."""
    head, _, note = receipt.partition("\n\n")
    header, index, *path = [*head.split("\n"), ""] if "\n" not in head else head.split("\n")
    match = re.fullmatch("index (0|[1-9][0-9]{0,15})", index)
    need(header == "c2sp.org/tlog-proof@v1" and match and len(path) <= 53, 1, "not a receipt")
    size, root = open_checkpoint(note.encode(errors="replace"), vkey)
    at = int(index[6:])
    need(at < size, 1, "the receipt is for an entry beyond its checkpoint")
    steps = [decode64(line) for line in path]
    need(all(len(step) == 32 for step in steps), 1, "the receipt's path")
    need(root_of_path(H(b"\x00" + data), at, size, steps) == root, 1, "the receipt is not for this entry")
    entry = parse(data)
    need(entry["i"] == at, 2, f"the entry says index {entry['i']}")
    return entry


# --- 9. What the auditor checks


class Log:
    """A log under replay."""

    def __init__(self) -> None:
        self.size, self.t = 0, 0
        self.pools: dict[int, Pool] = {}
        self.seats: dict[int, Seat] = {}
        self.anchors: set[str] = set()
        self.beacons: dict[int, bytes] = {}
        self.warnings: list[str] = []

    def apply(self, data: bytes) -> None:
        """Take the next entry in."""
        entry = parse(data)
        need(entry["i"] == self.size, 2, f"index says {entry['i']}")
        need(entry["t"] >= self.t, 2, "time goes back")
        self.t = entry["t"]
        getattr(self, "apply_" + entry["k"])(entry, H(b"\x00" + data))
        self.size += 1

    def apply_pool(self, entry: Entry, leaf: bytes) -> None:
        """Sections 3 and 9.3."""
        check_table(entry)
        for name in ("pool", "commit"):
            need(all(entry[name] != pool.entry[name] for pool in self.pools.values()), 3, f"{name} twice")
        old = self.pools.get(entry["replaces"]) if "replaces" in entry else None
        need(old or "replaces" not in entry, 3, "replacement of what is no pool")
        if old:
            check_replacement(old, entry)
            old.replaced = True
        self.pools[entry["i"]] = Pool(entry, leaf, old)

    def apply_beacon(self, entry: Entry, _: bytes) -> None:
        """Section 4."""
        need(entry["chain"] == CHAIN, 4, "another beacon")
        need(entry["t"] >= (GENESIS_S + (entry["round"] - 1) * PERIOD_S) * 1000, 4, "beacon before its time")
        need(entry["round"] not in self.beacons, 4, "beacon twice")
        self.beacons[entry["round"]] = bytes.fromhex(entry["sig"])

    def apply_seat(self, entry: Entry, leaf: bytes) -> None:
        """Section 5."""
        pool = self.pool(entry["pool"])
        need(
            not pool.closed and not pool.replaced and entry["t"] < pool.entry["closes"],
            5,
            "seat in no open pool",
        )
        need(entry["pool_hash"] == pool.hash.hex(), 5, "pool_hash")
        beacon = pool.entry.get("beacon")
        now = (entry["t"] // 1000 - GENESIS_S) // PERIOD_S + 1
        need(entry.get("round") == (now + beacon["delay"] if beacon else None), 4, "round of the seat")
        need(beacon or len(entry["seed"]) >= 32, 5, "without a beacon the seed needs 16 bytes")
        need(entry["anchor"] not in self.anchors, 5, "anchor used twice")
        need(entry["tag"] not in pool.live, 5, "second live seat of a tag")
        pool.live.add(entry["tag"])
        self.anchors.add(entry["anchor"])
        self.seats[entry["i"]] = seat = Seat(entry, leaf, pool)
        pool.seats.append(seat)
        pool.waiting += [entry["i"]] if pool.sealed else []

    def pool(self, index: int) -> Pool:
        """The pool whose entry has this index."""
        need(index in self.pools, 5, "no such pool")
        return self.pools[index]

    def entropy(self, seat: Seat) -> bytes:
        """E: with a beacon of the seat and its value, else of the pool, the anchor and the seed."""
        entry = seat.entry
        if "round" in entry:
            need(entry["round"] in self.beacons, 4, f"beacon of round {entry['round']} is missing")
            return H(tag("join") + seat.leaf + H(self.beacons[entry["round"]]))
        pool_hash, anchor, seed = (bytes.fromhex(entry[name]) for name in ("pool_hash", "anchor", "seed"))
        return H(tag("join") + pool_hash + anchor + H(seed))

    def apply_draw(self, entry: Entry, _: bytes) -> None:
        """Section 6."""
        seat, n, a = self.seats.get(entry["seat"]), entry["n"], bytes.fromhex(entry["a"])
        if seat is None or seat.pool.closed:
            raise Bad(6, "no such seat in an open pool")
        pool = seat.pool
        need(not pool.replaced, 6, "draw in a replaced pool")
        need(n == seat.taken + 1 <= pool.L, 6, f"n is {n} after {seat.taken}")
        need(entry["t"] >= pool.entry["opens"], 6, "draw before the pool opens")
        need(H(tag("link") + a) == seat.revealed, 6, "broken chain")
        need(not pool.sealed or pool.waiting[0] == entry["seat"], 6, "sealed draws out of order")
        x = draw_value(a, self.entropy(seat), n)
        need(pool.wheel or sum(pool.left), 8, "draw from an empty urn")
        none = [0] * len(pool.rows)
        player = pool.players.setdefault(seat.entry["tag"], Player(0, list(none), list(none)))
        row = spin(pool, player, x) if pool.wheel else pick(pool.left, x)
        need(pool.ids[row] == entry["row"], 7, f"wrong row {entry['row']}, the replay says {pool.ids[row]}")
        pool.left[row] = None if pool.left[row] is None else pool.left[row] - 1
        pool.picked["drawn"][pick(pool.weights, x)] += 1
        seat.taken, seat.revealed, pool.draws, pool.waiting = (
            n,
            a,
            pool.draws + 1,
            pool.waiting[pool.sealed :],
        )
        pool.live -= {seat.entry["tag"]} if n == pool.L else set()

    def apply_notice(self, entry: Entry, _: bytes) -> None:
        """Of a pool, closed or not."""
        self.pool(entry["pool"])

    def apply_close(self, entry: Entry, _: bytes) -> None:
        """Section 7: the secret opens the commit and all anchors."""
        pool, secret = self.pool(entry["pool"]), bytes.fromhex(entry["secret"])
        need(not pool.closed, 9, "closed twice")
        sold_out = not pool.wheel and sum(pool.left) == 0
        need(entry["t"] >= pool.entry["closes"] or sold_out or pool.replaced, 9, "closed early")
        self.warn_if_late(pool, entry["t"])
        need(H(tag("pool") + secret).hex() == pool.entry["commit"], 9, "the secret does not open the commit")
        need(entry["draws"] == pool.draws, 8, f"{pool.draws} draws stand in the log")
        need(not pool.waiting, 9, "sealed seats without their draw")
        for seat in pool.seats:
            values = chain(secret, bytes.fromhex(seat.entry["id"]), pool.L)
            need(values[0].hex() == seat.entry["anchor"], 9, "an anchor is not derived from the secret")
            entropy = self.entropy(seat)
            for n in range(seat.taken + 1, pool.L + 1 if sum(pool.weights) else 0):
                group = "next" if n == seat.taken + 1 else "later"
                pool.picked[group][pick(pool.weights, draw_value(values[n], entropy, n))] += 1
        pool.closed = True

    def warn_if_late(self, pool: Pool, t: int) -> None:
        """A finding, not a proof."""
        if t > pool.entry["closes"] + DAY_MS:
            self.warnings.append(f"pool {pool.entry['pool']}: not closed within a day after its time")

    def finish(self) -> None:
        """Late pools, and rows that X picks far too often or too seldom (check 10; Chernoff's bound)."""
        for pool in self.pools.values():
            if not pool.closed:
                self.warn_if_late(pool, self.t)
            for group, picked in pool.picked.items():
                for row, count, weight in zip(pool.ids, picked, pool.weights):
                    draws, odds = sum(picked), weight / (sum(pool.weights) or 1)
                    if draws and math.exp(-draws * divergence(count / draws, odds)) < ALARM:
                        self.warnings.append(
                            f"pool {pool.entry['pool']}: row {row}: {count} of {draws} {group} draws"
                        )


def divergence(share: float, odds: float) -> float:
    """The relative entropy of two coins."""
    terms = ((share, odds), (1 - share, 1 - odds))
    return sum(0.0 if p == 0 else p * math.log(p / q) if q > 0 else math.inf for p, q in terms)


def verify(lines: Iterable[bytes], checkpoint: bytes, vkey: str, older: Iterable[bytes] = ()) -> Log:
    """Replay a log. Raises Bad if it is not the signed one, else for the first entry that breaks a rule."""
    size, root = open_checkpoint(checkpoint, vkey)
    promised = [(size, root), *(open_checkpoint(note, vkey) for note in older)]
    log, tree, bad = Log(), Tree(), None
    roots = {0: tree.root()}
    for line in lines:
        data = line[:-1] if line.endswith(b"\n") else line
        tree.push(H(b"\x00" + data))
        need(tree.size <= size, 1, "the log is longer than the checkpoint says")
        if any(tree.size == wanted for wanted, _ in promised):
            roots[tree.size] = tree.root()
        try:
            if bad is None:
                log.apply(data)
        except Bad as found:
            bad = Bad(found.check, found.says, log.size)
    need(tree.size == size and roots[size] == root, 1, "root or size differs from the checkpoint")
    need(
        all(roots.get(at) == old for at, old in promised),
        1,
        "REWRITTEN: an older checkpoint is no prefix of this log",
    )
    if bad is not None:
        raise bad
    log.finish()
    return log


# --- The command


class Here(urllib.request.HTTPRedirectHandler):
    """Whoever is asked answers: a log does not send its auditor to other addresses."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere."""


def read_url(url: str) -> bytes:
    """What stands at an address of the log."""
    if not re.match("https?://", url):
        raise OSError(f"not a web address: {url}")
    with urllib.request.build_opener(Here).open(url, timeout=TIMEOUT_S) as answer:
        return bytes(answer.read(BUNDLE * (MAX_ENTRY + 2)))


def entries_at(url: str, size: int) -> Iterator[bytes]:
    """The entries of the log from its bundles (C2SP tlog-tiles)."""
    for start in range(0, size, BUNDLE):
        digits = re.findall("...", f"{start // BUNDLE:015}")
        at = next(i for i, group in enumerate(digits) if group != "000" or i == 4)
        name = "/".join([*("x" + group for group in digits[at:-1]), digits[-1]])
        width = min(BUNDLE, size - start)
        data = read_url(f"{url}/tile/entries/{name}" + (f".p/{width}" if width < BUNDLE else ""))
        for _ in range(width):
            end = 2 + int.from_bytes(data[:2], "big")
            if len(data) < max(2, end):
                raise OSError("a bundle ends within an entry")
            yield data[2:end]
            data = data[end:]
        print(f"\r{start + width} of {size} entries", end="", file=sys.stderr)


def read(path: str) -> bytes:
    """A small file."""
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(MAX_ENTRY + MAX_NOTE)


def say(text: object, file: Any = None) -> None:
    """Print it, but no character that a terminal could take for a command: words may be a server's."""
    print(re.sub(r"[^ -~\n]", "?", str(text)), file=file)


def show(log: Log) -> None:
    """Findings first, then the pools."""
    say("\n".join([*(f"WARNING {warning}" for warning in log.warnings), f"OK {log.size} entries"]))
    for pool in log.pools.values():
        beacon = "a public beacon (BLS not checked here)" if "beacon" in pool.entry else "players' seeds"
        say(f"\npool {pool.entry['pool']}: {pool.draws} draws in {len(pool.seats)} seats, from {beacon}")
        say(
            ("  closed" if pool.closed else "  open")
            + "; X picked: draws taken / next untaken / later untaken"
        )
        for row, weight, *counts in zip(pool.ids, pool.weights, *pool.picked.values()):
            say(f"  {row:24} {weight}/{sum(pool.weights)}: " + " / ".join(map(str, counts)))


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    vkey = read(options.key).decode(errors="replace")
    older = [read(path) for path in options.older]
    if options.receipt:
        entry = check_receipt(
            read(options.receipt).decode(errors="replace"), read(options.entry).rstrip(b"\n"), vkey
        )
        say(f"OK entry {entry['i']}, a {entry['k']}, stands in the log")
    elif options.url:
        note = read_url(options.url + "/checkpoint")
        show(verify(entries_at(options.url, open_checkpoint(note, vkey)[0]), note, vkey, older))
    else:
        with open(options.log, "rb") as lines:  # noqa: PTH123
            show(
                verify(
                    iter(lambda: lines.readline(MAX_ENTRY + 2), b""), read(options.checkpoint), vkey, older
                )
            )


def main() -> NoReturn:
    """The exit status says the verdict."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("url", "log", "checkpoint", "receipt", "entry"):
        parser.add_argument("--" + name)
    parser.add_argument("--key", required=True)
    parser.add_argument("--older", action="append", default=[])
    options = parser.parse_args()
    given = {name for name, value in vars(options).items() if value and name != "key"}
    if given != {"receipt", "entry"} and given - {"older"} not in ({"url"}, {"log", "checkpoint"}):
        parser.error("say what to verify: --url, --log and --checkpoint, or --receipt and --entry")
    try:
        run(options)
    except Bad as bad:
        place = "" if bad.entry is None else f" at entry {bad.entry}"
        say(f"BAD check {bad.check}{place}: {bad.says}")
        sys.exit(1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        say(f"could not be read: {error}", file=sys.stderr)
        sys.exit(3)
    sys.exit(0)


if __name__ == "__main__":
    main()
