"""The fair: guests share, review and check in, a manager decides, collectors fill and redeem sets."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from game.badges.views import MySet
from game.campaigns.public_views import CampaignView
from game.embedded.stack import step
from game.prizes.api import GrantView
from game.prizes.lots_api import LotPage
from game.tasks.streak_views import CalendarView, MyStreaks
from game.tasks.views import CompletionPage, CompletionView, MyTasks
from game.tour import progress, runs
from game.tour.books import Given
from game.tour.client import eventually
from game.tour.collecting import Deal, album_of, collectors_of, draw_badges, fill_sets
from game.tour.errands import FORBIDDEN_CHANNEL, Tally, check_in, deeds, tally
from game.tour.guests import Guest, Made, prizes_of, sit_down
from game.tour.progress import Line
from game.tour.sender import Event, Notice, Sender, open_source
from game.tour.stage import Place, Plan, festival_plan, open_campaign
from game.tour.venue import Venue

T = TypeVar("T")

SET = "fair"
COLLECTORS = 3
REJECTED, TAKEN_BACK, NEVER_WAS = 2, 3, 5
REASON = "Nobody can read this."


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
    """All that was told at the fair, by systems and to guests. `free`: their free draws, and `left` after."""

    plan: Plan
    place: Place
    page: CampaignView
    told: Told
    collected: Collected
    free: Mapping[str, LotPage]
    left: Mapping[str, LotPage]
    inboxes: Mapping[str, Sequence[GrantView]]


async def hold(venue: Venue) -> Festival:
    """Open the fair, and let it happen."""
    plan = festival_plan()
    with step("Opening the fair"):
        channels = {"forbidden": [FORBIDDEN_CHANNEL]}
        (await venue.manager.put("/v1/manage/share-channels", channels)).done()
        place = await open_campaign(venue.resources, venue.manager, plan)
        sender = await open_source(venue.manager, venue.anybody, source="shop")
    told = await _tell(venue, plan, place, sender)
    path = f"/v1/campaigns/{place.campaign_id}"
    free = await _each(venue.guests, LotPage, f"{path}/me/chances")
    collected = await _collect(venue, place)
    return Festival(
        plan=plan,
        place=place,
        page=(await venue.anybody.get(path)).read(CampaignView, status=200),
        told=told,
        collected=collected,
        free=free,
        left=await _each(venue.guests, LotPage, f"{path}/me/chances"),
        inboxes=await _inboxes(venue, plan, told, collected, place),
    )


async def _tell(venue: Venue, plan: Plan, place: Place, sender: Sender) -> Told:
    """Tell everything twice, decide about reviews, take back; each time wait until it shows."""
    now = datetime.now(UTC)
    before = await _each(venue.guests, MyTasks, _tasks(place))
    with step("Telling what guests did, twice"):
        first = await sender.tell_all(deeds([guest.name for guest in venue.guests], now))
        pending = dict.fromkeys(before, "pending")
        after = await _shown(venue, plan, place, tally(first), reviews=pending)
    with step("Deciding about reviews"):
        reviews = await _decide(venue, place, after)
    with step("Taking back"):
        await _points_arrived(venue.guests[TAKEN_BACK], place)
        then = await _take_back(venue, sender, now)
        last = await _shown(venue, plan, place, tally([*first, *then]), reviews=reviews_due(before))
    path = f"/v1/campaigns/{place.campaign_id}/me/streaks"
    return Told(
        first=tuple(first),
        then=tuple(then),
        before=before,
        after=after,
        last=last,
        reviews=reviews,
        streaks=await _each(venue.guests, MyStreaks, path),
        calendars=await _each(venue.guests, CalendarView, f"{path}/{runs.STREAK}/calendar?month={now:%Y-%m}"),
    )


def reviews_due(names: Iterable[str]) -> dict[str, str]:
    """What should become of a review of each guest's; names in the guests' order."""
    return {name: "rejected" if number == REJECTED else "rewarded" for number, name in enumerate(names)}


def dues(plan: Plan, told: Told, deals: Sequence[Deal]) -> dict[str, Counter[Line]]:
    """What everybody's inbox should list of rewards."""
    reviews = reviews_due(told.before)
    return {
        name: progress.of_tasks(plan, name, earlier=told.earlier, in_all=told.in_all, reviews=reviews)
        + runs.of_streaks(plan, runs.days_of(told.first, name), runs.days_of(told.everything, name))
        + progress.of_deals(name, deals)
        for name in told.before
    }


