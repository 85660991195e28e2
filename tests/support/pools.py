"""Pools as a manager proposes them."""

from typing import Any

BEACON = {"delay": 2}
NAME = {"zh": "奖", "en": "Prize"}


def row(row_id: str, kind: str = "nothing", amount: int | None = None, **fields: Any) -> dict[str, Any]:
    """A row of a prize table that pays one of its kind, unless said otherwise. Fields may end in `_`."""
    paid = (0 if kind == "nothing" else 1) if amount is None else amount
    value = {"value_fen": 100, "value_source": "list price", "value_date": "2026-09-01"}
    prize = {"kind": kind, "amount": paid, "name": NAME, **value}
    if kind == "voucher":
        prize["voucher_batch"] = "tea"
    return {"id": row_id, **{name.rstrip("_"): value for name, value in fields.items()}, "prize": prize}


def pool(pool_id: str, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A pool at ten points a draw; one whose rows have counts is a scratch pool."""
    game = "scratch" if "count" in rows[0] else "wheel"
    return {
        "pool_id": pool_id, "game": game, "price_points": 10, "seat_draws": 24, "rows": list(rows), **fields
    }  # fmt: skip


def wheel(pool_id: str = "wheel", **fields: Any) -> dict[str, Any]:
    """A wheel with a prize of each kind."""
    rows = [
        row("phone", "goods", weight=1, stock=2, else_="points"),
        row("tea", "voucher", weight=2, stock=10, else_="points"),
        row("again", "chances", 2, weight=1, limit=1, else_="thanks"),
        row("points", "points", 25, weight=2),
        row("thanks", weight=2),
    ]
    return pool(pool_id, *rows, **({"draws_cap": 1_000} | fields))


def cards(pool_id: str = "cards", **fields: Any) -> dict[str, Any]:
    """Forty scratch cards."""
    rows = [row("gold", "points", 100, count=4), row("tea", "voucher", count=6), row("thanks", count=30)]
    return pool(pool_id, *rows, **fields)
