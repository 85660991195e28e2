"""The rows that are judged, read in one snapshot: a struct and its statement for each table."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from tests.invariants.badge_rows import BadgeRows, read_badge_rows
from tests.invariants.board_rows import BoardRows, read_board_rows
from tests.invariants.gift_rows import Gift, Portion
from tests.invariants.reward_rows import Award, Debt, Lot, Reward, Use
from tests.invariants.row import Row
from tests.invariants.streak_rows import Places, Reach, Repair, StreakDay


class Play(Row, frozen=True, kw_only=True):
    """A play, with its player's account and what its pool asks for a draw."""

    SQL: ClassVar[str] = """
        SELECT p.campaign_id, p.play_id, p.player_id, r.subject,
               'player:' || coalesce(r.brand_id || '.' || r.subject, 'erased') AS account, p.pool_id,
               t.price_points AS draw_price_points, p.idempotency_key AS key, p.state, p.draws, p.drawn,
               p.paid_with, p.price_points, p.seat_id, p.log_size
        FROM play AS p JOIN player AS r USING (player_id) JOIN pool AS t USING (campaign_id, pool_id)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, play_id"""
    play_id: UUID
    player_id: UUID
    subject: str | None
    account: str
    pool_id: str
    draw_price_points: int
    key: str
    state: str
    draws: int
    drawn: int
    paid_with: str
    price_points: int
    seat_id: bytes | None
    log_size: int | None

    @property
    def wire_id(self) -> str:
        """Its id as players know it."""
        return f"{self.campaign_id}-{self.play_id.hex}"


class Operation(Row, frozen=True, kw_only=True):
    """A debit, the credit of a draw at `entry_index`, points of a reward or back, the price of a repair."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, operation_id, kind, play_id, entry_index, reward_id, repair_id, subject, body,
               state, ledger_seq, reissued_ms IS NOT NULL AS is_reissued
        FROM operation
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, operation_id"""
    operation_id: str
    kind: str
    play_id: UUID | None
    entry_index: int | None
    reward_id: UUID | None
    repair_id: UUID | None
    subject: str
    body: bytes
    state: str
    ledger_seq: int | None
    is_reissued: bool


class Draw(Row, frozen=True, kw_only=True):
    """A draw of a play."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal FROM draw
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, entry_index"""
    entry_index: int
    play_id: UUID
    nth: int
    seat_id: bytes
    n: int
    row_ordinal: int


class Grant(Row, frozen=True, kw_only=True):
    """What a draw won."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount
        FROM prize_grant
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, entry_index"""
    grant_id: UUID
    player_id: UUID
    entry_index: int
    pool_id: str
    row_ordinal: int
    kind: str
    amount: int


class Pool(Row, frozen=True, kw_only=True):
    """A published pool."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, pool_id, lineage_id, draws_reserved, entry_index FROM pool
        WHERE campaign_id = ANY ($1::text[]) AND entry_index IS NOT NULL ORDER BY campaign_id, entry_index"""
    pool_id: str
    lineage_id: str
    draws_reserved: int
    entry_index: int


class Prize(Row, frozen=True, kw_only=True):
    """A row of a prize table."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, pool_id, ordinal, row_id, units_left, units_won, prize_kind AS kind,
               prize_amount AS amount, voucher_batch
        FROM pool_row
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, pool_id, ordinal"""
    pool_id: str
    ordinal: int
    row_id: str
    units_left: int | None
    units_won: int
    kind: str
    amount: int
    voucher_batch: str | None


class Seat(Row, frozen=True, kw_only=True):
    """A seat. `is_awaiting` says that its beacon round is not in the log yet."""

    SQL: ClassVar[str] = """
        SELECT s.campaign_id, s.seat_id, s.pool_id, s.player_id, s.entry_index, s.draws_reserved,
               s.draws_taken, s.round IS NOT NULL AND b.signature IS NULL AS is_awaiting
        FROM seat AS s LEFT JOIN beacon_round AS b USING (campaign_id, round)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, seat_id"""
    seat_id: bytes
    pool_id: str
    player_id: UUID
    entry_index: int | None
    draws_reserved: int
    draws_taken: int
    is_awaiting: bool


