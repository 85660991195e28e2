"""The fair: guests share, review and check in, a manager decides, collectors fill and redeem sets."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from game.campaigns.public_views import CampaignView
from game.embedded.stack import step
from game.prizes.api import GrantView
from game.prizes.lots_api import LotPage
from game.tasks.streak_views import CalendarView, MyStreaks
from game.tasks.views import CompletionPage, CompletionView, MyTasks
from game.tour import progress, runs
from game.tour.circle import form_circle
from game.tour.client import eventually
from game.tour.collecting import album_of, collectors_of, draw_badges, fill_sets
from game.tour.errands import FORBIDDEN_CHANNEL, FORGETS, Tally, check_in, deeds, review, tally
from game.tour.evidence import (
    REGRETS,
    REJECTED,
    SET,
    TAKEN_BACK,
    Collected,
    Festival,
    Told,
    dues,
    reviews_due,
)
from game.tour.exports import export_badges, look_up, name_issuer
from game.tour.guests import Guest, ask_all, prizes_of, sit_down
from game.tour.mishaps import mishaps
from game.tour.presents import exchange_presents
from game.tour.progress import Line
from game.tour.ranking import TREASURE, VISITORS, Board, read_board, treasures, visits
from game.tour.runs import mend
from game.tour.sender import Event, Notice, Sender, open_source
from game.tour.stage import Place, Plan, festival_plan, open_campaign
from game.tour.venue import Venue

NEVER_WAS = 5
COLLECTORS = 3
FRIENDS = slice(14, 18)
EXPORTERS = slice(4, 7, 2)
REASON = "Nobody can read this."


async def hold(venue: Venue) -> Festival:
    """Open the fair, and let it happen."""
    plan = festival_plan()
    with step("Opening the fair"):
        channels = {"forbidden": [FORBIDDEN_CHANNEL]}
        (await venue.manager.put("/v1/manage/share-channels", channels)).done()
        place = await open_campaign(venue.resources, venue.manager, plan)
        sender = await open_source(venue.manager, venue.anybody, source="shop")
        await name_issuer(venue.manager)
    told = await _tell(venue, plan, place, sender)
    path = f"/v1/campaigns/{place.campaign_id}"
    free = await ask_all(venue.guests, LotPage, f"{path}/me/chances")
    with step("Giving a free draw away"):
        present = await exchange_presents(venue.guests[FRIENDS], place)
    collected = await _collect(venue, place)
    with step("Forging, muddling, overdoing"):
        wrong = await mishaps(venue, plan, place, sender, SET)
    with step("Reading the boards"):
        boards = await _boards(venue, place, told, collected)
        circle = await form_circle(venue.guests[FRIENDS], place)
    page = (await venue.anybody.get(path)).read(CampaignView, status=200)
    return Festival(
        plan=plan,
        place=place,
        page=page,
        rules=(await venue.anybody.get(f"{path}/rules/{page.pools[0].pool_id}")).text(),
        told=told,
        present=present,
        collected=collected,
        boards=boards,
        circle=circle,
        free=free,
        left=await ask_all(venue.guests, LotPage, f"{path}/me/chances"),
        inboxes=await _inboxes(venue, place, dues(plan, told, present, collected.deals)),
        documents=await look_up(venue.anybody, told.exported),
        incidents=tuple(wrong),
    )


async def _tell(venue: Venue, plan: Plan, place: Place, sender: Sender) -> Told:
    """Tell everything twice, decide about reviews, take back; each time wait until it shows."""
    now = datetime.now(UTC).replace(microsecond=0)
    before = await ask_all(venue.guests, MyTasks, _tasks(place))
    with step("Telling what guests did, twice"):
        first = await sender.tell_all(deeds([guest.name for guest in venue.guests], now))
        pending = dict.fromkeys(before, "pending")
        after = await _shown(venue, plan, place, tally(first), reviews=pending)
    with step("Deciding about reviews"):
        reviews = await _decide(venue, place, after)
    with step("Exporting badges"):
        exported = await export_badges(venue.guests[EXPORTERS], place)
    with step("Taking back"):
        await _points_arrived(venue.guests[TAKEN_BACK], place)
        then = await _take_back(venue, sender, now)
        last = await _shown(venue, plan, place, tally([*first, *then]), reviews=reviews_due(before))
    with step("Repairing a missed day"):
        mended = await mend(venue.guests[FORGETS], place, now)
    path = f"/v1/campaigns/{place.campaign_id}/me/streaks"
    return Told(
        first=tuple(first),
        then=tuple(then),
        before=before,
        after=after,
        last=last,
        reviews=reviews,
        exported=exported,
        mended=mended,
        streaks=await ask_all(venue.guests, MyStreaks, path),
        calendars=await ask_all(
            venue.guests, CalendarView, f"{path}/{runs.STREAK}/calendar?month={now:%Y-%m}"
        ),
    )


async def _shown(
    venue: Venue, plan: Plan, place: Place, count: Tally, *, reviews: Mapping[str, str]
) -> dict[str, MyTasks]:
    """Everybody's tasks as soon as they are what was counted."""
    return await eventually(
        lambda: ask_all(venue.guests, MyTasks, _tasks(place)),
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
    """A check-in and a review are taken back after their rewards; of a check-in the reversal comes first."""
    gone = check_in(venue.guests[TAKEN_BACK].name, now, days_ago=0)
    regretted = review(venue.guests[REGRETS].name, now, stars=REGRETS % 5 + 1)
    never: Event = check_in(venue.guests[NEVER_WAS].name, now, days_ago=6)
    first = await sender.tell_all([gone.reversal(), regretted.reversal(), never.reversal()])
    return [*first, *await sender.tell_all([never])]


async def _points_arrived(guest: Guest, place: Place) -> None:
    await eventually(
        lambda: prizes_of(guest, place.campaign_id),
        lambda prizes: all(prize.state == "paid" for prize in prizes if prize.kind == "points"),
    )


async def _collect(venue: Venue, place: Place) -> Collected:
    """Three guests collect: the first two exchange, the third claims. Whoever got a free draw plays it."""
    guests, (_, receiver, *_) = venue.guests[:COLLECTORS], venue.guests[FRIENDS]
    with step("Collecting badges"):
        collectors = collectors_of(await sit_down(guests, place))
        hoping = await album_of(guests[0], place.campaign_id, SET)
        (friend,) = await sit_down([receiver], place)
        made = [*await draw_badges(collectors), await friend.play_free("tour-present")]
        deals = await fill_sets(collectors, SET)
        albums = {guest.name: await album_of(guest, place.campaign_id, SET) for guest in guests}
    return Collected(hoping=hoping, made=tuple(made), deals=tuple(deals), albums=albums)


async def _boards(venue: Venue, place: Place, told: Told, collected: Collected) -> dict[str, Board]:
    due = {VISITORS: visits(told.everything), TREASURE: treasures(collected.deals)}
    return {
        board_id: await read_board(venue.anybody, venue.guests, place, board_id, scores)
        for board_id, scores in due.items()
    }


async def _inboxes(
    venue: Venue, place: Place, due: Mapping[str, Counter[Line]]
) -> dict[str, Sequence[GrantView]]:
    """All inboxes as soon as they list what is due."""

    async def read() -> dict[str, Sequence[GrantView]]:
        found = await asyncio.gather(*(prizes_of(guest, place.campaign_id) for guest in venue.guests))
        return {guest.name: prizes for guest, prizes in zip(venue.guests, found, strict=True)}

    return await eventually(
        read,
        lambda found: (
            not any(fault for name in found for fault in progress.check_rewards(name, due[name], found[name]))
        ),
    )


def _tasks(place: Place) -> str:
    return f"/v1/campaigns/{place.campaign_id}/me/tasks"
