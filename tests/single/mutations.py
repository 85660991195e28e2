"""Logs that are bent at random, and signed again with the genuine key: only the protocol's rules can tell."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from game.fair.entries import leaf_hash
from game.fair.merkle import fold, push
from game.fair.note import checkpoint_body, sign
from tests.fair import vectors

REFERENCES = ("pool", "seat", "replaces")
NEAR = 40
DAY_MS = 86_400_000
INTEGERS = (0, 1, 2, 255, 256, 2**32, 2**53 - 1, 2**53)

Lines = list[bytes]


class Mutation(NamedTuple):
    """What was done, in words that say of what kind of entry and field, and the log that came of it."""

    what: str
    lines: Lines


def checkpoint(lines: Sequence[bytes]) -> bytes:
    """The checkpoint of these lines under the vectors' key."""
    frontier: list[bytes] = []
    for size, line in enumerate(lines):
        push(frontier, size, (0, leaf_hash(line)))
    return sign(checkpoint_body(vectors.ORIGIN, len(lines), fold(frontier)), vectors.ORIGIN, vectors.KEY)


def mutate(random: Random, lines: Sequence[bytes]) -> Mutation:
    """One change at random; the log has at least two entries."""
    return random.choice(MUTATORS)(random, list(lines))


def flip(random: Random, lines: Lines) -> Mutation:
    """One bit of one entry."""
    at = random.randrange(len(lines))
    raw = bytearray(lines[at])
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return Mutation(_difference(lines[at], bytes(raw)), [*lines[:at], bytes(raw), *lines[at + 1 :]])


def respace(random: Random, lines: Lines) -> Mutation:
    """The same entry in another form."""
    at = random.randrange(len(lines))
    entry = json.loads(lines[at])
    forms: list[Callable[[], str]] = [
        lambda: json.dumps(entry),
        lambda: json.dumps(dict(reversed(entry.items())), separators=(",", ":")),
        lambda: lines[at].decode().replace('"', '"\\u0020', 1),
        lambda: lines[at].decode() + " ",
        lambda: '{"k":"notice",' + lines[at].decode()[1:],
    ]
    return Mutation("respace", [*lines[:at], random.choice(forms)().encode(), *lines[at + 1 :]])


def drop(random: Random, lines: Lines) -> Mutation:
    """One entry; what follows may be numbered anew."""
    at = random.randrange(len(lines) - 1)
    order = [*range(at), *range(at + 1, len(lines))]
    return _ordered(random, f"drop {kind(lines[at])}", lines, order)


def cut(random: Random, lines: Lines) -> Mutation:
    """The last entries."""
    return Mutation("cut", lines[: -random.randint(1, len(lines) - 1)])


def swap(random: Random, lines: Lines) -> Mutation:
    """Two neighbours; they may be numbered anew, and keep each other's time or not."""
    at = random.randrange(len(lines) - 1)
    order = [*range(at), at + 1, at, *range(at + 2, len(lines))]
    kinds = "/".join(sorted((kind(lines[at]), kind(lines[at + 1]))))
    return _ordered(random, f"swap {kinds}", lines, order)


def move(random: Random, lines: Lines) -> Mutation:
    """One entry to somewhere near."""
    at = random.randrange(len(lines))
    order = [*range(at), *range(at + 1, len(lines))]
    order.insert(random.randint(max(0, at - NEAR), min(len(order), at + NEAR)), at)
    return _ordered(random, f"move {kind(lines[at])}", lines, order)


def duplicate(random: Random, lines: Lines) -> Mutation:
    """One entry stands twice."""
    at = random.randrange(len(lines))
    to = random.choice((at, at, random.randint(at, len(lines))))
    return _ordered(random, f"duplicate {kind(lines[at])}", lines, [*range(to), at, *range(to, len(lines))])


def change(random: Random, lines: Lines) -> Mutation:
    """One field of one entry becomes another value, one of its type most times."""
    at = random.randrange(len(lines))
    entry = json.loads(lines[at])
    holder, name = random.choice(_fields(entry))
    holder[name] = _other(random, holder[name])
    what = f"change {name} of {entry['k'] if isinstance(entry['k'], str) else '?'}"
    return Mutation(what, [*lines[:at], encode(entry), *lines[at + 1 :]])


