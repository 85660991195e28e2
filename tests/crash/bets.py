"""Plays that a test makes and then asks about, in campaigns in which every draw wins something."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
import msgspec

from game import demo
from game.auth import Role
from game.plays.views import PlayPage, PlayView
from game.resources import Resources
from game.tour.client import Answer, Client, play
from game.tour.guests import Guest, Made, Seated, sit_down
from game.tour.stage import Place, Plan, open_campaign
from tests.crash.site import Site

START_POINTS = 1_000
HEAL_SECONDS = 25.0
POLL_SECONDS = 0.05
CONNECTIONS_MAX = 256
ANSWER_SECONDS = 20.0
RULES = {"zh": "规则", "en": "Rules"}


class People(msgspec.Struct, frozen=True):
    """Who plays and who checks; open to whatever happens to the service."""

    site: Site
    resources: Resources
    session: aiohttp.ClientSession

    @property
    def manager(self) -> Client:
        """A manager of the brand."""
        return self.site.client(self.session, "mei", Role.MANAGER)

    @property
    def anybody(self) -> Client:
        """Somebody without a token."""
        return Client(self.session, None)

    async def guest(self, name: str, *, points: int = START_POINTS) -> Guest:
        """A player with points."""
        made = Guest(name, self.site.client(self.session, name, Role.PLAYER), points)
        await demo.fund(self.resources, made.account, points)
        return made

    async def place(self, plan: Plan) -> Place:
        """A launched campaign."""
        return await open_campaign(self.resources, self.manager, plan)

    async def seated(self, place: Place, *names: str) -> list[Seated]:
        """New players, with a seat each."""
        return await sit_down([await self.guest(f"{place.campaign_id}.{name}") for name in names], place)

    async def account_holds(self, account: str, points: int) -> None:
        """Poll until a ledger account holds so many points."""
        deadline = time.monotonic() + HEAL_SECONDS
        while (held := (await self.resources.ledger.account(account)).posted) != points:
            assert time.monotonic() < deadline, f"{account} holds {held} points, not {points}"
            await asyncio.sleep(POLL_SECONDS)

    async def give_chances(self, seated: Seated, count: int) -> None:
        """Free draws from a manager."""
        body = {
            "subject": seated.guest.name,
            "count": count,
            "expires_at": datetime.now(UTC) + timedelta(days=1),
            "source": "test",
        }
        path = f"/v1/manage/campaigns/{seated.place.campaign_id}/chances"
        (await self.manager.post(path, body)).text()


@asynccontextmanager
async def people_of(site: Site, *, answer_seconds: float = ANSWER_SECONDS) -> AsyncIterator[People]:
    """Clients of the service, and what the books are checked with."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    timeout = aiohttp.ClientTimeout(total=answer_seconds)
    async with (
        demo.open_resources(site.settings) as resources,
        aiohttp.ClientSession(site.settings.public_url, connector=connector, timeout=timeout) as session,
    ):
        yield People(site, resources, session)


def wheel(*rows: dict[str, Any], price_points: int = 50, seat_draws: int = 64) -> Plan:
    """A wheel of these rows; its draws are capped, so anything may be won."""
    pool = {
        "pool_id": "wheel",
        "game": "wheel",
        "price_points": price_points,
        "seat_draws": seat_draws,
        "draws_cap": 1_000,
        "rows": rows,
    }
    return _plan("Wheel", pool)


def cards(*rows: dict[str, Any], price_points: int = 20) -> Plan:
    """Scratch cards of these rows."""
    pool = {
        "pool_id": "cards",
        "game": "scratch",
        "price_points": price_points,
        "seat_draws": 64,
        "rows": rows,
    }
    return _plan("Cards", pool)


def _plan(name: str, pool: dict[str, Any]) -> Plan:
    rows = [row for row in pool["rows"] if row["prize"]["kind"] == "voucher"]
    vouchers = {row["prize"]["voucher_batch"]: row.get("stock") or row["count"] for row in rows}
    campaign = {"name": {"zh": name, "en": name}, "rules": RULES, "limits": {}}
    return Plan(campaign=campaign, pool=pool, vouchers=vouchers)


