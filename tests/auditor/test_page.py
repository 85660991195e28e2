"""The report as a page."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest

from game.auditor import page as page_module
from game.auditor import page_pool, plots
from game.auditor.audits import Audit
from game.auditor.page import page
from game.auditor.statistics import PoolStatistics, Statistics
from game.auditor.testing import statistics_of
from game.fair.verify import Report
from tests.auditor.tallies import picks, pool_entry, tally_of

HOSTILE = "<script>alert('&amp;$x_1$')</script>"
LOG = Report(verdict="OK", check=None, entry=None, says=None, warnings=(), size=12_345, pools=())
WRONG = msgspec.structs.replace(LOG, verdict="BAD", check=7, entry=99, says="wrong row gold")


def statistics(pools: int = 1, *, row: str = "gold", picked: np.ndarray | None = None) -> Statistics:
    """The statistics of some pools with three rows, of which one has a stock."""
    rows = [
        {"id": row, "weight": 1, "stock": 500, "else": "nothing"},
        {"id": "never", "weight": 0},
        {"id": "nothing", "weight": 99},
    ]
    return statistics_of(
        [
            tally_of(
                2 * picks(number, 300, (0.01, 0.99)) if picked is None else picked,
                entry=pool_entry(pool=f"pool-{number}", i=number, rows=rows),
                untaken=np.array([2, 2, 0, 2]),
            )
            for number in range(pools)
        ]
    )


FAIR = statistics()
NONE = Statistics(pools=(), tests=0, warnings=(), notes=())


def audit(
    log: Report = LOG,
    *,
    findings: tuple[str, ...] = (),
    origin: str = "play.example/1",
    fit: Statistics = FAIR,
) -> Audit:
    """What some check came to."""
    return Audit(
        source="https://play.example/log",
        origin=origin,
        root="ab" * 32,
        checked_ms=1_700_000_000_000,
        log=log,
        findings=findings,
        notes=("beacon signatures were not verified",),
        statistics=fit,
    )


@pytest.fixture(scope="module")
def fair_page() -> str:
    """The page of an honest log with one pool."""
    return page([audit()])


class Balance(HTMLParser):
    """Fails on a tag that closes another one than the last, outside of drawings."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(html: str) -> Balance:
    """The page as a reader's program sees it."""
    balance = Balance()
    balance.feed(html)
    assert balance.open == []
    return balance


def test_the_page_is_whole_and_needs_nothing_else(fair_page: str) -> None:
    """Elements close, no script runs, nothing is fetched, and a policy says so."""
    assert not read(fair_page).tags & {"script", "link", "img", "iframe", "object"}
    assert "default-src 'none'" in fair_page
    assert not re.search(r'(?:src|href)="(?!#)', fair_page)
    assert "url(http" not in fair_page
    assert "@import" not in fair_page


def test_the_verdict_is_the_title_and_findings_come_first(fair_page: str) -> None:
    """Before any table."""
    assert "<title>OK: the log of play.example/1</title>" in fair_page
    assert fair_page.index("Every check of the protocol holds.") < fair_page.index("<table")
    bad = page([audit(WRONG, findings=("REWRITTEN: two signed roots",), fit=NONE)])
    assert "<title>BAD: the log of play.example/1</title>" in bad
    first = bad.index("play.example/1: check 7, entry 99: wrong row gold")
    assert first < bad.index("REWRITTEN: two signed roots") < bad.index("not verified") < bad.index("<dl")
    assert "Every check of the protocol holds." not in bad


def test_a_warning_is_told_and_is_no_proof() -> None:
    """The verdict stays, the warning stands before the notes."""
    fit = statistics(picked=np.repeat([0, 2], [200, 100]))
    html = page([audit(fit=msgspec.structs.replace(fit, pools=()))])
    assert "<title>OK" in html
    assert html.index("do not have the published odds; chance") < html.index("not verified")


def test_every_drawing_is_xml_with_words(fair_page: str) -> None:
    """Five of them: seats, drawn, over time, stock, untaken. In the page's own colours."""
    drawings = re.findall(r"<svg .*?</svg>", fair_page, re.DOTALL)
    assert len(drawings) == 5
    for drawing in drawings:
        root = ET.fromstring(drawing)
        assert (root.get("role"), bool(root.get("aria-label"))) == ("img", True)
        assert "currentColor" in drawing
    assert fair_page.count("<figcaption>") == 5
    assert fair_page.count("<caption>") == 2