class Participation(Row, frozen=True, kw_only=True):
    """A player's counts in a campaign."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, player_id, draws_total FROM participation
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, player_id"""
    player_id: UUID
    draws_total: int


class Standing(Row, frozen=True, kw_only=True):
    """A player's draws in a line of pools."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, lineage_id, player_id, draws FROM standing
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, lineage_id, player_id"""
    lineage_id: str
    player_id: UUID
    draws: int


class Voucher(Row, frozen=True, kw_only=True):
    """A code, given away or not."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, voucher_batch, code, grant_id, reward_id FROM voucher
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, voucher_batch, code"""
    voucher_batch: str
    code: str
    grant_id: UUID | None
    reward_id: UUID | None


class Log(Row, frozen=True, kw_only=True):
    """The head of a log."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, origin, public_key, size, frontier FROM log
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id"""
    origin: str
    public_key: bytes
    size: int
    frontier: bytes


class LogEntry(Row, frozen=True, kw_only=True):
    """An entry of a log."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, entry_index, entry FROM log_entry
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, entry_index"""
    entry_index: int
    entry: bytes


class Break(Row, frozen=True, kw_only=True):
    """An open break of reconciliation."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, kind, operation_id, says FROM ledger_break
        WHERE campaign_id = ANY ($1::text[]) AND closed_ms IS NULL ORDER BY break_id"""
    kind: str
    operation_id: str
    says: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of some campaigns, as they stood at one moment."""

    plays: tuple[Play, ...]
    operations: tuple[Operation, ...]
    draws: tuple[Draw, ...]
    grants: tuple[Grant, ...]
    pools: tuple[Pool, ...]
    prizes: tuple[Prize, ...]
    seats: tuple[Seat, ...]
    participations: tuple[Participation, ...]
    standings: tuple[Standing, ...]
    vouchers: tuple[Voucher, ...]
    lots: tuple[Lot, ...]
    uses: tuple[Use, ...]
    logs: tuple[Log, ...]
    entries: tuple[LogEntry, ...]
    breaks: tuple[Break, ...]
    rewards: tuple[Reward, ...]
    debts: tuple[Debt, ...]
    awards: tuple[Award, ...]
    gifts: tuple[Gift, ...]
    repairs: tuple[Repair, ...]
    streak_days: tuple[StreakDay, ...]
    reaches: tuple[Reach, ...]
    places: tuple[Places, ...]
    portions: tuple[Portion, ...]
    boards: BoardRows
    others: BadgeRows


R = TypeVar("R", bound=Row)


async def read_rows(pool: "asyncpg.Pool[asyncpg.Record]", campaign_ids: Sequence[str]) -> Rows:
    """Read all there is of campaigns."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):

        async def read(kind: type[R]) -> tuple[R, ...]:
            return tuple(kind(**row) for row in await conn.fetch(kind.SQL, campaign_ids))

        return Rows(
            plays=await read(Play),
            operations=await read(Operation),
            draws=await read(Draw),
            grants=await read(Grant),
            pools=await read(Pool),
            prizes=await read(Prize),
            seats=await read(Seat),
            participations=await read(Participation),
            standings=await read(Standing),
            vouchers=await read(Voucher),
            lots=await read(Lot),
            uses=await read(Use),
            logs=await read(Log),
            entries=await read(LogEntry),
            breaks=await read(Break),
            rewards=await read(Reward),
            debts=await read(Debt),
            awards=await read(Award),
            gifts=await read(Gift),
            repairs=await read(Repair),
            streak_days=await read(StreakDay),
            reaches=await read(Reach),
            places=await read(Places),
            portions=await read(Portion),
            boards=await read_board_rows(conn, campaign_ids),
            others=await read_badge_rows(conn, campaign_ids),
        )
