"""The boards of the fair against ranks of the tour's own: by score, then by who had it first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from game.badges.rules import Redeem
from game.boards.views import MyRank, RankView, TopView
from game.tour.client import Client, eventually
from game.tour.collecting import Deal
from game.tour.errands import TASKS, happened
from game.tour.guests import Guest, ask_all
from game.tour.sender import Notice
from game.tour.stage import Place, Plan

VISITORS, TREASURE = "visitors", "treasure"


class Board(msgspec.Struct, frozen=True):
    """A board as everybody sees it, and as each guest does."""

    top: TopView
    mine: Mapping[str, MyRank]


class Score(msgspec.Struct, frozen=True):
    """What somebody should have, and since when; None: since a time that only the service knows."""

    points: int
    since: datetime | None


Scores = Mapping[str, Score]


def visits(notices: Sequence[Notice]) -> Scores:
    """How often each guest has checked in, and when that was reached."""
    times: dict[str, list[datetime]] = {}
    for event in happened(notices):
        if TASKS[event.type] == "visit":
            times.setdefault(event.subject, []).append(event.at)
    return {name: Score(len(each), max(each)) for name, each in times.items()}


def treasures(deals: Sequence[Deal]) -> Scores:
    """Who has redeemed a set."""
    return {deal.guest.name: Score(1, None) for deal in deals if isinstance(deal.asked, Redeem)}


async def read_board(
    anybody: Client, guests: Sequence[Guest], place: Place, board_id: str, due: Scores
) -> Board:
    """A board as soon as it is right; as it stands when it does not get there."""
    path = f"/v1/campaigns/{place.campaign_id}"

    async def read() -> Board:
        top = await anybody.get(f"{path}/boards/{board_id}/top?limit={len(guests)}")
        mine = await ask_all(guests, MyRank, f"{path}/me/boards/{board_id}")
        return Board(top.read(TopView, status=200), mine)

    return await eventually(read, lambda board: not any(check_board(board, due)))


def check_board(board: Board, due: Scores) -> Iterator[str]:
    """Everybody who should be ranked is, with the score that is due, once, and in order."""
    name = f"board {board.top.board_id}"
    ranks = board.top.ranks
    if [each.rank for each in ranks] != list(range(1, len(due) + 1)):
        yield f"{name} has the ranks {[each.rank for each in ranks]}, of {len(due)} players"
    if sorted(ranks, key=_order) != list(ranks):
        yield f"{name} is out of order: {ranks}"
    listed = {each.alias: each for each in ranks}
    for guest, mine in board.mine.items():
        yield from _check_mine(f"{guest} on {name}", mine, listed.get(mine.alias), due.get(guest))


def check_prospects(plan: Plan, boards: Mapping[str, Board]) -> Iterator[str]:
    """Who is in a rewarded rank is told what it earns, all others what a better rank would earn."""
    for board_id, board in boards.items():
        ranges = plan.boards[board_id].get("rewards", [])
        best = [(each["from_rank"], each["to_rank"], each["prize"]["amount"]) for each in ranges]
        for name, mine in board.mine.items():
            now = [each for each in best if mine.rank and each[0] <= mine.rank <= each[1]]
            told = [(each.from_rank, each.to_rank, each.amount) for each in (mine.reward,) if each]
            further = [(each.from_rank, each.to_rank, each.amount) for each in (mine.next_reward,) if each]
            if told != now or further != [each for each in best if each not in now]:
                yield f"{name} on board {board_id}, rank {mine.rank}, is told of {told} and {further}"


def _check_mine(name: str, mine: MyRank, listed: RankView | None, due: Score | None) -> Iterator[str]:
    if mine.score != (due.points if due else 0):
        yield f"{name} has {mine.score}, not {due}"
    if (mine.rank, mine.reason) != ((listed.rank, None) if listed else (None, "no_score")):
        yield f"{name} is told the rank {mine.rank} ({mine.reason}), and everybody {listed}"
    if (listed is None) != (due is None):
        yield f"{name} is listed as {listed}, with {due}"
    if listed and due and due.since and (listed.score, listed.reached_at) != (due.points, due.since):
        yield f"{name} is listed with {listed.score} since {listed.reached_at}, not {due}"


def _order(rank: RankView) -> tuple[int, datetime]:
    return -rank.score, rank.reached_at
