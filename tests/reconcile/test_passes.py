"""Passes that are cut off, shared or long: nothing is left out, and nothing happens twice."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from game.ledger import reconcile as passes
from game.ledger.hours import HOUR_MS, hours_of
from game.ledger.reconcile import advance, reconcile, reconcile_now
from game.resources import Resources
from ledger_client import Capabilities, Entry, EntryPage, LedgerUnreachable
from ledger_client.testing import FakeLedger
from tests.reconcile import entries
from tests.reconcile.world import PRICE, World

pytestmark = pytest.mark.asyncio


class CutOff:
    """A ledger that does not answer any more after so many pages."""

    def __init__(self, world: World, pages: int) -> None:
        self.ledger: Any = world.ledger
        self.pages = pages

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """Small pages, up to the limit."""
        if self.pages == 0:
            raise LedgerUnreachable("cut off")
        self.pages -= 1
        page: EntryPage = await self.ledger.entries(after_seq=after_seq, limit=limit)
        return page


async def hours(world: World) -> list[tuple[int, int, int, int]]:
    """What was counted."""
    rows = await world.resources.pool.fetch(
        "SELECT from_seq, to_seq, entries, points::bigint FROM ledger_hour ORDER BY hour_ms"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("pages", range(1, 9))
async def test_a_pass_that_is_cut_off_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    """Entries are copied and counted once, however the feed is interrupted."""
    monkeypatch.setattr(passes, "ENTRIES_MAX", 2)
    expected = await entries.charge_is_there_twice(world)
    cut: Any = CutOff(world, pages)
    while True:
        try:
            await reconcile_now(replace(world.resources, ledger=cut), "recent")
            break
        except LedgerUnreachable:
            cut.pages = pages
    counted, feed = await hours(world), world.ledger.feed
    assert (counted[0][0], counted[-1][1]) == (1, feed[-1].seq)
    assert sum(count for _, _, count, _ in counted) == len(feed)
    assert sum(points for _, _, _, points in counted) == sum(entry.amount for entry in feed)
    assert await world.reconciled() == expected


class WithoutFeed(FakeLedger):
    """A ledger that does not tell its entries."""

    async def capabilities(self) -> Capabilities:
        """All but the feed."""
        return msgspec.structs.replace(await super().capabilities(), feed=False)


async def test_nothing_agrees_with_a_ledger_that_tells_nothing(world: World) -> None:
    """The background step has nothing to do; whoever asks for a pass is told that there was none."""
    silent = replace(world.resources, ledger=WithoutFeed(now_ms=world.clock))
    assert await reconcile(silent) == 0
    with pytest.raises(LedgerUnreachable, match="no feed"):
        await reconcile_now(silent, "recent")


async def test_a_page_whose_commit_fails_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor moves with what the page brought, or not at all."""

    async def dies(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("game.ledger.reconcile_store.add_hours", dies)
        with pytest.raises(ZeroDivisionError):
            await advance(world.resources, "recent")
    counted = "SELECT (SELECT count(*) FROM ledger_entry) + (SELECT sum(after_seq) FROM reconciliation)"
    assert await world.resources.pool.fetchval(counted) == 0
    with monkeypatch.context() as patch:
        patch.setattr(passes, "judge_plays", dies)
        with pytest.raises(ZeroDivisionError):
            await advance(world.resources, "recent")
    assert await world.resources.pool.fetchval("SELECT sum(judged_seq) FROM reconciliation") == 0
    world.erase(world.debits[0])
    assert await world.reconciled(full=True) == {("ours_only", world.debits[0], PRICE)}


async def test_processes_share_a_pass(world: World) -> None:
    """Four at once find what one would find, and count every entry once."""
    expected = await entries.two_are_lost(world)
    await asyncio.gather(*(reconcile_now(world.resources, "recent") for _ in range(4)))
    assert sum(count for _, _, count, _ in await hours(world)) == len(world.ledger.feed)
    assert await world.reconciled() == expected


async def test_a_ledger_without_a_feed_is_left_alone(world: World, resources: Resources) -> None:
    """Nothing is missed where nothing can be read."""

    class Feedless(CutOff):
        async def capabilities(self) -> Any:
            found = await self.ledger.capabilities()
            return type(found)(**{**{f: getattr(found, f) for f in found.__struct_fields__}, "feed": False})

    feedless: Any = Feedless(world, 0)
    await entries.charge_is_lost(world)
    assert await advance(replace(resources, ledger=feedless), "recent")
    assert await resources.pool.fetchval("SELECT count(*) FROM ledger_break") == 0


async def test_an_entry_that_vanished_from_the_feed_is_missed_by_the_totals(world: World) -> None:
    """One that concerns no campaign of ours counts too; the break closes when the ledger has it again."""
    other = Entry(world.ledger.feed[-1].seq + 1, "gift", 0, "issuer", "player:other.x", 77, world.clock())
    world.ledger.feed.append(other)
    assert await world.breaks() == []
    world.ledger.feed.remove(other)
    world.clock.advance(HOUR_MS)
    (broken,) = await world.breaks()
    assert (broken.kind.value, broken.points, broken.campaign_id) == ("totals_differ", 77, None)
    world.ledger.feed.append(other)
    assert await world.breaks() == []


async def test_an_entry_that_was_slipped_in_is_found(world: World) -> None:
    """A gap of the feed that is filled in later was never read; totals and the full pass find it."""
    last = world.ledger.feed.pop()
    world.ledger.feed.append(Entry(last.seq + 5, "gift", 0, "issuer", "player:other.x", 1, last.posted_ms))
    assert await world.reconciled() == {("ours_only", last.operation_id, last.amount)}
    world.ledger.feed.insert(len(world.ledger.feed) - 1, last)
    assert await world.reconciled(full=True) == set()
    kinds = {each.kind.value for each in await world.breaks(full=True)}
    assert kinds == {"totals_differ"}


async def test_totals_of_a_long_hour_are_asked_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No range is longer than a ledger takes."""
    monkeypatch.setattr("game.ledger.hours.TOTALS_RANGE_MAX", 3)
    assert await world.breaks() == []
    assert await world.resources.pool.fetchval("SELECT bool_and(agreed) FROM ledger_hour")


async def test_hours_follow_each_other_without_a_gap() -> None:
    """Numbers that no entry has belong to the hour of the next entry; no hour goes back."""
    entries = [
        Entry(seq, "x", 0, "issuer", "player:x", 10, posted_ms)
        for seq, posted_ms in ((3, HOUR_MS), (5, HOUR_MS + 1), (6, 3 * HOUR_MS), (9, 2 * HOUR_MS))
    ]
    counted = hours_of(entries, after_seq=1, last_ms=0)
    assert [(h.hour_ms, h.from_seq, h.to_seq, h.entries, h.points) for h in counted] == [
        (HOUR_MS, 2, 5, 2, 20),
        (3 * HOUR_MS, 6, 9, 2, 20),
    ]
    late = hours_of(entries[:1], after_seq=1, last_ms=4 * HOUR_MS)
    assert [h.hour_ms for h in late] == [4 * HOUR_MS]
