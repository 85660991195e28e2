"""Whether a draft may be launched. Each refusal names the field, the rule and the numbers."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from zoneinfo import available_timezones

from game.campaigns.drafts import PoolDraft, PrizeDraft, Publication, RowDraft, pool_entry
from game.campaigns.records import Campaign, Pool, Promise
from game.campaigns.rules import local_day
from game.errors import Conflict, Exhausted, Invalid, Number
from game.fair.entries import PoolEntry, decode
from game.fair.findings import Finding
from game.fair.tables import check_pool, check_replacement
from game.webhooks.rules import AGE_MAX_MS

MAX_AHEAD_DAYS = 3_660
CAMPAIGNS_MAX = 1_000
_DAY_MS = 86_400_000
_UNPUBLISHED = bytes(32)
_WHEEL_FIELDS = ("weight", "stock", "limit", "from_", "else_")
_FIELDS = {"price": "price_points", "replaces": "pool_id", "weight": "rows", "tickets": "rows"}
_SCHEDULE_FIELDS = ("opens", "closes")


def check_schedule(*, opens_ms: int, closes_ms: int, time_zone: str, now_ms: int) -> None:
    """Raise Invalid unless the campaign opens before it closes, and closes in a foreseeable future."""
    if time_zone not in time_zones():
        raise broken("$.schedule.time_zone", "an IANA time zone", time_zone=time_zone)
    if opens_ms <= 0:
        raise broken("$.schedule.opens", "after 1970", opens_ms=opens_ms)
    if opens_ms >= closes_ms:
        raise broken("$.schedule.closes", "later than it opens", opens_ms=opens_ms, closes_ms=closes_ms)
    check_foreseeable("$.schedule.closes", closes_ms, now_ms=now_ms)


def check_foreseeable(field: str, time_ms: int, *, now_ms: int) -> None:
    """Raise Invalid unless a time is in the future, and not beyond the next ten years."""
    if not now_ms < time_ms <= now_ms + MAX_AHEAD_DAYS * _DAY_MS:
        raise broken(field, f"in the next {MAX_AHEAD_DAYS} days", now_ms=now_ms, time_ms=time_ms)


def check_launch(campaign: Campaign, pools: Sequence[Pool], *, now_ms: int, has_beacon: bool) -> None:
    """Raise Invalid or Conflict unless a draft campaign and all its pools may be published now."""
    check_schedule(
        opens_ms=campaign.opens_ms, closes_ms=campaign.closes_ms, time_zone=campaign.time_zone, now_ms=now_ms
    )
    if not pools:
        raise Conflict("no_pools", "A campaign has at least one pool.", field="$.pools", rule="at least 1")
    for index, pool in enumerate(pools):
        check_draft(pool.draft, campaign, at=f"$.pools[{index}]", now_ms=now_ms, has_beacon=has_beacon)


def check_number(launched: int) -> None:
    """Raise Exhausted where a brand has as many launched campaigns that events may yet count for."""
    if launched >= CAMPAIGNS_MAX:
        raise Exhausted(
            "too_many_campaigns",
            f"At most {CAMPAIGNS_MAX} are open or have closed of late.",
            limit=CAMPAIGNS_MAX,
            days=AGE_MAX_MS // _DAY_MS,
        )


def check_promises(campaign: Campaign, pools: Sequence[Pool], promises: Iterable[Promise]) -> None:
    """Raise Invalid unless what features promise can be kept in the campaign as it is now."""
    caps = [pool.draft.cap for pool in pools]
    in_pools = sum(cap for cap in caps if cap is not None) if None not in caps else None
    for promise in promises:
        if promise.draws is not None:
            check_draws(promise.draws, campaign, field="$.limits", in_pools=in_pools)
        if promise.until_ms is not None and promise.until_ms < campaign.closes_ms:
            rule = "not after what is promised ends"
            raise broken("$.schedule.closes", rule, closes_ms=campaign.closes_ms, until_ms=promise.until_ms)


def check_draws(needed: int, campaign: Campaign, *, field: str, in_pools: int | None) -> None:
    """Raise Invalid `no_guaranteed_path` unless one player can take so many draws.

    `in_pools` is how many there are at most for all players together; None: no bound, or not known yet.
    """
    days = _days(campaign)
    daily = None if campaign.limit_per_day is None else campaign.limit_per_day * days
    if any(bound is not None and needed > bound for bound in (campaign.limit_total, daily, in_pools)):
        raise Invalid(
            "no_guaranteed_path",
            "A player without any luck could never get there.",
            field=field,
            rule="within the draws that one player may take",
            needed_draws=needed,
            limit_total=campaign.limit_total,
            limit_per_day=campaign.limit_per_day,
            days=days,
            draws_in_pools=in_pools,
        )


def _days(campaign: Campaign) -> int:
    """How many local days the campaign touches."""
    first, last = (
        local_day(at_ms, campaign.time_zone) for at_ms in (campaign.opens_ms, campaign.closes_ms - 1)
    )
    return (last - first).days + 1


def check_draft(
    draft: PoolDraft,
    campaign: Campaign,
    *,
    at: str,
    now_ms: int,
    has_beacon: bool,
    replaces: Pool | None = None,
) -> None:
    """Raise Invalid unless a pool could be published now.

    `at` is where the pool stands in what the manager sees; `has_beacon` tells whether this installation knows
    relays of the beacon; `replaces` is the pool that this one continues, None where it begins a line.
    """
    if draft.beacon is not None and not has_beacon:
        raise Invalid("beacon_not_configured", "This service has no beacon relays.", field=f"{at}.beacon")
    for index, row in enumerate(draft.rows):
        _check_fields_of_game(draft, row, f"{at}.rows[{index}]")
        _check_prize(row.prize, f"{at}.rows[{index}].prize")
    _check_cap(draft, at)
    entry = _trial(draft, campaign, now_ms=now_ms, replaces=replaces)
    check_table(entry, at=at)
    if replaces is not None:
        check_successor(replaces, entry, at=at, undrawn_sealed_seats=0)
        _check_prizes_kept(replaces.draft, draft, at=at)


def check_badges(draft: PoolDraft, defined: Collection[str]) -> None:
    """Raise Invalid unless the badges that a pool pays are defined in its campaign."""
    for index, row in enumerate(draft.rows):
        if row.prize.badge is not None and row.prize.badge not in defined:
            path = f"$.rows[{index}].prize.badge"
            raise broken(path, "a badge that is defined in the campaign", badge=row.prize.badge)


def check_table(entry: PoolEntry, *, at: str) -> None:
    """Raise Invalid unless the entry is a prize table that the log may hold."""
    try:
        check_pool(entry)
    except Finding as finding:
        raise _broken_table(finding, at) from finding


def check_successor(old: Pool, new: PoolEntry, *, at: str, undrawn_sealed_seats: int) -> None:
    """Raise Invalid unless the entry continues a published pool so that no player is worse off."""
    assert old.entry is not None, "a draft is edited, not replaced"
    table = decode(old.entry)
    assert isinstance(table, PoolEntry)
    try:
        check_replacement(
            table,
            [units.left for units in old.units],
            new,
            closed=old.state == "closed",
            replaced=old.state == "replaced",
            undrawn_sealed_seats=undrawn_sealed_seats,
        )
    except Finding as finding:
        raise _broken_table(finding, at) from finding


def broken(field: str, rule: str, **numbers: Number) -> Invalid:
    """The refusal for a field (a JSON path) that breaks a rule."""
    return Invalid("rule_broken", f"{field}: {rule}", field=field, rule=rule, **numbers)


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of all IANA time zones; not that of the machine, which is another one on each."""
    # It takes some 20 ms to read them, for which the process does nothing else.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _trial(draft: PoolDraft, campaign: Campaign, *, now_ms: int, replaces: Pool | None) -> PoolEntry:
    replaced_index = replaces.entry_index if replaces else None
    publication = Publication(
        index=(replaced_index or 0) + 1,
        t_ms=now_ms,
        opens_ms=max(now_ms, campaign.opens_ms),
        closes_ms=campaign.closes_ms,
        commit=_UNPUBLISHED,
        rules=_UNPUBLISHED,
        replaces=replaced_index,
    )
    return pool_entry(draft, publication)


