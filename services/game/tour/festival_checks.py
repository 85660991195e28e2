"""Whether the fair was as it should be: answers against the tour's own count and the published terms."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from game.badges.rules import Claim, Convert, Exchange, Redeem
from game.badges.views import ExactView, MySet, OddsView, TradedView
from game.campaigns.public_views import CampaignView
from game.prizes.lots_api import LotPage
from game.tour.circle import check_circle
from game.tour.collecting import Deal, cost
from game.tour.errands import tally
from game.tour.evidence import SET, Festival, Told, dues_of, reviews_due
from game.tour.exports import check_exports
from game.tour.guests import Made
from game.tour.incidents import unexpected
from game.tour.luck import Hope, completed, expected
from game.tour.presents import check_present
from game.tour.progress import check_notices, check_rewards, check_tasks
from game.tour.ranking import TREASURE, VISITORS, check_board, check_prospects, treasures, visits
from game.tour.runs import check_repair, check_streak, days_of
from game.tour.stage import Plan

DIGITS = 10**11


class Rules(msgspec.Struct, frozen=True):
    """Of the text that a pool's entry has the hash of: what the campaign promises otherwise than by draws."""

    promised: dict[str, dict[str, Any]]


def check_festival(festival: Festival) -> list[str]:
    """All that does not agree."""
    collected = festival.collected
    return [
        *check_told(festival.plan, festival.told),
        *check_streaks(festival.plan, festival.told),
        *check_inboxes(festival),
        *check_free(festival),
        *check_present(festival.present),
        *check_exports(festival.told.exported, festival.documents, revoked_of(festival.told)),
        *check_boards(festival),
        *check_deals(festival.plan, collected.deals, collected.albums),
        *check_albums(festival),
        *check_terms(festival),
        *unexpected(festival.incidents),
        *check_odds(collected.hoping, festival.page),
        *(fault for album in collected.albums.values() for fault in check_odds(album, festival.page)),
    ]


def check_told(plan: Plan, told: Told) -> Iterator[str]:
    """Copies counted once, bars and completions are those of the tour's own count, at each stage."""
    yield from check_notices([*told.first, *told.then])
    pending = dict.fromkeys(told.before, "pending")
    yield from check_tasks(plan, tally([]), told.before, reviews=pending)
    yield from check_tasks(plan, told.earlier, told.after, reviews=pending)
    reviews = reviews_due(told.before)
    yield from check_tasks(plan, told.in_all, told.last, reviews=reviews)
    wanted = {name: state for name, state in reviews.items() if told.earlier.of(name, "review")}
    for name in sorted(wanted.keys() | told.reviews.keys()):
        if wanted.get(name) != told.reviews.get(name):
            yield f"the review of {name} is {told.reviews.get(name)}, not {wanted.get(name)}"


def check_streaks(plan: Plan, told: Told) -> Iterator[str]:
    """Runs, freezes, calendars, and the day that was repaired."""
    yield from check_repair(plan, told.mended)
    for name, mine in told.streaks.items():
        days, mended = days_of(told.everything, name), told.mended.of(name)
        yield from check_streak(plan, name, days, mended, mine, told.calendars[name])


def revoked_of(told: Told) -> set[str]:
    """Whose reviews were taken back, and their badges with them."""
    return {name for name in told.exported if not told.in_all.of(name, "review")}


def check_inboxes(festival: Festival) -> Iterator[str]:
    """Rewards were given once each, and what was taken back is marked so."""
    due = dues_of(festival)
    for name, inbox in festival.inboxes.items():
        yield from check_rewards(name, due[name], inbox)


def check_free(festival: Festival) -> Iterator[str]:
    """Sharing has earned free draws, which are listed, and gone once they were played."""
    draft, count = festival.plan.tasks["share"], festival.told.in_all
    played = Counter(made.guest.name for made in festival.collected.made if made.view.pay_with == "chance")
    for name, page in festival.free.items():
        units = count.earned(name, "share", draft) * draft["reward"]["amount"]
        yield from _check_lots(name, page, units, kinds={"task"})
        left = units - played[name] + festival.present.moved[name]
        yield from _check_lots(name, festival.left[name], left, kinds={"task", "gift"})


def _check_lots(name: str, page: LotPage, units: int, *, kinds: set[str]) -> Iterator[str]:
    listed = sum(lot.units_left for lot in page.lots)
    if (page.chances_left, listed) != (units, units) or not kinds >= {lot.kind for lot in page.lots}:
        yield f"{name} should have {units} free draws of tasks; told are {page.chances_left}: {page.lots}"


def check_boards(festival: Festival) -> Iterator[str]:
    """Both boards rank as the tour counts, and so do friends among themselves."""
    scores = visits(festival.told.everything)
    yield from check_board(festival.boards[VISITORS], scores)
    yield from check_board(festival.boards[TREASURE], treasures(festival.collected.deals))
    yield from check_circle(festival.circle, scores)
    yield from check_prospects(festival.plan, festival.boards)


def check_deals(plan: Plan, deals: Sequence[Deal], albums: Mapping[str, MySet]) -> Iterator[str]:
    """What a deal gave is what the published policy says; the prize as often as there was one."""
    policy = plan.sets[SET]
    for deal in deals:
        one, two = deal.answers
        if one != two:
            yield f"{deal.guest.name} asked once for {deal.asked} and got {one} and {two}"
        due = _due(policy, deal)
        if (one.kind, one.amount, one.item) != due or Counter(one.spent) != cost(deal, policy["badges"]):
            yield f"{deal.guest.name} asked for {deal.asked} and got {one}, not {due}"
    redeemed = [deal.done for deal in deals if isinstance(deal.asked, Redeem)]
    yield from _check_stock(policy, redeemed, albums)


