"""The fair in words: what was told and earned, and what of it was checked."""

from collections import Counter
from collections.abc import Iterable

from game.badges.rules import Redeem
from game.tour import progress, runs
from game.tour.circle import Circle
from game.tour.collecting import Deal
from game.tour.errands import TASKS
from game.tour.evidence import SET, Festival, dues_of
from game.tour.festival_checks import revoked_of
from game.tour.presents import Present
from game.tour.progress import Line
from game.tour.ranking import Board
from game.tour.runs import Mended
from game.tour.sender import Notice

UNITS = {"chances": "free draw", "badge": "badge", "points": "points", "goods": "goods"}


def earned(fair: Festival) -> list[tuple[str, str]]:
    """A row for each type of event, and one for each collector."""
    notices = [*fair.told.first, *fair.told.then]
    rows = [(kind, _events(kind, notices)) for kind in TASKS]
    lines = sum(dues_of(fair).values(), Counter[Line]())
    for name, source in (("by tasks", progress.TASK), ("by days in a row", runs.WORDS)):
        words = [_reward(line, times) for line, times in lines.items() if line.source == source]
        rows.append((name, ", ".join(words)))
    rows.append(("a missed day repaired", _repair(fair.told.mended)))
    revoked = ", ".join(revoked_of(fair.told))
    exported = f"{', '.join(fair.told.exported)}: verified by published keys; revoked: {revoked}"
    rows.append(("badges taken along", exported))
    rows.append(("a gift by code", _present(fair.present)))
    rows += [(name, _collector(fair, name)) for name in fair.collected.albums]
    rows.append(("a circle of friends", _circle(fair.circle)))
    return rows + [(f"board {board_id}", _ranks(board)) for board_id, board in fair.boards.items()]


def checked(fair: Festival) -> list[str]:
    """What was held against what."""
    told, collected = fair.told, fair.collected
    bars = sum(len(mine.tasks) for shown in (told.before, told.after, told.last) for mine in shown.values())
    sent = len(told.first) + len(told.then)
    return [
        f"{sent} events, each sent twice: {bars} progress bars, {len(told.streaks)} streaks and "
        f"{len(fair.inboxes)} inboxes against a count of our own",
        f"{len(collected.deals)} trades, each asked for twice, against the policy that the log binds; odds "
        f"of the set computed anew for {1 + len(collected.albums)} albums",
        f"{sum(len(board.mine) for board in fair.boards.values())} ranks on {len(fair.boards)} boards",
    ]


def _repair(mended: Mended) -> str:
    done, twice = mended.answers
    return f"{done.price_points} points of {mended.guest.name}, asked for twice: {done.state}, {twice.state}"


def _present(present: Present) -> str:
    refused = " ".join(map(str, present.refused))
    return f"1 free draw from {present.giver} to {present.receiver}; whoever else tried got {refused}"


def _ranks(board: Board) -> str:
    names = {mine.rank: name for name, mine in board.mine.items()}
    first = ", ".join(f"{each.rank} {names.get(each.rank)} ({each.score})" for each in board.top.ranks[:3])
    return f"{first}; {len(board.top.ranks)} players"


def _circle(circle: Circle) -> str:
    ranking = next(iter(circle.told.values())).members
    refused = " ".join(map(str, circle.refused))
    ranks = ", ".join(f"{each.rank} {each.nickname} ({each.score})" for each in ranking)
    return f"{ranks}; whoever else looked got {refused}"


def _events(kind: str, notices: Iterable[Notice]) -> str:
    events = [notice.event for notice in notices if notice.event.original[1] == kind]
    reversals = sum(event.is_reversal for event in events)
    words = f"{len(events) - reversals} events, each sent twice"
    return words + (f"; {reversals} taken back" if reversals else "")


def _reward(line: Line, times: int) -> str:
    amount = f"{line.amount} {UNITS[line.kind]}"
    return f"{times} × {amount}" + (" taken back" if line.state == "returned" else "")


def _collector(fair: Festival, name: str) -> str:
    made = [play for play in fair.collected.made if play.guest.name == name]
    deals = [deal for deal in fair.collected.deals if deal.guest.name == name]
    kinds = Counter(_kind(deal) for deal in deals if not isinstance(deal.asked, Redeem))
    trades = ", ".join(f"{times} {kind}" for kind, times in kinds.items()) or "no trade"
    draws = sum(len(play.view.draws) for play in made)
    return f"{draws} badges drawn, {trades}; full set for {_prize(fair, deals[-1])}"


def _kind(deal: Deal) -> str:
    return type(deal.asked).__name__.lower()


def _prize(fair: Festival, deal: Deal) -> str:
    done, policy = deal.done, fair.plan.sets[SET]
    if done.is_alternative:
        return f"{done.amount} {UNITS[done.kind]}: the tea set was gone"
    return str(policy["prize"]["name"]["en"])
