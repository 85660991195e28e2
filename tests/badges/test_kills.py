"""Processes are killed after a statement of a trade: asked again, it is done once, and the books add up."""

import json
import signal
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.players import player_id_of
from tests.badges.album import BADGES, Album, badge_set
from tests.campaigns.office import HOUR_MS, NAME, Office, Someone
from tests.support.dying import ending_of
from tests.support.pools import pool, row
from tests.support.service import ManualClock
from tests.support.stage import Stage, another_engine

pytestmark = pytest.mark.asyncio

UNITS = 100
STATEMENTS_MAX = 80
SOME = 18


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A trade, what it gives, the badges that it needs and those that are left, and terms of the set."""

    asks: dict[str, Any]
    gives: tuple[str, int]
    takes: str | None = "prize"
    needs: tuple[str, ...] = BADGES
    leaves: tuple[str, ...] = ()
    terms: dict[str, Any] = {}


def _prize(**changes: Any) -> dict[str, Any]:
    return {"prize": {"kind": "points", "amount": 500, "name": NAME, "units": UNITS} | changes}


BLANKS = pool("main", row("thanks", weight=1), draws_cap=1_000)
REDEEM = {"kind": "redeem"}
DEEDS = {
    "exchange": Deed(
        asks={"kind": "exchange", "wanted": "tiger", "spend": ["ox", "ox"]},
        gives=("badge", 1),
        takes=None,
        needs=("ox", "ox", "ox"),
        leaves=("ox", "tiger"),
    ),
    "convert": Deed(
        asks={"kind": "convert", "badge": "ox"},
        gives=("points", 5),
        takes="convert",
        needs=("ox", "ox"),
        leaves=("ox",),
    ),
    "claim": Deed(
        asks={"kind": "claim", "wanted": "rat"}, gives=("badge", 1), takes=None, needs=(), leaves=("rat",)
    ),
    "points": Deed(asks=REDEEM, gives=("points", 500)),
    "voucher": Deed(
        asks=REDEEM, gives=("voucher", 1), terms=_prize(kind="voucher", amount=1, voucher_batch="tea")
    ),
    "goods": Deed(asks=REDEEM, gives=("goods", 1), terms=_prize(kind="goods", amount=1)),
    "alternative": Deed(asks=REDEEM, gives=("points", 50), takes="alternative", terms=_prize(units=1)),
}


class Victims:
    """Players of one campaign, each of whom has a process that dies in the middle of a trade."""

    def __init__(self, album: Album, deed: Deed, clock: ManualClock, *urls: str) -> None:
        self.album = album
        self.office = album.office
        self.deed = deed
        self.urls = urls
        self.stage = Stage(self.office.resources, self.office.ledger, clock)
        self.stage.campaign_ids.append(album.campaign_id)

    @classmethod
    async def gathered(cls, office: Office, deed: Deed, clock: ManualClock, *urls: str) -> "Victims":
        """In a live campaign; where the alternative is asked for, somebody has the prize."""
        album = await Album.drafted(office)
        convert = {"points": 5, "units": UNITS}
        alternative = {"kind": "points", "amount": 50, "units": UNITS}
        terms = _prize() | {"convert": convert, "alternative": alternative} | deed.terms
        await album.write("sets/spring", badge_set(**terms))
        await office.post(f"/{album.campaign_id}/pools", BLANKS)
        await office.add_codes(album.campaign_id, UNITS)
        office.ledger.fund(f"campaign:{album.campaign_id}:budget", 1_000_000)
        await office.post(f"/{album.campaign_id}/launch")
        clock.advance(HOUR_MS)
        made = cls(album, deed, clock, *urls)
        if deed.takes == "alternative":
            await album.give("first", *BADGES)
            assert (await album.trade("first", "k", **REDEEM)).json()["amount"] == 500
        return made

    async def die(self, steps: Iterable[int]) -> list[int]:
        """A death for each number of statements, until a process lives to its end; how they ended."""
        before = await self._left()
        endings: list[int] = []
        for statements in steps:
            endings.append(await self._die(f"p{statements}", statements))
            if endings[-1] == 0:
                break
        taken = {name: count - (await self._left())[name] for name, count in before.items()}
        assert taken == {name: len(endings) * (name == self.deed.takes) for name in before}
        return endings

    async def _die(self, subject: str, statements: int) -> int:
        await self._prepare(subject)
        ending = await ending_of(
            "tests.badges.doomed", *self.urls, str(statements), str(self.stage.clock()), subject,
            self.album.campaign_id, "key", json.dumps(self.deed.asks),
        )  # fmt: skip
        await self.stage.audit()
        first = await self.album.trade(subject, "key", **self.deed.asks)
        assert first.status_code == 200, first.text
        assert (await self.album.trade(subject, "key", **self.deed.asks)).json() == first.json()
        assert (first.json()["kind"], first.json()["amount"]) == self.deed.gives
        await self._given_once(subject)
        return ending

    async def _prepare(self, subject: str) -> None:
        """Give what the trade needs; a claim needs draws."""
        await self.album.give(subject, *self.deed.needs)
        if self.deed.needs:
            return
        self.stage.fund(subject, 40)
        async with another_engine(self.office.resources) as engine:
            await self.stage.sit(engine, self.album.campaign_id, subject, "main")
            await self.stage.play(engine, self.album.campaign_id, subject, "main", key="k", draws=4)

    async def _given_once(self, subject: str) -> None:
        """One trade with its reward, paid once, and no badge but those that are left; all adds up."""
        self.stage.clock.advance(RESEND_AFTER_MS)
        await resend_due(self.office.resources)
        await self.stage.audit(in_flight_allowed=False)
        player_id = await player_id_of(self.office.resources, Someone(subject))
        rewards = await self.office.resources.pool.fetch(
            "SELECT kind, amount FROM reward WHERE player_id = $1 AND source LIKE 'set:%'", player_id
        )
        assert [tuple(reward) for reward in rewards] == [self.deed.gives]
        kind, amount = self.deed.gives
        assert self.album.balance(subject) == (amount if kind == "points" else 0)
        held = (await self.album.mine(subject))["held"]
        assert {badge for badge, count in held.items() if count} == set(self.deed.leaves)
        assert sum(held.values()) == len(self.deed.leaves)

    async def _left(self) -> dict[str, int]:
        left: dict[str, int] = (await self.album.mine("nobody"))["left"]
        return left


@pytest_asyncio.fixture(params=DEEDS)
async def victims(
    request: pytest.FixtureRequest, office: Office, clock: ManualClock, database_url: str, redis_url: str
) -> Victims:
    """Whoever dies in each of the trades."""
    return await Victims.gathered(office, DEEDS[request.param], clock, database_url, redis_url)


async def test_killed_at_some_statement(victims: Victims) -> None:
    """One of them in every run of the tests."""
    assert await victims.die([SOME]) == [-signal.SIGKILL]


@pytest.mark.slow
async def test_killed_at_each_statement(victims: Victims) -> None:
    """From the first to the last, the sending of points included."""
    endings = await victims.die(range(1, STATEMENTS_MAX))
    assert endings == [*[-signal.SIGKILL] * (len(endings) - 1), 0]
    assert len(endings) > SOME
