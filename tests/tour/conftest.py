"""One small tour, whose evidence the tests then tamper with."""

from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio

from game.campaigns.views import ManagedCampaign
from game.tour import books, checks, festival
from game.tour.books import Balances
from game.tour.checks import Replayed
from game.tour.evidence import Festival, points_moved
from game.tour.guests import Made
from game.tour.stage import Place, open_campaign, plans
from game.tour.story import Played, play_everything
from game.tour.venue import Venue, open_venue
from tests.crash.site import Site, open_site


class Told(msgspec.Struct, frozen=True):
    """What the players were told, in both games and at the fair, and what it was checked against."""

    places: tuple[Place, Place]
    played: Played
    replayed: tuple[Replayed, ...]
    shown: tuple[ManagedCampaign, ...]
    balances: Balances
    fair: Festival
    venue: Venue
    site: Site

    def made(self, place: Place) -> list[Made]:
        """The plays of a campaign."""
        return [play for play in self.played.made if play.place is place]


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def told() -> AsyncIterator[Told]:
    """An honest tour."""
    async with open_site() as site:
        await site.start_service()
        async with open_venue(site.settings, site.issuer_key) as venue:
            yield await _told(venue, site)


async def _told(venue: Venue, site: Site) -> Told:
    wheel, cards = [await open_campaign(venue.resources, venue.manager, plan) for plan in plans()]
    places, played = (wheel, cards), await play_everything(venue, wheel, cards)
    shown = [await venue.manager.get(f"/v1/manage/campaigns/{place.campaign_id}") for place in places]
    fair = await festival.hold(venue)
    due = books.due_balances(
        [*venue.guests, venue.poor],
        [*places, fair.place],
        [*played.made, *fair.collected.made],
        points_moved(fair, venue.guests),
    )
    return Told(
        places,
        played,
        tuple([await checks.replay(venue.anybody, place, _of(played, place)) for place in places]),
        tuple(answer.read(ManagedCampaign, status=200) for answer in shown),
        await books.balances(venue.resources.ledger, due),
        fair,
        venue,
        site,
    )


def _of(played: Played, place: Place) -> list[Made]:
    return [play for play in played.made if play.place is place]
