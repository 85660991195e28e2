"""What was told at the fair, to whom, and what follows from it by the tour's own count."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from game.badges.views import MySet
from game.campaigns.public_views import CampaignView
from game.prizes.api import GrantView
from game.prizes.lots_api import LotPage
from game.tasks.streak_views import CalendarView, MyStreaks
from game.tasks.views import MyTasks
from game.tour import progress, runs
from game.tour.books import Moved
from game.tour.circle import Circle
from game.tour.collecting import Deal
from game.tour.errands import Tally, tally
from game.tour.exports import Documents, Exported
from game.tour.guests import Guest, Made
from game.tour.incidents import Incident
from game.tour.presents import Present, of_presents
from game.tour.progress import Line
from game.tour.ranking import Board
from game.tour.runs import Mended
from game.tour.sender import Notice
from game.tour.stage import Place, Plan
from ledger_client import budget, house

SET = "fair"
# Guests by number: whose review is rejected, whose check-in and whose review are taken back.
REJECTED, TAKEN_BACK, REGRETS = 2, 3, 6


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What systems told of guests, `then` what they took back; tasks before, after, and after that.

    `reviews` is what became of each review, by guest. Streaks and their calendars are those of the end.
    """

    first: tuple[Notice, ...]
    then: tuple[Notice, ...]
    before: Mapping[str, MyTasks]
    after: Mapping[str, MyTasks]
    last: Mapping[str, MyTasks]
    reviews: Mapping[str, str]
    exported: Exported
    mended: Mended
    streaks: Mapping[str, MyStreaks]
    calendars: Mapping[str, CalendarView]

    @property
    def earlier(self) -> Tally:
        """The tour's own count before anything was taken back."""
        return tally(self.first)

    @property
    def in_all(self) -> Tally:
        """The tour's own count of everything."""
        return tally(self.everything)

    @property
    def everything(self) -> tuple[Notice, ...]:
        """All that was told."""
        return (*self.first, *self.then)


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What collectors drew and dealt; the `hoping` album is that of the first before its first draw."""

    hoping: MySet
    made: tuple[Made, ...]
    deals: tuple[Deal, ...]
    albums: Mapping[str, MySet]


class Festival(msgspec.Struct, frozen=True, kw_only=True):
    """All that was told at the fair, by systems and to guests; `rules` is the text that binds its pool.

    `free` lists the draws that were earned, `left` those that are left once some were given and played.
    """

    plan: Plan
    place: Place
    page: CampaignView
    rules: bytes
    told: Told
    present: Present
    collected: Collected
    boards: Mapping[str, Board]
    circle: Circle
    free: Mapping[str, LotPage]
    left: Mapping[str, LotPage]
    inboxes: Mapping[str, Sequence[GrantView]]
    documents: Documents
    incidents: tuple[Incident, ...]


def reviews_due(names: Iterable[str]) -> dict[str, str]:
    """What should become of a review of each guest's; names in the guests' order."""
    return {name: "rejected" if number == REJECTED else "rewarded" for number, name in enumerate(names)}


def dues(plan: Plan, told: Told, present: Present, deals: Sequence[Deal]) -> dict[str, Counter[Line]]:
    """What everybody's inbox should list of rewards."""
    reviews = reviews_due(told.before)
    return {
        name: progress.of_tasks(plan, name, earlier=told.earlier, in_all=told.in_all, reviews=reviews)
        + runs.of_streaks(
            plan,
            runs.days_of(told.first, name),
            runs.days_of(told.everything, name),
            told.mended.of(name),
        )
        + progress.of_deals(name, deals)
        + of_presents(present, name)
        for name in told.before
    }


def dues_of(festival: Festival) -> dict[str, Counter[Line]]:
    """What everybody's inbox should list of the fair's rewards."""
    return dues(festival.plan, festival.told, festival.present, festival.collected.deals)


def points_moved(festival: Festival, guests: Iterable[Guest]) -> list[Moved]:
    """The points that guests keep of the fair's rewards, and those that were paid for a repair."""
    due, campaign_id, mended = dues_of(festival), festival.place.campaign_id, festival.told.mended
    given = [
        Moved(debit=budget(campaign_id), credit=guest.account, points=progress.points_kept(due[guest.name]))
        for guest in guests
        if guest.name in due
    ]
    price = festival.plan.streaks[runs.STREAK]["policy"]["repair_points"]
    return [*given, Moved(debit=mended.guest.account, credit=house(campaign_id), points=price)]
