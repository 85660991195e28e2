"""Figures of matplotlib as SVG within a page: the page's own colours, no links, the same bytes each time."""

import html
import re
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.figure import Figure

# Drawn in this colour, lines and words take the page's own, in light and in dark.
INK = "#0b0e13"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "playfair",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.transparent": True,
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_GROUP_ID = re.compile(r'<g id="[^"]*"')
# Words of a log stand between tags, never in one: matplotlib escapes them.
_TAG = re.compile(r"<[^<>]*>")


def styled() -> AbstractContextManager[None]:
    """The style in which figures are to be made and written."""
    return matplotlib.rc_context(_STYLE)


def inline(figure: Figure, *, alt: str) -> str:
    """The figure as an element of HTML, with words for who does not see it."""
    written = StringIO()
    with styled():
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    drawing = _GROUP_ID.sub("<g", written.getvalue().partition("<svg ")[2])
    drawing = _TAG.sub(lambda tag: tag[0].replace(INK, "currentColor"), drawing)
    return f'<svg role="img" aria-label="{html.escape(alt)}" {drawing}'