def test_the_same_report_has_the_same_bytes(fair_page: str) -> None:
    """No date and no random id of the plots' own."""
    assert page([audit()]) == fair_page


def test_words_of_a_log_are_nobodys_markup() -> None:
    """In title, findings, tables and plots they stand as they are."""
    seen = read(page([audit(fit=statistics(row=HOSTILE), origin=HOSTILE, findings=("a <b>finding</b>",))]))
    assert not seen.tags & {"script", "b"}
    assert f"BAD: the log of {HOSTILE}" in seen.texts
    assert f"{HOSTILE}: a <b>finding</b>" in seen.texts
    assert seen.texts.count(HOSTILE) == 1
    assert sum(each.startswith(HOSTILE[:20]) and each.endswith("…") for each in seen.texts) >= 3


def test_words_of_a_server_cannot_turn_text_around() -> None:
    """A finding quotes what a service said: direction marks are spelt out, line ends stay."""
    html = page([audit(findings=("it told \u202eKO\nand more",), fit=NONE)])
    assert "it told \\u202eKO\nand more" in html


def test_a_pool_without_stock_has_no_plot_of_it() -> None:
    """An empty frame would say that nothing is left."""
    (pool,) = FAIR.pools
    rows = tuple(msgspec.structs.replace(row, stock=None) for row in pool.rows)
    assert plots.stock(msgspec.structs.replace(pool, rows=rows)) is None


def test_a_row_named_like_a_colour_keeps_its_name() -> None:
    """The ink of the plots is replaced in tags alone."""
    assert ">#0b0e13<" in plots.shares(statistics(row="#0b0e13").pools[0])


def test_many_logs_share_a_page() -> None:
    """The title counts those that are bad, and each finding names its log."""
    html = page([audit(fit=NONE), audit(WRONG, origin="play.example/2", fit=NONE)])
    assert "<title>BAD: 1 of 2 logs</title>" in html
    assert "play.example/2: check 7, entry 99: wrong row gold" in html
    assert "<title>OK: 2 logs</title>" in page([audit(fit=NONE), audit(fit=NONE)])


def test_the_page_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pools with most draws are plotted, more have tables, so many rows are listed; the page says so."""
    monkeypatch.setattr(page_module, "MAX_POOLS_PLOTTED", 1)
    monkeypatch.setattr(page_module, "MAX_POOLS_LISTED", 3)
    monkeypatch.setattr(page_pool, "MAX_ROWS_LISTED", 2)
    monkeypatch.setattr(plots, "MAX_ROWS", 2)
    others = statistics_of([tally_of(picks(number, 100), entry=pool_entry(i=number)) for number in (7, 8)])
    html = page([audit(fit=statistics(2)), audit(fit=others, origin="play.example/2")])
    assert html.count("<svg ") == 5
    assert html.count("<h3>") == 3
    assert html.count("Not plotted") == 2
    assert "The other pools are in the JSON report." in html
    assert "1 more rows are in the JSON report" in html


def test_a_pool_that_nobody_drew_in_is_shown() -> None:
    """Only seats that were abandoned; no plot over time, and nothing fails. Long names are cut in plots."""
    (pool,) = statistics(1, row="g" * 60).pools
    rows = tuple(msgspec.structs.replace(row, drawn=0, low=0.0, high=1.0) for row in pool.rows)
    empty: PoolStatistics = msgspec.structs.replace(pool, draws=0, windows=(), rows=rows)
    fit = msgspec.structs.replace(FAIR, pools=(empty,))
    html = page([audit(fit=fit)])
    assert html.count("<svg ") == 2
    assert "g" * 23 + "…" in html


def test_players_beyond_the_limit_are_told_of() -> None:
    """Their draws are in no test of players."""
    (pool,) = FAIR.pools
    left_out = msgspec.structs.replace(pool, draws_of_other_players=7)
    assert "7 draws of others are in no test of players" in page_pool.pool_section(left_out, plotted=False)
