"""A free draw that is given to a friend by code: handed over once, opened once, or taken back."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from game.gifts.api import GiftsView, GivenView, MadeView, ReceivedView
from game.gifts.rules import GiveChances
from game.tour.client import Answer
from game.tour.guests import Guest
from game.tour.progress import Line
from game.tour.stage import Place

WORDS = "Gift"
OPENS_NOTHING = (404, "gift_not_found")


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that was made twice under one key and opened twice; what a third one and the giver were told.

    `regretted` is another's, cancelled before anybody had its code.
    """

    giver: str
    receiver: str
    made: tuple[MadeView, MadeView]
    opened: tuple[ReceivedView, ReceivedView]
    refused: tuple[int, str]
    given: GiftsView
    received: GiftsView
    regretted: GivenView

    @property
    def moved(self) -> Counter[str]:
        """How many free draws each guest has more of by it."""
        return Counter({self.receiver: 1, self.giver: -1})


async def exchange_presents(friends: Sequence[Guest], place: Place) -> Present:
    """One of four gives to the second; the third tries the code too; the fourth thinks better of giving."""
    giver, receiver, stranger, waverer = friends
    path = f"/v1/campaigns/{place.campaign_id}/me"
    one, two = await asyncio.gather(*(_give(giver, path) for _ in range(2)))
    opened = await asyncio.gather(*(_open(receiver, path, one.code) for _ in range(2)))
    refused = await _open(stranger, path, one.code)
    regretted = await _give(waverer, path)
    cancelled = await waverer.client.post(f"{path}/gifts/{regretted.gift.id}/cancel")
    first, again = (answer.read(ReceivedView, status=200) for answer in opened)
    return Present(
        giver=giver.name,
        receiver=receiver.name,
        made=(one, two),
        opened=(first, again),
        refused=(refused.status, msgspec.json.decode(refused.body, type=dict[str, Any]).get("code", "")),
        given=(await giver.client.get(f"{path}/gifts")).read(GiftsView, status=200),
        received=(await receiver.client.get(f"{path}/gifts")).read(GiftsView, status=200),
        regretted=cancelled.read(GivenView, status=200),
    )


def of_presents(present: Present, name: str) -> Counter[Line]:
    """What an inbox should list of gifts."""
    return Counter([Line(WORDS, "chances", 1, "granted")]) if name == present.receiver else Counter()


def check_present(present: Present) -> Iterator[str]:
    """One gift, one code, one opening; a stranger got nothing, and what was cancelled went to nobody."""
    (made, again), (opened, once_more) = present.made, present.opened
    name = f"the gift of {present.giver} to {present.receiver}"
    if made != again:
        yield f"{name} was made twice: {made.gift} and {again.gift}"
    if opened != once_more or (opened.kind, opened.amount) != ("chances", 1):
        yield f"{name} was opened twice or wrongly: {opened} and {once_more}"
    if present.refused != OPENS_NOTHING:
        yield f"{name} was told to a stranger: {present.refused}, not {OPENS_NOTHING}"
    if [(each.id, each.state) for each in present.given.given] != [(made.gift.id, "redeemed")]:
        yield f"{name} is listed as {present.given.given}"
    if [each.id for each in present.received.received] != [opened.id]:
        yield f"{name} is received as {present.received.received}"
    if present.regretted.state != "cancelled":
        yield f"the gift that was cancelled is {present.regretted.state}"


async def _give(guest: Guest, path: str) -> MadeView:
    answer = await guest.client.post(f"{path}/gifts", GiveChances(amount=1), key="present")
    return answer.read(MadeView, status=201)


async def _open(guest: Guest, path: str, code: str) -> Answer:
    return await guest.client.post(f"{path}/gift-codes/redeem", {"code": code})
