"""The most that can still be paid out, exactly: what must be there before anybody plays for it."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from game.campaigns.drafts import PrizeDraft
from game.campaigns.records import Pool, Promise
from game.errors import Conflict


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """Points, and voucher codes by batch."""

    points: int
    vouchers: Mapping[str, int]


def demand(pools: Iterable[Pool], promises: Iterable[Promise]) -> Demand:
    """The most that these pools can still pay out, however the draws fall, and what is promised beside."""
    all_pools, promised = tuple(pools), tuple(promises)
    drawn = {row.prize.voucher_batch for pool in all_pools for row in pool.draft.rows}
    batches = drawn.union(*(promise.vouchers for promise in promised))
    return Demand(
        points=sum(most(pool, _points) for pool in all_pools) + sum(each.points for each in promised),
        vouchers={
            batch: sum(most(pool, partial(_is_code_of, batch)) for pool in all_pools)
            + sum(each.vouchers.get(batch, 0) for each in promised)
            for batch in batches
            if batch is not None
        },
    )


def most(pool: Pool, value: Callable[[PrizeDraft], int]) -> int:
    """The most value that the pool's draws to come can pay: each draw pays the dearest row that is left.

    Fallbacks, guarantees and limits only choose among these rows, so this is a bound for them too.
    """
    draws, total = pool.draws_to_come, 0
    rows = [(value(row.prize), units.left) for row, units in zip(pool.draft.rows, pool.units, strict=True)]
    for worth, left in sorted(rows, key=lambda row: row[0], reverse=True):
        bounds = [bound for bound in (draws, left) if bound is not None]
        if worth == 0:
            break
        units = min(bounds)
        total += units * worth
        draws = None if draws is None else draws - units
    return total


def check_budget(needed_points: int, *, available_points: int, account: str) -> None:
    """Raise Conflict `underfunded` unless the ledger account holds what can be paid out."""
    if needed_points > available_points:
        raise Conflict(
            "underfunded",
            f"{account} holds {available_points} points; up to {needed_points} can be paid out.",
            field="$.pools",
            rule="the budget covers the most that can be paid out",
            account=account,
            needed=needed_points,
            available=available_points,
        )


def check_vouchers(needed: Mapping[str, int], *, free: Mapping[str, int]) -> None:
    """Raise Conflict `vouchers_missing` unless each batch has as many free codes as can be won."""
    for batch, units in sorted(needed.items()):
        if units > free.get(batch, 0):
            raise Conflict(
                "vouchers_missing",
                f"Batch {batch} has {free.get(batch, 0)} free codes; up to {units} can be won.",
                field="$.pools",
                rule="a code for every voucher that can be won",
                voucher_batch=batch,
                needed=units,
                free=free.get(batch, 0),
            )


def _points(prize: PrizeDraft) -> int:
    return prize.amount if prize.kind == "points" else 0


def _is_code_of(batch: str, prize: PrizeDraft) -> int:
    return int(prize.voucher_batch == batch)
