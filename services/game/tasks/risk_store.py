"""The rows of streaks at risk."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.tasks.risk_rules import Judged, Risk
from game.tasks.streak_records import StreakKey

_SQL = load("game.tasks")


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A risk whose time has come, and the campaign's time zone and last instant."""

    risk: Risk
    time_zone: str
    over_ms: int


async def save_risks(conn: Connection, risks: Sequence[Risk]) -> None:
    """Keep what locked players' streaks risk; a day that was told is not told again."""
    rows = [(*_parts(r.key), r.day, r.run, r.tell_ms) for r in risks]
    if rows:
        await conn.execute(_SQL.save_risks, *columns(rows, 6))


async def calm(conn: Connection, keys: Collection[StreakKey]) -> None:
    """Tell nothing of these streaks."""
    if keys:
        await conn.execute(_SQL.calm_risks, *columns(map(_parts, sorted(keys)), 3))


async def hurry(conn: Connection, *, player_id: UUID, now_ms: int) -> None:
    """Have a player's risks judged anew: the days of their time zone have changed."""
    await conn.execute(_SQL.hurry_risks, player_id, now_ms)


async def claim_due(conn: Connection, *, now_ms: int, limit: int) -> list[Due]:
    """Risks whose time has come, which nobody else looks at until the transaction ends."""
    return [
        Due(
            risk=Risk(
                key=StreakKey(row["campaign_id"], row["player_id"], row["streak_id"]),
                day=row["day"],
                run=row["run"],
                tell_ms=row["tell_ms"],
            ),
            time_zone=row["time_zone"],
            over_ms=row["over_ms"],
        )
        for row in await conn.fetch(_SQL.claim_risks, now_ms, limit)
    ]


async def save_judged(conn: Connection, judged: Sequence[Judged]) -> None:
    """Store what became of claimed risks."""
    rows = [(*_parts(j.risk.key), j.risk.day, j.risk.tell_ms, j.ends_ms is not None) for j in judged]
    if rows:
        await conn.execute(_SQL.save_judged, *columns(rows, 6))


def _parts(key: StreakKey) -> tuple[str, UUID, str]:
    return key.campaign_id, key.player_id, key.streak_id
