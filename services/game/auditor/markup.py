"""Elements of HTML. Whatever is not an element already is escaped: words of a log are nobody's markup."""

import html
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from game.auditor.plain import plain

Cell: TypeAlias = str | int | float


def text(words: object) -> str:
    """Words within an element, with what would hide or turn text around spelt out. Lines stay lines."""
    return html.escape("\n".join(plain(line) for line in str(words).split("\n")))


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, words: bool = False) -> str:
    """A table that scrolls on its own where it is too wide. With `words` all columns are to the left."""
    body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
    kind = ' class="words"' if words else ""
    head = f"<caption>{text(caption)}</caption><thead><tr>{_cells('th', heads)}</tr></thead>"
    region = f'class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"'
    return f"<div {region}><table{kind}>{head}<tbody>{body}</tbody></table></div>"


def _cells(tag: str, cells: Sequence[Cell]) -> str:
    return "".join(f"<{tag}>{text(_shown(cell))}</{tag}>" for cell in cells)


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def percent(share: float) -> str:
    """A share in percent, to four digits."""
    return f"{100 * share:.4g} %"


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and what they stand for."""
    return f"<dl>{''.join(f'<dt>{text(name)}</dt><dd>{text(value)}</dd>' for name, value in pairs)}</dl>"


def listed(kind: str, items: Iterable[str]) -> str:
    """Statements of one kind (a class of the style sheet), none left out."""
    return "".join(f'<li class="{kind}">{text(item)}</li>' for item in items)


def figure(drawing: str, caption: str) -> str:
    """A drawing, which is an element already, and what it shows."""
    return f"<figure><figcaption>{text(caption)}</figcaption>{drawing}</figure>"
