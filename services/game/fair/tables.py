"""What a prize table must be, and what may replace it (docs/fairdraw.md, section 3).

The same rules refuse a manager's input (`Finding.field` names the field) and an operator's log.
"""

from collections.abc import Iterable, Sequence

from game.fair.entries import PoolEntry, WheelRow, check_grammar, urn_rows, wheel_rows
from game.fair.findings import Finding
from game.fair.rounds import MIN_DELAY_ROUNDS, QUICKNET_CHAIN

MAX_TOTAL = 2**32
MAX_SEAT_DRAWS = 256


def check_pool(entry: PoolEntry) -> None:
    """Raise a Finding unless the entry is a prize table that a log may hold.

    Check 2 where the grammar does not allow it, 4 for the terms of its beacon, 3 for all else.
    """
    check_grammar(entry)
    _check_times(entry)
    _require(1 <= entry.seat_draws <= MAX_SEAT_DRAWS, f"seat_draws is 1 … {MAX_SEAT_DRAWS}", "seat_draws")
    _check_beacon(entry)
    _check_ids(entry)
    if entry.game == "wheel":
        _check_wheel(entry)
    else:
        _check_urn(entry)


def _require(holds: bool, says: str, field: str) -> None:
    if not holds:
        raise Finding(3, f"{field}: {says}", field=field)


def _check_times(entry: PoolEntry) -> None:
    _require(entry.t <= entry.opens, "a pool opens no earlier than it is logged", "opens")
    _require(entry.opens < entry.closes, "a pool closes after it opens", "closes")


def _check_beacon(entry: PoolEntry) -> None:
    terms = entry.beacon
    if terms is None:
        return
    if terms.chain != QUICKNET_CHAIN:
        raise Finding(4, "beacon.chain: not drand quicknet", field="beacon.chain")
    if terms.delay < MIN_DELAY_ROUNDS:
        raise Finding(4, f"beacon.delay: at least {MIN_DELAY_ROUNDS} rounds", field="beacon.delay")


def _check_ids(entry: PoolEntry) -> None:
    _require(len(entry.rows) > 0, "a table has rows", "rows")
    seen: set[str] = set()
    for index, row in enumerate(entry.rows):
        _require(row.id not in seen, f"row id {row.id} stands twice", f"rows[{index}].id")
        seen.add(row.id)


def _check_wheel(entry: PoolEntry) -> None:
    rows = wheel_rows(entry)
    least_stock = 1 if entry.replaces is None else 0
    for index, row in enumerate(rows):
        _check_bounds(row, f"rows[{index}]", least_stock=least_stock)
        _check_else(row, f"rows[{index}]", later={later.id for later in rows[index + 1 :]})
    total = sum(row.weight for row in rows)
    _require(entry.weight == total, f"the rows sum to {total}, the entry says {entry.weight}", "weight")
    _require(1 <= total <= MAX_TOTAL, "a sum of 1 … 2^32", "weight")
    _check_guarantee(entry, rows)


def _check_bounds(row: WheelRow, path: str, *, least_stock: int) -> None:
    _require(row.stock is None or row.stock >= least_stock, f"at least {least_stock}", f"{path}.stock")
    _require(row.limit is None or row.limit >= 1, "at least 1", f"{path}.limit")
    _require(row.from_ is None or row.from_ >= 1, "at least 1", f"{path}.from")


def _check_else(row: WheelRow, path: str, *, later: set[str]) -> None:
    can_close = any(bound is not None for bound in (row.stock, row.limit, row.from_))
    if not can_close:
        _require(row.else_ is None, "only a row with stock, limit or from has a fallback", f"{path}.else")
        return
    _require(len(later) > 0, "the last row is always open: no stock, limit or from", path)
    _require(row.else_ is not None, "a row with stock, limit or from needs a fallback", f"{path}.else")
    _require(row.else_ in later, f"{row.else_} is not a later row", f"{path}.else")


def _check_guarantee(entry: PoolEntry, rows: tuple[WheelRow, ...]) -> None:
    terms = entry.guarantee
    if terms is None:
        return
    _require(terms.draws >= 2, "at least 2", "guarantee.draws")
    _require(1 <= terms.rows < len(rows), "at least one row and not all", "guarantee.rows")
    weight = sum(row.weight for row in rows[: terms.rows])
    _require(weight > 0, "the weights of its rows are not all 0", "guarantee.rows")


