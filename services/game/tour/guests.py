"""Twenty players who all play at once, each with a seat and a seed of their own in every campaign."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from game.demo import BRAND
from game.players import account_of
from game.plays.views import PlayView, SeatedView
from game.prizes.api import GrantView, PrizePage
from game.tour.client import Client, play, take_seat, uncover
from game.tour.stage import Place

T = TypeVar("T")

PLAYS_AT_ONCE = 3
# One play of ten draws and nine of one: 200 plays of each game by 20 players.
COUNTS = (10, *[1] * 9)
PRIZES_PER_PAGE = 50
PAGES_MAX = 10


class Guest(msgspec.Struct, frozen=True):
    """A player, and how many points it began with."""

    name: str
    client: Client
    start_points: int

    @property
    def account(self) -> str:
        """Its account in the core ledger."""
        return account_of(brand_id=BRAND, subject=self.name)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A play that came to its end. `seat` is what the guest got when it sat down; `key` asks for it again."""

    guest: Guest
    place: Place
    seat: SeatedView
    key: str
    view: PlayView

    @property
    def won_points(self) -> int:
        """Points of the draws that are uncovered."""
        won = [draw.outcome for draw in self.view.draws if draw.outcome is not None]
        return sum(prize.amount for prize in won if prize.kind == "points")


class Seated(msgspec.Struct, frozen=True):
    """A guest in a campaign."""

    guest: Guest
    place: Place
    seat: SeatedView

    async def play_once(self, key: str, *, count: int) -> Made:
        """One play, paid with points."""
        answer = await play(self.guest.client, self.place.pool, count=count, key=key)
        return self._made(key, answer.read(PlayView, status=201))

    async def play_free(self, key: str) -> Made:
        """One draw, paid with a chance that was won."""
        answer = await play(self.guest.client, self.place.pool, count=1, key=key, pay_with="chance")
        return self._made(key, answer.read(PlayView, status=201))

    def _made(self, key: str, view: PlayView) -> Made:
        return Made(guest=self.guest, place=self.place, seat=self.seat, key=key, view=view)


async def sit_down(guests: Iterable[Guest], place: Place) -> list[Seated]:
    """A seat for every guest."""

    async def sit(guest: Guest) -> Seated:
        return Seated(guest, place, await take_seat(guest.client, place.pool, place.log_key))

    return await asyncio.gather(*map(sit, guests))


async def play_all(seated: Sequence[Seated]) -> list[Made]:
    """Every guest's plays: all guests at once, each a few at a time."""
    played = await asyncio.gather(*map(_play_bounded, seated))
    return [made for plays in played for made in plays]


async def _play_bounded(seated: Seated) -> list[Made]:
    turns = asyncio.Semaphore(PLAYS_AT_ONCE)

    async def take_turn(number: int, count: int) -> Made:
        async with turns:
            return await seated.play_once(f"tour-{number}", count=count)

    return await asyncio.gather(*(take_turn(number, count) for number, count in enumerate(COUNTS)))


async def play_free_draws(seated: Sequence[Seated], made: Iterable[Made]) -> list[Made]:
    """One free draw of every guest who has won one."""
    winners = {
        play.guest.name
        for play in made
        for draw in play.view.draws
        if draw.outcome is not None and draw.outcome.kind == "chances"
    }
    return await asyncio.gather(*(who.play_free("tour-free") for who in seated if who.guest.name in winners))


async def uncover_all(made: Iterable[Made]) -> list[Made]:
    """The same plays with all their cards scratched."""

    async def scratch(play: Made) -> Made:
        return msgspec.structs.replace(play, view=await uncover(play.guest.client, play.view))

    return await asyncio.gather(*map(scratch, made))


async def ask_all(guests: Sequence[Guest], kind: type[T], path: str) -> dict[str, T]:
    """What each guest is told at a path, by name."""
    answers = await asyncio.gather(*(guest.client.get(path) for guest in guests))
    return {guest.name: answer.read(kind, status=200) for guest, answer in zip(guests, answers, strict=True)}


async def prizes_of(guest: Guest, campaign_id: str) -> list[GrantView]:
    """All that a guest has won in a campaign."""
    prizes: list[GrantView] = []
    path = f"/v1/campaigns/{campaign_id}/me/prizes?limit={PRIZES_PER_PAGE}"
    before = ""
    for _ in range(PAGES_MAX):
        page = (await guest.client.get(path + before)).read(PrizePage, status=200)
        prizes += page.prizes
        if page.next is None:
            break
        before = f"&before={page.next}"
    return prizes
