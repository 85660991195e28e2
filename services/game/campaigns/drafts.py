"""What a manager proposes: campaigns and pools before their launch, and the rules that their fields keep.

The same structs are read from the wire and from the database, so the launch checks what the editor checked.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from game.campaigns.rules import Game, PrizeKind
from game.fair.entries import BeaconTerms, Guarantee, PoolEntry, UrnRow, WheelRow
from game.fair.rounds import QUICKNET_CHAIN
from game.wire import LINE, Instant, Line, Paragraphs, Slug, SubjectName

MAX_ROWS = 256
MAX_POINTS = 1_000_000_000
MAX_VALUE_FEN = 100_000_000_000
MAX_TOTAL = 2**32
MAX_STOCK = 2**53 - 1
MAX_DRAWS = 2**31 - 1
MAX_LIMIT = 1_000_000
MAX_CODES = 1_000
MAX_CHANCES = 1_000

Points = Annotated[int, msgspec.Meta(ge=0, le=MAX_POINTS)]
Total = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOTAL)]
Stock = Annotated[int, msgspec.Meta(ge=0, le=MAX_STOCK)]
Draws = Annotated[int, msgspec.Meta(ge=1, le=MAX_DRAWS)]
VoucherCode = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}$(?!\n)")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class NameDraft(_Input, frozen=True, kw_only=True):
    """A name in Chinese (zh-CN) and English."""

    zh: Line
    en: Line


class RulesDraft(_Input, frozen=True, kw_only=True):
    """The rules that players read, in Chinese (zh-CN) and English."""

    zh: Paragraphs
    en: Paragraphs


class ScheduleDraft(_Input, frozen=True, kw_only=True):
    """When the campaign is open, and the IANA time zone in which its days begin."""

    opens: Instant
    closes: Instant
    time_zone: Annotated[str, msgspec.Meta(max_length=64, examples=["Asia/Shanghai"])]


class LimitsDraft(_Input, frozen=True, kw_only=True):
    """How many draws one player may take in the campaign; absent: as many as there are."""

    per_day: Limit | None = None
    total: Limit | None = None


class CampaignDraft(_Input, frozen=True, kw_only=True):
    """A campaign as its manager writes it."""

    name: NameDraft
    rules: RulesDraft
    schedule: ScheduleDraft
    limits: LimitsDraft


class PrizeDraft(_Input, frozen=True, kw_only=True):
    """What a row pays, and its market value in fen (0.01 RMB) with the source and day of that price.

    A badge is one that is defined in the campaign, by its id.
    """

    kind: PrizeKind
    amount: Points
    voucher_batch: Slug | None = None
    badge: Slug | None = None
    name: NameDraft
    value_fen: Annotated[int, msgspec.Meta(ge=0, le=MAX_VALUE_FEN)]
    value_source: Annotated[
        str, msgspec.Meta(min_length=1, max_length=500, pattern=LINE, examples=["天猫官方旗舰店标价"])
    ]
    value_date: date


class RowDraft(_Input, frozen=True, kw_only=True):
    """One row of a prize table: `weight` for a wheel, `count` for scratch cards.

    The fields mean what docs/fairdraw.md, section 3, says.
    """

    id: Slug
    weight: Total | None = None
    count: Total | None = None
    stock: Stock | None = None
    limit: Draws | None = None
    from_: Draws | None = msgspec.field(default=None, name="from")
    else_: Slug | None = msgspec.field(default=None, name="else")
    prize: PrizeDraft


class BeaconDraft(_Input, frozen=True, kw_only=True):
    """Draws wait for a public random value, `delay` rounds ahead."""

    delay: Annotated[int, msgspec.Meta(ge=2, le=1000)]


class GuaranteeDraft(_Input, frozen=True, kw_only=True):
    """At the latest every `draws`-th draw of a player is made among the first `rows` rows."""

    draws: Annotated[int, msgspec.Meta(ge=2, le=MAX_DRAWS)]
    rows: Annotated[int, msgspec.Meta(ge=1, le=MAX_ROWS)]


class PoolDraft(_Input, frozen=True, kw_only=True):
    """A pool that is not published yet.

    `draws_cap` is how many draws there are at most: of scratch cards the tickets, of a wheel what the manager
    declares, absent where every row that pays has a stock.
    """

    pool_id: Slug
    game: Game
    price_points: Points
    seat_draws: Annotated[int, msgspec.Meta(ge=1, le=256)]
    beacon: BeaconDraft | None = None
    guarantee: GuaranteeDraft | None = None
    draws_cap: Stock | None = None
    rows: Annotated[Sequence[RowDraft], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]

    @property
    def tickets(self) -> int:
        """How many tickets lie in the urn."""
        return sum(row.count or 0 for row in self.rows)

    @property
    def cap(self) -> int | None:
        """The most draws that can be made; None: no bound."""
        return self.tickets if self.game == "scratch" else self.draws_cap


class CampaignEdit(_Input, frozen=True, kw_only=True):
    """A rewritten draft; `version` is the one that was read, so that nobody's edit is lost."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    campaign: CampaignDraft


class VoucherCodes(_Input, frozen=True, kw_only=True):
    """Codes to add to a batch; those that are there already change nothing."""

    voucher_batch: Slug
    codes: Annotated[Sequence[VoucherCode], msgspec.Meta(min_length=1, max_length=MAX_CODES)]


class ChancesGrant(_Input, frozen=True, kw_only=True):
    """Free plays for a player; the same `source` grants a player nothing twice."""

    subject: SubjectName
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_CHANCES)]
    expires_at: Instant
    source: Annotated[
        str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE, examples=["outage of 2027-02-07"])
    ]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft gains when it is published; `replaces` is the index of the entry that it continues."""

    index: int
    t_ms: int
    opens_ms: int
    closes_ms: int
    commit: bytes
    rules: bytes
    replaces: int | None


def pool_entry(draft: PoolDraft, published: Publication) -> PoolEntry:
    """The log entry of a pool whose rows have the fields of its game."""
    is_wheel = draft.game == "wheel"
    return PoolEntry(
        i=published.index,
        t=published.t_ms,
        v=1,
        pool=draft.pool_id,
        game=draft.game,
        rows=_wheel_rows(draft) if is_wheel else _urn_rows(draft),
        weight=sum(row.weight or 0 for row in draft.rows) if is_wheel else None,
        tickets=None if is_wheel else draft.tickets,
        price=draft.price_points,
        seat_draws=draft.seat_draws,
        opens=published.opens_ms,
        closes=published.closes_ms,
        commit=published.commit.hex(),
        rules=published.rules.hex(),
        beacon=BeaconTerms(chain=QUICKNET_CHAIN, delay=draft.beacon.delay) if draft.beacon else None,
        guarantee=_guarantee(draft),
        replaces=published.replaces,
    )


def _guarantee(draft: PoolDraft) -> Guarantee | None:
    terms = draft.guarantee
    return None if terms is None else Guarantee(draws=terms.draws, rows=terms.rows)


def _wheel_rows(draft: PoolDraft) -> tuple[WheelRow, ...]:
    return tuple(
        WheelRow(
            id=row.id,
            weight=row.weight or 0,
            stock=row.stock,
            limit=row.limit,
            from_=row.from_,
            else_=row.else_,
        )
        for row in draft.rows
    )


def _urn_rows(draft: PoolDraft) -> tuple[UrnRow, ...]:
    return tuple(UrnRow(id=row.id, count=row.count or 0) for row in draft.rows)
