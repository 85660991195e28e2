"""Whoever lies about gifts, badges taken along, boards and friends in the tour is found out."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from game.boards.views import RewardView
from game.tour.evidence import Festival
from game.tour.festival_checks import check_festival
from game.tour.ranking import TREASURE, VISITORS
from tests.tour.conftest import Told
from tests.tour.lies import Lie, name_of, replace, with_told, with_value


def about(**changes: Any) -> Lie:
    """A lie about the gift."""
    return lambda fair: replace(fair, present=replace(fair.present, **changes))


def second(field: str, **changes: Any) -> Lie:
    """A lie to whoever asked again."""

    def lie(fair: Festival) -> Festival:
        one, two = getattr(fair.present, field)
        return about(**{field: (one, replace(two, **changes))})(fair)

    return lie


def of_gift(**changes: Any) -> Lie:
    """A lie to the giver, about what became of the gift."""

    def lie(fair: Festival) -> Festival:
        (gift,) = fair.present.given.given
        return about(given=replace(fair.present.given, given=(replace(gift, **changes),)))(fair)

    return lie


def on_top(board_id: str, change: Any) -> Lie:
    """A lie about what everybody sees of a board."""

    def lie(fair: Festival) -> Festival:
        board = fair.boards[board_id]
        top = replace(board.top, ranks=change(board.top.ranks))
        return replace(fair, boards={**fair.boards, board_id: replace(board, top=top)})

    return lie


def to_guest(board_id: str, number: int, **changes: Any) -> Lie:
    """A lie to one guest about its own rank."""

    def lie(fair: Festival) -> Festival:
        board = fair.boards[board_id]
        mine = with_value(board.mine, name_of(fair, number), lambda rank: replace(rank, **changes))
        return replace(fair, boards={**fair.boards, board_id: replace(board, mine=mine)})

    return lie


def in_circle(number: int, change: Callable[[list[Any]], list[Any]]) -> Lie:
    """A lie to a friend about those in the circle."""

    def lie(fair: Festival) -> Festival:
        told = with_value(
            fair.circle.told,
            name_of(fair, number),
            lambda ranking: replace(ranking, members=change(list(ranking.members))),
        )
        return replace(fair, circle=replace(fair.circle, told=told))

    return lie


def exported(number: int, **changes: Any) -> Lie:
    """A lie about a credential, the same each time."""

    def lie(fair: Festival) -> Festival:
        name = name_of(fair, number)
        one = replace(fair.told.exported[name][0], **changes)
        return with_told(fair, exported={**fair.told.exported, name: (one, one)})

    return lie


def another_badge(fair: Festival) -> Festival:
    """Whose credential is another's."""
    other = fair.told.exported[name_of(fair, 6)][0]
    return exported(4, jwt=other.jwt)(fair)


def forged(fair: Festival) -> Festival:
    """A credential whose claims were changed under their signature."""
    header, claims, signature = fair.told.exported[name_of(fair, 4)][0].jwt.split(".")
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).replace(b"Critic", b"Tester")
    changed = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    return exported(4, jwt=f"{header}.{changed}.{signature}")(fair)


def twice(fair: Festival) -> Festival:
    """A credential that is another one the second time."""
    name = name_of(fair, 4)
    one, two = fair.told.exported[name]
    return with_told(fair, exported={**fair.told.exported, name: (one, replace(two, jwt=two.jwt + "x"))})


def never_revoked(fair: Festival) -> Festival:
    """A review that was not taken back by the tour's own count, while its badge is revoked."""
    kept = [each for each in fair.told.then if "review" not in each.event.type]
    return with_told(fair, then=tuple(kept))


def swapped(ranks: Any) -> Any:
    """Whoever came first changes places with the last."""
    first, *between, last = ranks
    return (replace(last, rank=1), *between, replace(first, rank=last.rank))


def earlier(ranks: Any) -> Any:
    """The last one had its score before."""
    *before, last = ranks
    return (*before, replace(last, reached_at=before[0].reached_at))


LIES: dict[str, tuple[Lie, str]] = {
    "another code the second time": (second("made", code="OTHER"), "was made twice"),
    "two draws for the one who opens again": (second("opened", amount=2), "was opened twice or wrongly"),
    "a stranger who opens it": (about(refused=(200, "")), "was told to a stranger"),
    "a gift that is open still": (of_gift(state="open"), "is listed as"),
    "a gift that never arrived": (
        lambda fair: about(received=replace(fair.present.received, received=()))(fair),
        "is received as ()",
    ),
    "a cancelled gift that went away": (
        lambda fair: about(regretted=replace(fair.present.regretted, state="redeemed"))(fair),
        "the gift that was cancelled is redeemed",
    ),
    "a giver who keeps the draw": (
        lambda fair: replace(
            fair,
            left=with_value(fair.left, fair.present.giver, lambda _: fair.free[fair.present.giver]),
        ),
        "player-15 should have 0 free draws",
    ),
    "a credential that was forged": (forged, "player-05 is not signed by a key that is published"),
    "a credential of another": (another_badge, "the badge of player-05 says that it is"),
    "two credentials for one badge": (twice, "the badge of player-05 was exported in two ways"),
    "a badge that should hold": (never_revoked, "the badge of player-07 is revoked"),
    "keys that nobody publishes": (
        lambda fair: replace(fair, documents=replace(fair.documents, keys={})),
        "not signed by a key that is published",
    ),
    "a player left out": (on_top(VISITORS, lambda ranks: ranks[:-1]), "of 20 players"),
    "an order turned round": (on_top(VISITORS, swapped), "board visitors is out of order"),
    "a score that was reached earlier": (on_top(VISITORS, earlier), "is listed with 1 since"),
    "a redeemer left out": (on_top(TREASURE, lambda ranks: ranks[:-1]), "of 3 players"),
    "points that nobody counted": (to_guest(VISITORS, 7, score=5), "player-08 on board visitors has 5"),
    "a rank of one's own": (to_guest(VISITORS, 3, rank=1), "is told the rank 1"),
    "a reward that was never promised": (
        to_guest(TREASURE, 0, reward=RewardView(from_rank=1, to_rank=1, kind="points", amount=1, item=None)),
        "player-01 on board treasure",
    ),
    "a reward that is not told": (to_guest(VISITORS, 7, reward=None), "player-08 on board visitors, rank 1"),
    "a circle that was made twice": (
        lambda fair: replace(
            fair,
            circle=replace(
                fair.circle, made=(fair.circle.made[0], replace(fair.circle.made[1], id=UUID(int=1)))
            ),
        ),
        "the circle was made twice",
    ),
    "a circle shown to all": (
        lambda fair: replace(fair, circle=replace(fair.circle, refused=(200, ""))),
        "the circle was shown to somebody else",
    ),
    "a friend left out": (in_circle(14, lambda members: members[1:]), "player-15 sees the circle as"),
    "a friend ahead of the others": (in_circle(15, swapped), "player-16 sees the circle as"),
    "another friend's place": (
        in_circle(16, lambda members: [replace(each, is_me=not each.is_me) for each in members]),
        "player-17 is told to be",
    ),
    "a rank without a set": (to_guest(TREASURE, 9, rank=4, reason=None), "is told the rank 4"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_gifts_boards_and_friends_is_found(told: Told, lie: str) -> None:
    """The finding says whose it is."""
    tell, says = LIES[lie]
    findings = check_festival(tell(told.fair))
    assert any(says in finding for finding in findings), findings