def _broken_table(finding: Finding, at: str) -> Invalid:
    field = finding.field or "rows"
    if field in _SCHEDULE_FIELDS:
        return broken(f"$.schedule.{field}", finding.says)
    return broken(f"{at}.{_FIELDS.get(field, field)}", finding.says)


def _check_fields_of_game(draft: PoolDraft, row: RowDraft, path: str) -> None:
    needed, refused = ("weight", ("count",)) if draft.game == "wheel" else ("count", _WHEEL_FIELDS)
    if getattr(row, needed) is None:
        raise broken(f"{path}.{needed}", f"each row of a {draft.game} has one")
    for name in refused:
        if getattr(row, name) is not None:
            raise broken(f"{path}.{name.rstrip('_')}", f"no row of a {draft.game} has one")


def _check_prize(prize: PrizeDraft, path: str) -> None:
    if (prize.kind == "nothing") != (prize.amount == 0):
        raise broken(f"{path}.amount", "0 of nothing, at least 1 of all else", amount=prize.amount)
    if prize.kind in ("voucher", "goods", "badge") and prize.amount != 1:
        raise broken(
            f"{path}.amount", "vouchers, goods and badges are won one at a time", amount=prize.amount
        )
    if (prize.kind == "voucher") != (prize.voucher_batch is not None):
        raise broken(f"{path}.voucher_batch", "a voucher has a batch of codes, and nothing else has")
    if (prize.kind == "badge") != (prize.badge is not None):
        raise broken(f"{path}.badge", "a badge has an id, and nothing else has")


