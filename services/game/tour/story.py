"""The tour from its first campaign to its last check; what it prints, and what it found."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.campaigns.views import ManagedCampaign
from game.embedded.stack import step
from game.settings import Settings
from game.tour import books, checks, fair_words, festival, incidents
from game.tour.books import Moved
from game.tour.evidence import Festival, points_moved
from game.tour.festival_checks import check_festival
from game.tour.guests import Made, play_all, play_free_draws, sit_down, uncover_all
from game.tour.incidents import Incident
from game.tour.stage import Place, open_campaign, plans
from game.tour.venue import PLAYERS, Venue, open_venue


class Played(msgspec.Struct, frozen=True):
    """All plays, with their cards uncovered; the cards as they were covered; what went wrong on purpose."""

    made: tuple[Made, ...]
    covered: tuple[Made, ...]
    incidents: tuple[Incident, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What was checked, in words, and what does not agree."""

    checked: tuple[str, ...]
    findings: tuple[str, ...]


async def tell(settings: Settings, key: Ed25519PrivateKey) -> Sequence[str]:
    """Play the whole story against a running service and print it; what does not agree."""
    began = time.monotonic()
    async with open_venue(settings, key) as venue:
        with step("Opening two campaigns"):
            wheel, cards = [await open_campaign(venue.resources, venue.manager, plan) for plan in plans()]
        played = await play_everything(venue, wheel, cards)
        fair = await festival.hold(venue)
        verdict = await check_everything(venue, (wheel, cards), played, fair)
    _print_played((*played.made, *fair.collected.made), (wheel, cards, fair.place))
    _print_wrong((*played.incidents, *fair.incidents))
    _print_earned(fair)
    _print_verdict(verdict, seconds=time.monotonic() - began)
    return verdict.findings


async def play_everything(venue: Venue, wheel: Place, cards: Place) -> Played:
    """200 plays of each game, the free draws that they won, and what goes wrong on purpose."""
    with step(f"Seating {PLAYERS} players in both"):
        at_wheel, at_cards = await sit_down(venue.guests, wheel), await sit_down(venue.guests, cards)
        (poor,) = await sit_down([venue.poor], wheel)
    with step("Playing 200 times at the wheel"):
        spun = await play_all(at_wheel)
    with step("Playing 200 times with cards"):
        covered = await play_all(at_cards)
    with step("Playing free draws"):
        free = await play_free_draws(at_wheel, spun)
    with step("Uncovering the cards"):
        uncovered = await uncover_all(covered)
    with step("Retrying, redeeming, overdoing"):
        rejected, refused = await incidents.too_poor(poor)
        others = [
            await incidents.same_key(spun[0]),
            await incidents.other_body(spun[0]),
            await incidents.redeem(spun),
            await incidents.over_limit(at_wheel[0]),
        ]
    return Played((*spun, *free, *uncovered, refused), tuple(covered), (*others, rejected))


async def check_everything(venue: Venue, games: Sequence[Place], played: Played, fair: Festival) -> Verdict:
    """Hold draws, logs, stocks, points, prizes and tasks against what the players were told."""
    findings, checked = incidents.unexpected(played.incidents), []
    places, made = (*games, fair.place), (*played.made, *fair.collected.made)
    with step("Checking every draw"):
        findings += checks.check_draws(made)
        findings += checks.check_cards(played.covered, _cards(played, games[1]))
        draws = sum(len(play.view.draws) for play in made)
        checked.append(
            f"{draws} receipts, each against the log's key; {draws} draws, each from its seat's seed"
        )
    for place in places:
        with step(f"Replaying the log: {place.name}"):
            checked.append(await _check_log(venue, place, made, findings))
    with step("Counting what happened"):
        findings += check_festival(fair)
        checked += fair_words.checked(fair)
    with step("Comparing points and prizes"):
        moved = points_moved(fair, venue.guests)
        checked.append(await _check_books(venue, places, made, moved, findings))
    return Verdict(tuple(checked), tuple(findings))


def _cards(played: Played, cards: Place) -> list[Made]:
    return [play for play in played.made if play.place is cards]


async def _check_log(venue: Venue, place: Place, made: Sequence[Made], findings: list[str]) -> str:
    here = [play for play in made if play.place is place]
    replayed = await checks.replay(venue.anybody, place, here)
    findings += checks.check_log(replayed, place, here)
    shown = await venue.manager.get(f"/v1/manage/campaigns/{place.campaign_id}")
    stocks = books.check_stock(shown.read(ManagedCampaign, status=200), replayed.report, here)
    findings += [f"{place.name}: {finding}" for finding in stocks]
    return (
        f"log of {place.name}: {replayed.report.size} entries replayed, {replayed.report.verdict}; "
        f"it continues {replayed.older} older checkpoints; left + won = stock in every row"
    )


async def _check_books(
    venue: Venue, places: Sequence[Place], made: Sequence[Made], moved: Sequence[Moved], findings: list[str]
) -> str:
    everybody = [*venue.guests, venue.poor]
    due = books.due_balances(everybody, places, made, moved)
    found = await books.balances(venue.resources.ledger, due)
    findings += books.check_balances(found, made)
    inboxes = [(guest, place) for guest in everybody for place in places]
    wrong = await asyncio.gather(*(books.check_prizes(guest, place, made) for guest, place in inboxes))
    findings += [finding for inbox in wrong for finding in inbox]
    return (
        f"{len(due)} ledger accounts (players, houses, budgets) and {len(inboxes)} inboxes against the plays"
    )


def _print_played(made: Sequence[Made], places: Sequence[Place]) -> None:
    print("\nWhat was played")
    for place in places:
        print(f"  {place.name:<26}{_sums([play for play in made if play.place is place])}")


def _print_wrong(what: Sequence[Incident]) -> None:
    print("\nWhat went wrong on purpose")
    for incident in what:
        print(f"  {incident.tried:<26}{incident.came}")


def _print_earned(fair: Festival) -> None:
    print(f"\nWhat was earned: {fair.place.name}")
    for name, words in fair_words.earned(fair):
        print(f"  {name:<26}{words}")


def _print_verdict(verdict: Verdict, *, seconds: float) -> None:
    print("\nWhat was checked")
    for line in verdict.checked:
        print(f"  {line}")
    for finding in verdict.findings:
        print(f"  WRONG: {finding}")
    print(f"\n{'Everything agrees.' if not verdict.findings else 'It does not agree.'} {seconds:.1f} s")


def _sums(made: Sequence[Made]) -> str:
    settled = [play for play in made if play.view.state == "settled"]
    paid = sum(play.view.price_points for play in settled)
    won = sum(play.won_points for play in settled)
    rows = Counter(draw.outcome.name.en for play in settled for draw in play.view.draws if draw.outcome)
    prizes = ", ".join(f"{times} × {name}" for name, times in rows.most_common())
    sums = f"{len(settled)} plays, {rows.total()} draws, {paid:,} points paid, {won:,} points won"
    return f"{sums}\n{'':28}{prizes}"
