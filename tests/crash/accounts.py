"""Whether log, ledger, database and players agree on every play: nothing lost, nothing twice."""

import asyncio
from collections.abc import Sequence

from game.campaigns.views import ManagedCampaign
from game.plays.views import PlayView
from game.tour import books, checks
from game.tour.guests import Made, uncover_all
from game.tour.stage import Place
from ledger_client import house
from tests.crash.bets import People

AGREE = {
    "unfinished plays": """
        SELECT count(*) FROM play WHERE campaign_id = $1 AND finished_ms IS NULL""",
    "seats with draws that are reserved and not made": """
        SELECT count(*) FROM seat WHERE campaign_id = $1 AND draws_reserved <> draws_taken""",
    "pools whose reserved draws are not those made": """
        SELECT count(*) FROM pool AS p WHERE campaign_id = $1 AND draws_reserved <>
        (SELECT count(*) FROM draw JOIN seat USING (campaign_id, seat_id)
         WHERE campaign_id = $1 AND pool_id = p.pool_id)""",
    "players whose counts are not their draws": """
        SELECT count(*) FROM participation AS t WHERE campaign_id = $1 AND draws_total <>
        (SELECT count(*) FROM draw JOIN play USING (campaign_id, play_id)
         WHERE campaign_id = $1 AND player_id = t.player_id)""",
    "operations whose outcome is not known": """
        SELECT count(*) FROM operation WHERE campaign_id = $1 AND state = 'due'""",
    "settled plays whose debit is not applied": """
        SELECT count(*) FROM play JOIN operation AS o USING (campaign_id, play_id)
        WHERE campaign_id = $1 AND o.kind = 'debit' AND (play.state = 'settled') <> (o.state = 'applied')""",
    "point prizes without exactly one applied credit": """
        SELECT count(*) FROM prize_grant AS g WHERE campaign_id = $1 AND kind = 'points' AND 1 <>
        (SELECT count(*) FROM operation WHERE campaign_id = $1 AND kind = 'credit' AND state = 'applied'
         AND entry_index = g.entry_index)""",
    "chances that were used and not taken": """
        SELECT count(*) FROM chance_lot AS l WHERE campaign_id = $1 AND granted - units_left <>
        (SELECT coalesce(sum(units), 0) FROM chance_use WHERE campaign_id = $1 AND lot_id = l.lot_id)""",
}


async def assert_all_agree(people: People, places: Sequence[Place], made: Sequence[Made]) -> None:
    """Check every draw, log, balance, stock and row of campaigns in which nothing else was played."""
    shown = [*filter(_is_told, made), *await uncover_all(play for play in made if not _is_told(play))]
    findings = [*checks.check_draws(shown), *await _balances(people, places, shown)]
    for place in places:
        here = [play for play in shown if play.place is place]
        findings += await _logged(people, place, here)
        findings += await _charged(people, place, here)
        findings += await _stored(people, place)
    assert not findings, "\n".join(findings)


def _is_told(made: Made) -> bool:
    return made.view.game == "wheel" or made.view.state != "settled"


async def _balances(people: People, places: Sequence[Place], made: Sequence[Made]) -> list[str]:
    guests = {play.guest.name: play.guest for play in made}
    due = books.due_balances([*guests.values()], places, made)
    found = await books.balances(people.resources.ledger, due)
    inboxes = [(guest, place) for guest in guests.values() for place in places]
    wrong = await asyncio.gather(*(books.check_prizes(guest, place, made) for guest, place in inboxes))
    return [*books.check_balances(found, made), *(finding for inbox in wrong for finding in inbox)]


async def _logged(people: People, place: Place, made: Sequence[Made]) -> list[str]:
    replayed = await checks.replay(people.anybody, place, made)
    path = f"/v1/manage/campaigns/{place.campaign_id}"
    shown = (await people.manager.get(path)).read(ManagedCampaign, status=200)
    return [*checks.check_log(replayed, place, made), *books.check_stock(shown, replayed.report, made)]


async def _charged(people: People, place: Place, made: Sequence[Made]) -> list[str]:
    """The ledger has one entry for every paid play of the campaign, and no other."""
    paid = {f"play:{play.view.id}": play.view.price_points for play in made if _is_charged(play.view)}
    entries = await people.ledger_entries(house(place.campaign_id))
    charged = [(entry["operation_id"], entry["amount"]) for entry in entries]
    return [] if sorted(charged) == sorted(paid.items()) else [f"charged {charged}, played {paid}"]


def _is_charged(view: PlayView) -> bool:
    return view.state == "settled" and view.price_points > 0


async def _stored(people: People, place: Place) -> list[str]:
    async with people.resources.pool.acquire() as conn:
        counts = [(what, await conn.fetchval(sql, place.campaign_id)) for what, sql in AGREE.items()]
    return [f"{place.name}: {count} {what}" for what, count in counts if count]
