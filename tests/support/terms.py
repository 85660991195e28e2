"""Terms of published pools, for rules that need no database."""

from collections.abc import Sequence
from datetime import date

from game.campaigns.rules import BadgeName, Game, PoolTerms, Prize, PrizeKind, Text
from game.fair.entries import PoolEntry, UrnRow, WheelRow

OPENS_MS = 1_790_000_000_000
CLOSES_MS = OPENS_MS + 86_400_000
BADGE = BadgeName(badge_id="tiger", name=Text(zh="虎", en="Tiger"))


def prize(ordinal: int, *, kind: PrizeKind = "points", row_id: str | None = None, amount: int = 1) -> Prize:
    """What a row pays; `nothing` pays 0 of it, a voucher comes from the batch `tea`, a badge is `tiger`."""
    return Prize(
        row_id=row_id or f"row-{ordinal}",
        ordinal=ordinal,
        kind=kind,
        amount=0 if kind == "nothing" else amount,
        voucher_batch="tea" if kind == "voucher" else None,
        badge=BADGE if kind == "badge" else None,
        name=Text(zh="奖品", en="Prize"),
        value_fen=100,
        value_source="price list",
        value_date=date(2026, 1, 1),
    )


def wheel_terms(rows: Sequence[WheelRow]) -> PoolTerms:
    """A wheel of these rows."""
    entry = _entry("wheel", tuple(rows), weight=sum(row.weight for row in rows), tickets=None)
    prizes = tuple(prize(ordinal, row_id=row.id) for ordinal, row in enumerate(rows))
    return _terms("wheel", entry, prizes)


def scratch_terms(kinds: Sequence[PrizeKind]) -> PoolTerms:
    """A scratch pool with one row, and one ticket, of each kind."""
    prizes = tuple(prize(ordinal, kind=kind) for ordinal, kind in enumerate(kinds))
    rows = tuple(UrnRow(id=prize.row_id, count=1) for prize in prizes)
    return _terms("scratch", _entry("scratch", rows, weight=None, tickets=len(rows)), prizes)


def _entry(
    game: Game,
    rows: tuple[WheelRow, ...] | tuple[UrnRow, ...],
    *,
    weight: int | None,
    tickets: int | None,
) -> PoolEntry:
    return PoolEntry(
        i=0,
        t=OPENS_MS,
        v=1,
        pool="main",
        game=game,
        rows=rows,
        weight=weight,
        tickets=tickets,
        price=10,
        seat_draws=1,
        opens=OPENS_MS,
        closes=CLOSES_MS,
        commit="00" * 32,
        rules="00" * 32,
    )


def _terms(game: Game, entry: PoolEntry, prizes: tuple[Prize, ...]) -> PoolTerms:
    return PoolTerms(
        campaign_id="campaign0001",
        brand_id="acme",
        pool_id="main",
        lineage_id="main",
        game=game,
        price_points=10,
        seat_draws=1,
        opens_ms=OPENS_MS,
        closes_ms=CLOSES_MS,
        time_zone="Asia/Shanghai",
        limit_per_day=None,
        limit_total=None,
        entry=entry,
        entry_index=0,
        pool_hash=bytes(32),
        prizes=prizes,
        secret_sealed=b"",
    )
