"""What collectors do with badges: draw them, exchange and convert spare ones, claim, redeem the full set."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from game.badges.rules import Claim, Convert, Exchange, Redeem, Trade
from game.badges.views import MyBadges, MySet, TradedView
from game.tour.guests import Guest, Made, Seated

DRAWS = 10


class Collector(msgspec.Struct, frozen=True):
    """A guest at the wheel that pays badges. One who claims does so before exchanging."""

    seated: Seated
    claims: bool

    @property
    def guest(self) -> Guest:
        """Who it is."""
        return self.seated.guest


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that was asked for twice at once under one key, and what was answered."""

    guest: Guest
    asked: Trade
    answers: tuple[TradedView, TradedView]

    @property
    def done(self) -> TradedView:
        """What came of it."""
        return self.answers[0]


async def draw_badges(collectors: Sequence[Collector]) -> list[Made]:
    """Ten draws of each, and the free one that sharing has earned."""
    paid = await asyncio.gather(*(each.seated.play_once("tour-badges", count=DRAWS) for each in collectors))
    free = await asyncio.gather(*(each.seated.play_free("tour-shared") for each in collectors))
    return [*paid, *free]


async def fill_sets(collectors: Sequence[Collector], set_id: str) -> list[Deal]:
    """Get what is missing; whoever claims also converts a spare badge. Then all redeem at once."""
    filled = await asyncio.gather(*(_fill(each, set_id) for each in collectors))
    redeemed = await asyncio.gather(*(_deal(each, set_id, Redeem(), key="redeem") for each in collectors))
    return [*(deal for deals in filled for deal in deals), *redeemed]


async def album_of(guest: Guest, campaign_id: str, set_id: str) -> MySet:
    """A set as its collector sees it."""
    answer = await guest.client.get(f"/v1/campaigns/{campaign_id}/me/badges")
    return next(each for each in answer.read(MyBadges, status=200).sets if each.set_id == set_id)


async def _fill(collector: Collector, set_id: str) -> list[Deal]:
    deals: list[Deal] = []
    album = await _album(collector, set_id)
    while album.missing:
        deals.append(await _deal(collector, set_id, _way(collector, album), key=f"fill-{len(deals)}"))
        album = await _album(collector, set_id)
    if collector.claims and album.spare:
        deals.append(await _deal(collector, set_id, Convert(badge=min(album.spare)), key="convert"))
    return deals


def _way(collector: Collector, album: MySet) -> Trade:
    if collector.claims and album.claims_left:
        return Claim(wanted=album.missing[0])
    spare = list(Counter(album.spare).elements())
    return Exchange(wanted=album.missing[0], spend=tuple(spare[: album.terms.exchange_price]))


async def _deal(collector: Collector, set_id: str, trade: Trade, *, key: str) -> Deal:
    guest, place = collector.guest, collector.seated.place
    path = f"/v1/campaigns/{place.campaign_id}/me/sets/{set_id}/trades"
    one, two = await asyncio.gather(*(guest.client.post(path, trade, key=key) for _ in range(2)))
    answers = (one.read(TradedView, status=200), two.read(TradedView, status=200))
    return Deal(guest=guest, asked=trade, answers=answers)


async def _album(collector: Collector, set_id: str) -> MySet:
    return await album_of(collector.guest, collector.seated.place.campaign_id, set_id)


def collectors_of(seated: Sequence[Seated]) -> list[Collector]:
    """All of them; the last one claims."""
    return [Collector(each, claims=each is seated[-1]) for each in seated]


def cost(deal: Deal, badges: Sequence[str]) -> Counter[str]:
    """The badges that a trade costs by the published policy of the set."""
    match deal.asked:
        case Exchange(spend=spend):
            return Counter(spend)
        case Convert(badge=badge):
            return Counter([badge])
        case Redeem():
            return Counter(badges)
        case _:
            return Counter()