def row(name: str, kind: str, amount: int, **terms: object) -> dict[str, Any]:
    """One row of a prize table."""
    prize = {
        "kind": kind,
        "amount": amount,
        "name": {"zh": name, "en": name},
        "value_fen": 0,
        "value_source": "-",
        "value_date": "2026-11-01",
    }
    batch = {"voucher_batch": name} if kind == "voucher" else {}
    return {"id": name, **terms, "prize": prize | batch}


class Bet(msgspec.Struct, frozen=True, kw_only=True):
    """One play. `by` is who sees to it that it comes to its end: its player, or nobody but the sweeper.

    `turn` tells apart what a player asks for more than once.
    """

    seated: Seated
    count: int
    turn: int = 0
    pay_with: Literal["points", "chance"] = "points"
    by: Literal["retry", "sweeper"] = "retry"

    @property
    def key(self) -> str:
        """Its Idempotency-Key."""
        return f"bet-{self.turn}"

    async def send(self) -> Answer | None:
        """Ask for the play, once; None where the service did not answer: killed, or paused for too long."""
        body = {"count": self.count, "pay_with": self.pay_with}
        try:
            return await self.seated.guest.client.post(f"{self.seated.place.pool}/plays", body, key=self.key)
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def end(self) -> Made:
        """The play once it is over; another retry must tell the same."""
        if self.by == "sweeper":
            await self._is_over()
        view, again = [await self._retry() for _ in range(2)]
        assert view == again, (view, again)
        seated = self.seated
        return Made(guest=seated.guest, place=seated.place, seat=seated.seat, key=self.key, view=view)

    async def _retry(self) -> PlayView:
        client, pool = self.seated.guest.client, self.seated.place.pool
        answer = await play(client, pool, count=self.count, key=self.key, pay_with=self.pay_with)
        return answer.read(PlayView, status=201)

    async def _is_over(self) -> None:
        path = f"/v1/campaigns/{self.seated.place.campaign_id}/me/plays"
        deadline = time.monotonic() + HEAL_SECONDS
        page = (await self.seated.guest.client.get(path)).read(PlayPage, status=200)
        while [play.finished_at is not None for play in page.plays] != [True]:
            assert time.monotonic() < deadline, (
                f"no sweeper ended the play of {self.seated.guest.name}: {page}"
            )
            await asyncio.sleep(POLL_SECONDS)
            page = (await self.seated.guest.client.get(path)).read(PlayPage, status=200)


async def six_bets(people: People) -> list[Bet]:
    """Both games, points and chances, healed by the player and by nobody."""
    at_wheel = await people.seated(await people.place(WHEEL), "retry", "sweep", "free-retry", "free-sweep")
    at_cards = await people.seated(await people.place(CARDS), "retry", "sweep")
    for seated in at_wheel[2:]:
        await people.give_chances(seated, 2)
    return [
        Bet(seated=at_wheel[0], count=3),
        Bet(seated=at_wheel[1], count=2, by="sweeper"),
        Bet(seated=at_wheel[2], count=2, pay_with="chance"),
        Bet(seated=at_wheel[3], count=1, pay_with="chance", by="sweeper"),
        Bet(seated=at_cards[0], count=1),
        Bet(seated=at_cards[1], count=4, by="sweeper"),
    ]


WHEEL = wheel(
    row("coffee", "voucher", 1, weight=2, stock=3, **{"else": "points-20"}),
    row("again", "chances", 1, weight=1),
    row("points-20", "points", 20, weight=3),
    row("points-5", "points", 5, weight=2),
)
CARDS = cards(
    row("tea", "voucher", 1, count=4),
    row("points-7", "points", 7, count=6),
    row("thanks", "nothing", 0, count=2),
)


def places_of(bets: Iterable[Bet]) -> list[Place]:
    """The campaigns of bets, each once."""
    return list({bet.seated.place.campaign_id: bet.seated.place for bet in bets}.values())


async def end_all(bets: Sequence[Bet]) -> list[Made]:
    """All plays once they are over."""
    return await asyncio.gather(*(bet.end() for bet in bets))
