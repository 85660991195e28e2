"""What may be played, and when: decided here for the public page and for the play alike."""

from datetime import date
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from game.errors import Conflict, Exhausted, Refusal
from game.fair.entries import PoolEntry
from game.instants import to_datetime

Game = Literal["wheel", "scratch"]
PrizeKind = Literal["points", "voucher", "goods", "chances", "badge", "nothing"]
CampaignState = Literal["draft", "live", "paused", "ended", "closed"]
PoolStage = Literal["draft", "live", "draining", "replaced", "closed"]

CAMPAIGN_ID_BYTES = 16
_CAMPAIGN_ID_CHARS = 12
# A batch of plays has one moment.
DAYS_KEPT = 64
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text for people, in Chinese (zh-CN) and English."""

    zh: str
    en: str


class BadgeName(msgspec.Struct, frozen=True, kw_only=True):
    """A badge of a campaign, by its id, and what it is called."""

    badge_id: str
    name: Text


class Prize(msgspec.Struct, frozen=True, kw_only=True):
    """What a row pays: `amount` points, chances or pieces; 0 of nothing.

    `voucher_batch` is None unless the kind is voucher, `badge` unless it is badge. `value_fen` is the market
    value in fen, with where and on which day it was found.
    """

    row_id: str
    ordinal: int
    kind: PrizeKind
    amount: int
    voucher_batch: str | None
    badge: BadgeName | None
    name: Text
    value_fen: int
    value_source: str
    value_date: date


class PoolTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A published pool and what its campaign says of it. Nothing of it ever changes.

    A limit is None where there is none. `prizes` stand in the order of the table's rows.
    """

    campaign_id: str
    brand_id: str
    pool_id: str
    lineage_id: str
    game: Game
    price_points: int
    seat_draws: int
    opens_ms: int
    closes_ms: int
    time_zone: str
    limit_per_day: int | None
    limit_total: int | None
    entry: PoolEntry
    entry_index: int
    pool_hash: bytes
    prizes: tuple[Prize, ...]
    secret_sealed: bytes

    @property
    def is_sealed(self) -> bool:
        """Whether each seat is logged when it is paid, before its beacon value exists, for one draw."""
        return self.entry.sealed


class PoolState(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a published pool.

    `draws_cap` is None where the number of draws has no bound; `replaced_by` is the id of the published
    pool that continues this one, None while there is none.
    """

    campaign_state: CampaignState
    state: PoolStage
    accepting: bool
    draws_reserved: int
    draws_cap: int | None
    replaced_by: str | None = None

    @property
    def draws_left(self) -> int | None:
        """How many more draws may be accepted; None: no bound."""
        return None if self.draws_cap is None else self.draws_cap - self.draws_reserved


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """How many draws a player took in a campaign: in all, and on its last day in the campaign's time zone."""

    draws_total: int
    day: date
    draws_today: int


def campaign_id_from(entropy: bytes) -> str:
    """A campaign's id of 12 characters out of 16 random bytes."""
    assert len(entropy) == CAMPAIGN_ID_BYTES
    number, chars = int.from_bytes(entropy, "big"), []
    for _ in range(_CAMPAIGN_ID_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        chars.append(_ALPHABET[digit])
    return "".join(chars)


@lru_cache(maxsize=DAYS_KEPT)
def local_day(now_ms: int, time_zone: str) -> date:
    """The calendar day in an IANA time zone."""
    return to_datetime(now_ms).astimezone(ZoneInfo(time_zone)).date()


def used_today(taken: Participation, today: date) -> int:
    """How many draws count against today's limit. A day has begun once it has for any process."""
    return taken.draws_today if taken.day >= today else 0


def refusal(
    terms: PoolTerms, pool: PoolState, taken: Participation, *, draws: int, now_ms: int
) -> Refusal | None:
    """Why so many draws of this pool cannot be accepted now; None: they can.

    The reason that lasts longest comes first.
    """
    return (
        _ended(terms, pool, now_ms=now_ms)
        or _interrupted(terms, pool, now_ms=now_ms)
        or _sold_out(pool, draws=draws)
        or _over_limit(terms, taken, draws=draws, now_ms=now_ms)
    )


def _ended(terms: PoolTerms, pool: PoolState, *, now_ms: int) -> Refusal | None:
    # Whoever has waited for the replacement's lock does not see its other rows yet: then nobody is named.
    if pool.replaced_by is not None or pool.state == "replaced":
        return Conflict("pool_replaced", "Another pool has taken this one's place.", by=pool.replaced_by)
    if pool.campaign_state == "ended":
        return Conflict("campaign_ended", "The campaign was ended.")
    if now_ms >= terms.closes_ms or (pool.state == "closed" and pool.draws_left != 0):
        return Conflict("closed", "The pool has closed.", closes_ms=terms.closes_ms)
    return None


def _interrupted(terms: PoolTerms, pool: PoolState, *, now_ms: int) -> Refusal | None:
    if pool.state == "draining":
        return Conflict("pool_draining", "The pool is about to be replaced; play the one that follows it.")
    # The pool's own word counts: the campaign's state is read without a lock and may lag behind it.
    if pool.state == "live" and not pool.accepting:
        return Conflict("campaign_paused", "The campaign is paused.")
    if now_ms < terms.opens_ms:
        return Conflict("not_open_yet", "The pool has not opened yet.", opens_ms=terms.opens_ms)
    return None


def _sold_out(pool: PoolState, *, draws: int) -> Refusal | None:
    left = pool.draws_left
    if left is None or draws <= left:
        return None
    return Exhausted("sold_out", f"{left} draws are left in this pool.", left=left, asked=draws)


def _over_limit(terms: PoolTerms, taken: Participation, *, draws: int, now_ms: int) -> Refusal | None:
    today = used_today(taken, local_day(now_ms, terms.time_zone))
    for code, limit, used in (
        ("limit_total", terms.limit_total, taken.draws_total),
        ("limit_per_day", terms.limit_per_day, today),
    ):
        if limit is not None and used + draws > limit:
            return Exhausted(code, f"{used} of {limit} draws are used.", limit=limit, used=used, asked=draws)
    return None