def points_given(festival: Festival, guests: Iterable[Guest]) -> list[Given]:
    """The points that each guest keeps of the fair's rewards."""
    due = dues(festival.plan, festival.told, festival.collected.deals)
    return [
        Given(guest=guest, place=festival.place, points=progress.points_kept(due[guest.name]))
        for guest in guests
        if guest.name in due
    ]


async def _shown(
    venue: Venue, plan: Plan, place: Place, count: Tally, *, reviews: Mapping[str, str]
) -> dict[str, MyTasks]:
    """Everybody's tasks as soon as they are what was counted."""
    return await eventually(
        lambda: _each(venue.guests, MyTasks, _tasks(place)),
        lambda found: not any(progress.check_tasks(plan, count, found, reviews=reviews)),
    )


async def _decide(venue: Venue, place: Place, shown: Mapping[str, MyTasks]) -> dict[str, str]:
    """Let the manager approve all reviews but one; what became of them, by guest."""
    path = f"/v1/manage/campaigns/{place.campaign_id}/task-reviews"
    waiting = (await venue.manager.get(path)).read(CompletionPage, status=200).completions
    writers = {
        each.id: name for name, mine in shown.items() for task in mine.tasks for each in task.completions
    }

    async def decide(completion: CompletionView) -> CompletionView:
        body: dict[str, object] = {"generation": completion.generation}
        rejected = writers.get(completion.id) == venue.guests[REJECTED].name
        verdict, more = ("reject", {"reason": REASON}) if rejected else ("approve", {})
        answer = await venue.manager.post(f"{path}/{completion.id}/{verdict}", body | more)
        return answer.read(CompletionView, status=200)

    decided = await asyncio.gather(*map(decide, waiting))
    return {writers[each.id]: each.state for each in decided if each.id in writers}


async def _take_back(venue: Venue, sender: Sender, now: datetime) -> list[Notice]:
    """One check-in is taken back after it was rewarded; of another the reversal comes first."""
    gone = check_in(venue.guests[TAKEN_BACK].name, now, days_ago=0)
    never: Event = check_in(venue.guests[NEVER_WAS].name, now, days_ago=6)
    first = await sender.tell_all([gone.reversal(), never.reversal()])
    return [*first, *await sender.tell_all([never])]


async def _points_arrived(guest: Guest, place: Place) -> None:
    await eventually(
        lambda: prizes_of(guest, place.campaign_id),
        lambda prizes: all(prize.state == "paid" for prize in prizes if prize.kind == "points"),
    )


async def _collect(venue: Venue, place: Place) -> Collected:
    """Three guests collect: the first two exchange, the third claims what it lacks."""
    guests = venue.guests[:COLLECTORS]
    with step("Collecting badges"):
        collectors = collectors_of(await sit_down(guests, place))
        hoping = await album_of(guests[0], place.campaign_id, SET)
        made = await draw_badges(collectors)
        deals = await fill_sets(collectors, SET)
        albums = {guest.name: await album_of(guest, place.campaign_id, SET) for guest in guests}
    return Collected(hoping=hoping, made=tuple(made), deals=tuple(deals), albums=albums)


async def _inboxes(
    venue: Venue, plan: Plan, told: Told, collected: Collected, place: Place
) -> dict[str, Sequence[GrantView]]:
    """All inboxes as soon as they list what is due."""
    due = dues(plan, told, collected.deals)

    async def read() -> dict[str, Sequence[GrantView]]:
        found = await asyncio.gather(*(prizes_of(guest, place.campaign_id) for guest in venue.guests))
        return {guest.name: prizes for guest, prizes in zip(venue.guests, found, strict=True)}

    return await eventually(
        read,
        lambda found: (
            not any(fault for name in found for fault in progress.check_rewards(name, due[name], found[name]))
        ),
    )


async def _each(guests: Sequence[Guest], kind: type[T], path: str) -> dict[str, T]:
    """What each guest is told at a path."""
    answers = await asyncio.gather(*(guest.client.get(path) for guest in guests))
    return {guest.name: answer.read(kind, status=200) for guest, answer in zip(guests, answers, strict=True)}


def _tasks(place: Place) -> str:
    return f"/v1/campaigns/{place.campaign_id}/me/tasks"