def _due(policy: dict[str, Any], deal: Deal) -> tuple[str, int, str | None]:
    """What a deal gives: kind, amount, item."""
    match deal.asked:
        case Exchange(wanted=wanted) | Claim(wanted=wanted):
            return ("badge", 1, wanted)
        case Convert():
            return ("points", policy["convert"]["points"], None)
        case _ if deal.done.is_alternative:
            return (policy["alternative"]["kind"], policy["alternative"]["amount"], None)
        case _:
            return (policy["prize"]["kind"], 1, SET)


def _check_stock(
    policy: dict[str, Any], redeemed: Sequence[TradedView], albums: Mapping[str, MySet]
) -> Iterator[str]:
    """The prize was given as often as there was one, else the alternative."""
    prizes, units = sum(not each.is_alternative for each in redeemed), policy["prize"]["units"]
    if prizes != min(units, len(redeemed)):
        yield f"of {len(redeemed)} full sets {prizes} got one of {units} prizes"
    left = (units - prizes, policy["alternative"]["units"] - len(redeemed) + prizes)
    for name, album in albums.items():
        if (album.left.prize, album.left.alternative) != left:
            yield f"{name} was told that {album.left} is left of the set, not {left}"


def check_albums(festival: Festival) -> Iterator[str]:
    """Badges at hand are those drawn and earned, and got and spent in deals."""
    badges, reviews = festival.plan.sets[SET]["badges"], reviews_due(festival.told.before)
    for name, album in festival.collected.albums.items():
        held = Counter(_drawn(name, festival.collected.made))
        if reviews[name] == "rewarded" and festival.told.in_all.of(name, "review"):
            held[festival.plan.tasks["review"]["reward"]["item"]] += 1
        for deal in festival.collected.deals:
            if deal.guest.name == name:
                held.update(badge for badge in badges if badge == deal.done.item)
                held.subtract(cost(deal, badges))
        if held != Counter(album.held):
            yield f"{name} should hold {dict(held)}, and is told {album.held}"


def _drawn(name: str, made: Iterable[Made]) -> Iterator[str]:
    return (
        draw.outcome.row
        for play in made
        if play.guest.name == name
        for draw in play.view.draws
        if draw.outcome is not None
    )


def check_terms(festival: Festival) -> Iterator[str]:
    """The pool in the log binds the very terms that collectors are shown, and all else that is promised."""
    (pool,) = festival.page.pools
    digest = hashlib.sha256(festival.rules).hexdigest()
    promised = msgspec.json.decode(festival.rules, type=Rules).promised
    if digest != pool.commitment.rules_sha256:
        yield f"the rules of {pool.pool_id} hash to {digest}, not {pool.commitment.rules_sha256}"
    for name, album in festival.collected.albums.items():
        bound = [(each.pool_id, each.rules_sha256) for each in album.bound_by]
        shown = msgspec.json.decode(msgspec.json.encode(album.terms))
        if bound != [(pool.pool_id, digest)] or promised.get(f"set:{SET}") != shown:
            yield f"{name} is shown terms of the set that {bound} do not bind"
    yield from _check_bound(festival.plan, promised)


def _check_bound(plan: Plan, promised: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Tasks, streaks and boards are bound as the manager wrote them."""
    bound = {f"task {name}": promised.get("task", {}).get(name) for name in plan.tasks}
    bound |= {f"streak {name}": promised.get("streak", {}).get(name) for name in plan.streaks}
    bound |= {f"board {name}": promised.get(f"board:{name}") for name in plan.boards}
    written = [*plan.tasks.values(), *plan.streaks.values(), *plan.boards.values()]
    for (what, said), draft in zip(bound.items(), written, strict=True):
        if not _says(said, draft):
            yield f"{what} is bound as {said}"


def _says(said: Any, written: Any) -> bool:
    """Whether what is bound says all that was written; it may say more, such as what was left open."""
    if isinstance(written, dict):
        return isinstance(said, dict) and all(_says(said.get(name), written[name]) for name in written)
    if isinstance(written, list):
        return len(said or ()) == len(written) and all(map(_says, said, written))
    return bool(said == written)


def check_odds(album: MySet, page: CampaignView) -> Iterator[str]:
    """The odds that a collector was told are those of the public table, to the last digit of the fraction."""
    (pool,) = page.pools
    hope = Hope(
        weights={
            row.prize.badge.badge_id: row.odds.numerator for row in pool.rows if row.prize.badge is not None
        },
        total=sum(row.odds.numerator for row in pool.rows),
        badges=frozenset(album.terms.badges),
        missing=frozenset(album.missing),
        spare=sum(album.spare.values()),
    )
    if len(album.odds) != 1 or not album.odds[0].within:
        yield f"odds of {album.set_id}: none were told"
    for odds in album.odds:
        yield from _check_pool(album, odds, hope)


def _check_pool(album: MySet, odds: OddsView, hope: Hope) -> Iterator[str]:
    told = {"on average": (odds.expected_draws, expected(hope, hope.missing))}
    for each in odds.within:
        alone = completed(hope, draws=each.draws, price=None)
        exchanged = completed(hope, draws=each.draws, price=album.terms.exchange_price)
        told[f"within {each.draws} draws"] = (each.alone, alone)
        told[f"within {each.draws} draws with exchange"] = (each.exchanged, exchanged)
    for what, (shown, true) in told.items():
        if not _is_exact(shown, true):
            yield f"odds of {album.set_id} {what}: {shown}, computed anew {true}"


def _is_exact(shown: ExactView | None, true: Fraction | None) -> bool:
    if shown is None or true is None:
        return shown is None and true is None
    is_near = abs(Fraction(shown.decimal) - true) * DIGITS <= true
    return shown.fraction in (None, f"{true.numerator}/{true.denominator}") and is_near
