"""What can be said of a page of a log without what stands before it: hashes, links, the form of its draws.

A page costs most of its time here, and pages may be prepared in any order, by any process.
"""

import hashlib
import re
from collections.abc import Sequence

import msgspec
import numpy as np

from game.fair.draw import link
from game.fair.entries import MAX_ENTRY_BYTES, Natural, decode
from game.fair.findings import Finding
from game.fair.merkle import Subtree, subtrees
from game.fair.scaling import Integers

# Keys are sorted: no other entry starts like this.
DRAW_STARTS = b'{"a":"'
_TEXT = re.compile(r"[ !#-\[\]-~]*")


class Page(msgspec.Struct, frozen=True):
    """Lines that follow each other in a log, without their line feeds; `start` is the index of the first."""

    start: int
    lines: list[bytes]


class DrawColumns(msgspec.Struct, frozen=True):
    """The draws of a page in order. `row` is an index of `rows`, the ids that occur.

    `a` has 32 bytes of each, `before` the 32 bytes of the chain's value before it.
    """

    i: Integers
    t: Integers
    seat: Integers
    n: Integers
    row: Integers
    rows: list[str]
    a: bytes
    before: bytes


class Prepared(msgspec.Struct, frozen=True):
    """A page's complete subtrees, its draws, and the place and leaf hash of each other entry.

    Draws and others are those of the first `good` lines; the next one, if any, is outside of the grammar.
    """

    subtrees: list[Subtree]
    draws: DrawColumns
    others: list[tuple[int, bytes]]
    good: int


class _Draw(msgspec.Struct, tag_field="k", tag="draw", forbid_unknown_fields=True, gc=False):
    a: str
    i: Natural
    n: Natural
    row: str
    seat: Natural
    t: Natural


_decoder = msgspec.json.Decoder(_Draw)
_encoder = msgspec.json.Encoder(order="sorted")


def prepare(page: Page) -> Prepared:
    """Hash a page and read its draws."""
    lines = page.lines
    leaves = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
    others = [at for at, line in enumerate(lines) if not line.startswith(DRAW_STARTS)]
    draws, good = _read([line for line in lines if line.startswith(DRAW_STARTS)]), len(lines)
    if draws is None:
        good = next(at for at, line in enumerate(lines) if line.startswith(DRAW_STARTS) and _is_outside(line))
        draws = _read([line for line in lines[:good] if line.startswith(DRAW_STARTS)])
        assert draws is not None, "draws that can be read one by one can be read together"
    known = [(at, leaves[at]) for at in others if at < good]
    return Prepared(subtrees(page.start, leaves), draws, known, good)


def _is_outside(line: bytes) -> bool:
    try:
        decode(line)
    except Finding:
        return True
    return False


def _read(lines: Sequence[bytes]) -> DrawColumns | None:
    """The draws, None where one of them may be outside of the grammar.

    A line feed within a line would be one more line of the text that is written again.
    """
    text = b"\n".join(lines)
    try:
        draws = _decoder.decode_lines(text)
        chain = bytes.fromhex("".join([draw.a for draw in draws]))
    except (msgspec.MsgspecError, ValueError):
        return None
    codes: dict[str, int] = {}
    rows = np.array([codes.setdefault(draw.row, len(codes)) for draw in draws], dtype=np.int64)
    if not _is_canonical(lines, text, draws, codes, chain):
        return None
    values = [chain[at : at + 32] for at in range(0, len(chain), 32)]
    return DrawColumns(
        i=np.array([draw.i for draw in draws], dtype=np.int64),
        t=np.array([draw.t for draw in draws], dtype=np.int64),
        seat=np.array([draw.seat for draw in draws], dtype=np.int64),
        n=np.array([draw.n for draw in draws], dtype=np.int64),
        row=rows,
        rows=list(codes),
        a=chain,
        before=b"".join([link(value) for value in values]),
    )


def _is_canonical(
    lines: Sequence[bytes], text: bytes, draws: Sequence[_Draw], rows: dict[str, int], chain: bytes
) -> bool:
    return (
        len(draws) == len(lines)
        and _encoder.encode_lines(draws).removesuffix(b"\n") == text
        and max(map(len, lines), default=0) <= MAX_ENTRY_BYTES
        and all(len(draw.a) == 64 for draw in draws)
        and chain.hex() == "".join([draw.a for draw in draws])
        and all(_TEXT.fullmatch(row) for row in rows)
    )