def _check_urn(entry: PoolEntry) -> None:
    _require(entry.guarantee is None, "only a wheel has a guarantee", "guarantee")
    rows = urn_rows(entry)
    least = 1 if entry.replaces is None else 0
    for index, row in enumerate(rows):
        _require(row.count >= least, f"at least {least}", f"rows[{index}].count")
    total = sum(row.count for row in rows)
    _require(entry.tickets == total, f"the rows sum to {total}, the entry says {entry.tickets}", "tickets")
    _require(total <= MAX_TOTAL, "a sum of at most 2^32", "tickets")


def check_replacement(
    old: PoolEntry,
    old_left: Sequence[int | None],
    new: PoolEntry,
    *,
    closed: bool,
    replaced: bool,
    undrawn_sealed_seats: int,
) -> None:
    """Raise a Finding (check 3) unless `new` may continue `old`: no player is worse off.

    Both tables have passed `check_pool`. `old_left` is what is left of each old row's stock (None where it
    has none) or count; `closed` and `replaced` tell whether the old pool already is.
    """
    _require(not closed, "the pool that it continues is closed", "replaces")
    _require(not replaced, "the pool that it continues is replaced already", "replaces")
    _require(old.game == new.game, "the game stays the same", "game")
    same_rows = [row.id for row in old.rows] == [row.id for row in new.rows]
    _require(same_rows, "the row ids and their order stay the same", "rows")
    _require(new.price <= old.price, f"not higher than {old.price}", "price")
    _require(new.closes >= old.closes, f"not earlier than {old.closes}", "closes")
    latest = max(new.t, old.opens)
    _require(new.opens <= latest, f"not later than {latest}", "opens")
    _check_kept_terms(old, new, undrawn_sealed_seats=undrawn_sealed_seats)
    if new.game == "wheel":
        _check_wheel_rows(old, old_left, new)
    else:
        _check_urn_rows(old_left, new)


def _check_kept_terms(old: PoolEntry, new: PoolEntry, *, undrawn_sealed_seats: int) -> None:
    _require(old.guarantee in (None, new.guarantee), "a guarantee stays as it was", "guarantee")
    _require(old.beacon in (None, new.beacon), "a beacon stays as it was", "beacon")
    _require(new.sealed or not old.sealed, "sealed draws stay sealed", "seat_draws")
    drawn = undrawn_sealed_seats == 0
    _require(drawn, f"{undrawn_sealed_seats} sealed seats are without their draw", "replaces")


def _check_wheel_rows(old: PoolEntry, old_left: Sequence[int | None], new: PoolEntry) -> None:
    pairs = list(zip(wheel_rows(old), wheel_rows(new), strict=True))[:-1]
    for index, (was, row) in enumerate(pairs):
        _check_kept_row(was, row, f"rows[{index}]", left=old_left[index])
    _check_odds([(was.weight, row.weight) for was, row in pairs], _total(old), _total(new))
    if old.guarantee is not None:
        first = old.guarantee.rows
        odds = [(was.weight, row.weight) for was, row in pairs[: first - 1]]
        _check_odds(odds, _total(old, first), _total(new, first))


def _total(pool: PoolEntry, first: int | None = None) -> int:
    return sum(row.weight for row in wheel_rows(pool)[:first])


def _check_odds(odds: Iterable[tuple[int, int]], old_total: int, new_total: int) -> None:
    for index, (old, new) in enumerate(odds):
        not_lower = new * old_total >= old * new_total
        _require(not_lower, f"odds lower than {old}/{old_total}", f"rows[{index}].weight")


def _check_kept_row(was: WheelRow, row: WheelRow, path: str, *, left: int | None) -> None:
    if row.stock is not None:
        _require(left is not None and row.stock >= left, f"at least what is left: {left}", f"{path}.stock")
    if row.limit is not None:
        kept = was.limit is not None and row.limit >= was.limit
        _require(kept, f"not lower than {was.limit}", f"{path}.limit")
    if row.from_ is not None:
        kept = was.from_ is not None and row.from_ <= was.from_
        _require(kept, f"not higher than {was.from_}", f"{path}.from")
    _require(row.else_ in (None, was.else_), f"stays {was.else_}", f"{path}.else")


def _check_urn_rows(old_left: Sequence[int | None], new: PoolEntry) -> None:
    left = [count or 0 for count in old_left]
    tickets_left, tickets = sum(left), sum(row.count for row in urn_rows(new))
    for index, (row, count) in enumerate(list(zip(urn_rows(new), left, strict=True))[:-1]):
        path = f"rows[{index}].count"
        _require(row.count >= count, f"at least what is left: {count}", path)
        _require(row.count * tickets_left >= count * tickets, f"odds lower than {count}/{tickets_left}", path)
