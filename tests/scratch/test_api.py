"""Uncovering tickets over HTTP: what was drawn is shown, when its owner wants to know."""

from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from game.scratch.rules import BLANKS
from tests.support.pools import pool, row, wheel
from tests.support.service import ManualClock
from tests.support.stage import Guest, Stage
from tests.support.tokens import Issuer

WINNERS = pool("cards", row("gold", "points", 100, count=20), row("tea", "voucher", count=20))

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ann(stage: Stage, app_client: httpx.AsyncClient, issuer: Issuer) -> Guest:
    """A player with points, and a seat in a pool of cards that all win."""
    guest = Guest(app_client, issuer, await stage.launch(WINNERS, wheel()), "ann")
    stage.fund("ann", 1_000)
    await guest.sit("cards")
    return guest


async def bought(guest: Guest, tickets: int) -> dict[str, Any]:
    """A play of so many tickets."""
    answer = await guest.play("cards", "key", tickets)
    assert answer.status_code == 201, answer.text
    play: dict[str, Any] = answer.json()
    return play


async def inbox(guest: Guest) -> list[int]:
    """The log's indexes of the draws whose prizes the player is shown."""
    answer = await guest.send("GET", f"/campaigns/{guest.campaign_id}/me/prizes")
    return sorted(prize["entry_index"] for prize in answer.json()["prizes"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def shown(play: dict[str, Any]) -> list[int]:
    """The tickets that show their outcome; the others show nothing of it."""
    for draw in play["draws"]:
        hidden = [draw[part] is None for part in ("outcome", "face", "entry")]
        assert all(hidden) or not any(hidden)
    return [draw["ticket"] for draw in play["draws"] if draw["outcome"] is not None]


async def test_only_the_tickets_asked_for_are_uncovered(ann: Guest) -> None:
    """They show their prize, its card and the log's entry; the next look finds them as they are."""
    play = await bought(ann, 3)
    assert shown(play) == []
    answer = await ann.scratch(play["id"], 3, 1)
    assert answer.status_code == 200
    uncovered = answer.json()
    assert shown(uncovered) == [1, 3]
    for draw in uncovered["draws"][::2]:
        won, symbols = draw["outcome"]["row"], draw["face"]["symbols"]
        assert (symbols.count(won), len(set(symbols) & set(BLANKS))) == (3, 6)
        assert msgspec.json.decode(draw["entry"])["row"] == won
    assert (await ann.read(play["id"])).json() == uncovered


async def test_an_uncovered_ticket_puts_its_prize_into_the_inbox(ann: Guest) -> None:
    """One at a time, as they are scratched."""
    play = await bought(ann, 2)
    first, second = (draw["entry_index"] for draw in play["draws"])
    assert await inbox(ann) == []
    await ann.scratch(play["id"], 2)
    assert await inbox(ann) == [second]
    await ann.scratch(play["id"], 1)
    assert await inbox(ann) == [first, second]


async def test_uncovering_again_changes_nothing(ann: Guest, clock: ManualClock) -> None:
    """A lost answer is asked for again, and the tickets keep the time of the first."""
    play = await bought(ann, 2)
    first = await ann.scratch(play["id"], 1)
    clock.advance(1_000)
    assert (await ann.scratch(play["id"], 1)).json() == first.json()
    assert shown((await ann.scratch(play["id"], 1, 2)).json()) == [1, 2]


@pytest.mark.parametrize("tickets", [[], [0], [11], [1, 1], list(range(1, 12)), ["1"], [1.5], None])
async def test_tickets_are_a_list_of_different_numbers(ann: Guest, tickets: object) -> None:
    """From 1, at most as many as a play can have; anything else is refused, and nothing is uncovered."""
    play = await bought(ann, 1)
    answer = await ann.send("POST", f"/plays/{play['id']}/scratch", {"tickets": tickets})
    assert refused(answer) == (422, "invalid_body")
    assert shown((await ann.read(play["id"])).json()) == []


async def test_a_ticket_that_was_not_bought_is_refused(ann: Guest) -> None:
    """The ones beside it stay covered too."""
    play = await bought(ann, 2)
    assert refused(await ann.scratch(play["id"], 1, 3)) == (422, "no_such_ticket")
    assert shown((await ann.read(play["id"])).json()) == []


async def test_a_wheel_has_no_tickets(ann: Guest) -> None:
    """What it drew was shown at once."""
    await ann.sit("wheel")
    play = (await ann.play("wheel", "key", 1)).json()
    assert refused(await ann.scratch(play["id"], 1)) == (409, "not_a_scratch_card")


async def test_only_their_owner_uncovers_tickets(ann: Guest, issuer: Issuer, other_issuer: Issuer) -> None:
    """Another player, and a player of another brand with the same name, find no such play."""
    play = await bought(ann, 1)
    for brand, subject in ((issuer, "bo"), (other_issuer, "ann")):
        other = Guest(ann.client, brand, ann.campaign_id, subject)
        assert refused(await other.scratch(play["id"], 1)) == (404, "play_not_found")
    assert shown((await ann.read(play["id"])).json()) == []
