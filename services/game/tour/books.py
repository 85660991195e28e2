"""Whether points, prizes and stock agree with what the plays say: the ledger's word against the game's."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from game.campaigns.views import ManagedCampaign
from game.fair.verify import Report
from game.tour.client import eventually
from game.tour.guests import Guest, Made, prizes_of
from game.tour.stage import Place
from ledger_client import Ledger, budget, house


class Balances(msgspec.Struct, frozen=True):
    """What ledger accounts hold, and what they should."""

    held: Mapping[str, int]
    due: Mapping[str, int]

    @property
    def agree(self) -> bool:
        """Whether every account holds what it should."""
        return self.held == self.due


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Points that went from an account to another otherwise than by a play."""

    debit: str
    credit: str
    points: int


def due_balances(
    guests: Sequence[Guest], places: Sequence[Place], made: Sequence[Made], moved: Sequence[Moved]
) -> dict[str, int]:
    """What every account should hold once all credits are applied and all that was taken back is back."""
    due = {guest.account: guest.start_points for guest in guests}
    due |= {budget(place.campaign_id): place.budget_points for place in places}
    due |= {house(place.campaign_id): 0 for place in places}
    for play in made:
        price_points = play.view.price_points if play.view.state == "settled" else 0
        due[play.guest.account] += play.won_points - price_points
        due[house(play.place.campaign_id)] += price_points
        due[budget(play.place.campaign_id)] -= play.won_points
    for each in moved:
        due[each.debit] -= each.points
        due[each.credit] += each.points
    return due


async def balances(ledger: Ledger, due: Mapping[str, int]) -> Balances:
    """The ledger's balances as soon as they are right; as they stand when they do not get there."""

    async def read() -> Balances:
        accounts = await asyncio.gather(*map(ledger.account, due))
        return Balances({account.id: account.posted for account in accounts}, due)

    return await eventually(read, lambda found: found.agree)


def check_balances(found: Balances, made: Sequence[Made]) -> Iterator[str]:
    """Every account holds what the plays say."""
    for account, points in found.due.items():
        if found.held[account] != points:
            plays = ", ".join(play.view.id for play in made if play.guest.account == account) or "all"
            yield f"{account} holds {found.held[account]} points, not {points}; plays: {plays}"


async def check_prizes(guest: Guest, place: Place, made: Sequence[Made]) -> list[str]:
    """A guest's inbox holds exactly what its draws won, and its points have arrived."""
    own = [play for play in made if play.guest is guest and play.place is place]
    won = {
        draw.entry_index: (play.view.id, draw.outcome.kind, draw.outcome.amount)
        for play in own
        for draw in play.view.draws
        if draw.outcome is not None and draw.outcome.kind != "nothing"
    }
    prizes = await prizes_of(guest, place.campaign_id)
    kept = {
        prize.entry_index: (prize.play, prize.kind, prize.amount)
        for prize in prizes
        if prize.entry_index is not None
    }
    return [
        f"entry {index} won {won.get(index)} and the inbox of {guest.name} has {kept.get(index)}"
        for index in sorted(won.keys() | kept.keys())
        if won.get(index) != kept.get(index)
    ] + [
        f"play {prize.play}: its {prize.amount} points are {prize.state}"
        for prize in prizes
        if prize.entry_index is not None and prize.kind == "points" and prize.state != "paid"
    ]


def check_stock(shown: ManagedCampaign, report: Report, made: Sequence[Made]) -> Iterator[str]:
    """Of every row, what is left and what was won make up what there was, and all three accounts agree."""
    (pool,), (replayed,) = shown.pools, report.pools
    outcomes = [draw.outcome for play in made for draw in play.view.draws]
    won = Counter(outcome.row for outcome in outcomes if outcome is not None)
    for row, logged in zip(pool.rows, replayed.rows, strict=True):
        units = row.count if row.stock is None else row.stock
        if row.units_won != won[row.id]:
            yield f"row {row.id}: {row.units_won} are said to be won, the plays say {won[row.id]}"
        if row.units_left != logged.left:
            yield f"row {row.id}: {row.units_left} are said to be left, the log says {logged.left}"
        if units is not None and units != (row.units_left or 0) + row.units_won:
            yield f"row {row.id}: {row.units_left} left and {row.units_won} won are not {units}"