def shift(random: Random, lines: Lines) -> Mutation:
    """The time of one entry, by a little."""
    at = random.randrange(len(lines))
    entry = json.loads(lines[at])
    entry["t"] += random.choice((-1, 1)) * random.choice((1, 10, 1_000, 3_000, DAY_MS))
    return Mutation(f"change t of {entry['k']}", [*lines[:at], encode(entry), *lines[at + 1 :]])


def rename(random: Random, lines: Lines) -> Mutation:
    """A value is replaced wherever it stands."""
    entry = json.loads(random.choice(lines))
    names = [
        name for name in ("tag", "id", "anchor", "commit", "pool_hash", "seed", "rules") if name in entry
    ]
    if not names:
        return change(random, lines)
    name = random.choice(names)
    old, new = entry[name], _other(random, entry[name])
    return Mutation(
        f"rename {name}", [line.replace(f'"{old}"'.encode(), f'"{new}"'.encode()) for line in lines]
    )


MUTATORS = (
    flip,
    flip,
    respace,
    drop,
    drop,
    cut,
    swap,
    swap,
    move,
    duplicate,
    change,
    change,
    change,
    shift,
    rename,
)


def kind(line: bytes) -> str:
    """The kind of an entry."""
    return str(json.loads(line)["k"])


def encode(entry: Any) -> bytes:
    """The canonical bytes of what may be no entry."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()


def _difference(old: bytes, new: bytes) -> str:
    before = json.loads(old)
    try:
        after = dict(json.loads(new))
    except (ValueError, TypeError):
        return f"spoil a {before['k']}"
    names = [name for name in before if before[name] != after.get(name)]
    return f"change {' '.join(names)} of {before['k']}"


def _ordered(random: Random, what: str, lines: Lines, order: Sequence[int]) -> Mutation:
    """The lines in another order: as they are, numbered anew, or with times and hashes mended as well."""
    depth = random.randrange(4)
    if depth == 0:
        return Mutation(what, [lines[at] for at in order])
    return Mutation(f"{what}, mended", _mended(lines, order, times=depth > 1, hashes=depth > 2))


def _mended(lines: Lines, order: Sequence[int], *, times: bool, hashes: bool) -> Lines:
    places = {at: index for index, at in reversed(list(enumerate(order)))}
    entries = [json.loads(lines[at]) for at in order]
    leaves: dict[str, str] = {}
    done: Lines = []
    for index, entry in enumerate(entries):
        entry["i"] = index
        entry.update(
            {name: places.get(entry[name], entry[name]) for name in REFERENCES if _refers(entry, name)}
        )
        if times and index:
            entry["t"] = max(entry["t"], entries[index - 1]["t"])
        if hashes and "pool_hash" in entry:
            entry["pool_hash"] = leaves.get(entry["pool_hash"], entry["pool_hash"])
        done.append(encode(entry))
        leaves.setdefault(leaf_hash(lines[order[index]]).hex(), leaf_hash(done[-1]).hex())
    return done


def _refers(entry: dict[str, Any], name: str) -> bool:
    return isinstance(entry.get(name), int)


def _fields(part: Any) -> list[tuple[Any, Any]]:
    """Every place of an entry that holds a value, as its holder and its name or index."""
    found: list[tuple[Any, Any]] = []
    for name, value in part.items() if isinstance(part, dict) else enumerate(part):
        found += [(part, name)] if not isinstance(value, dict | list) else _fields(value)
    return found


def _other(random: Random, value: Any) -> Any:
    if random.random() < 0.1:
        return random.choice((None, True, -1, 0.5, "", [], {}, 2**53))
    if isinstance(value, int):
        return random.choice((value + 1, max(0, value - 1), value * 2, *INTEGERS))
    digits = list(value) or [""]
    at = random.randrange(len(digits))
    digits[at] = random.choice([digit for digit in "0123456789abcdef" if digit != digits[at]])
    return "".join(digits)