def _check_prizes_kept(old: PoolDraft, new: PoolDraft, *, at: str) -> None:
    """The log has the rows' ids alone: nobody but us sees to it that the same id pays no less."""
    for index, (was, row) in enumerate(zip(old.rows, new.rows, strict=True)):
        path, prize = f"{at}.rows[{index}].prize", row.prize
        if was.prize.kind not in ("nothing", prize.kind):
            raise broken(f"{path}.kind", f"stays {was.prize.kind}")
        if was.prize.badge not in (None, prize.badge):
            raise broken(f"{path}.badge", f"stays {was.prize.badge}")
        if prize.amount < was.prize.amount:
            raise broken(f"{path}.amount", f"not lower than {was.prize.amount}", amount=prize.amount)
        if prize.value_fen < was.prize.value_fen:
            least = was.prize.value_fen
            raise broken(f"{path}.value_fen", f"not lower than {least}", value_fen=prize.value_fen)


def _check_cap(draft: PoolDraft, at: str) -> None:
    if draft.game == "scratch":
        if draft.tickets == 0:
            raise broken(f"{at}.rows", "at least one ticket", tickets=0)
        if draft.draws_cap not in (None, draft.tickets):
            raise broken(
                f"{at}.draws_cap", "scratch cards are capped by their tickets", tickets=draft.tickets
            )
    elif draft.draws_cap == 0:
        raise broken(f"{at}.draws_cap", "at least 1", draws_cap=0)
    elif draft.draws_cap is None:
        _check_every_prize_has_stock(draft, at)


def _check_every_prize_has_stock(draft: PoolDraft, at: str) -> None:
    for index, row in enumerate(draft.rows):
        if row.prize.kind != "nothing" and row.stock is None:
            rule = f"a wheel that pays without a stock (rows[{index}]) has a cap on its draws"
            raise broken(f"{at}.draws_cap", rule)
