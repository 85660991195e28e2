"""Whether every checkpoint that anybody was given, while processes were killed, is of one history."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import aiohttp

from game.fair.note import open_checkpoint
from game.fair.receipt import decode_receipt
from game.fair.verify import verify_log
from game.tour.client import UnexpectedAnswerError
from game.tour.download import checkpoint_of, entries_of
from game.tour.stage import Place
from tests.crash.bets import People
from tests.invariants.told import Told

LOOK_SECONDS = 0.25
AWAY = (aiohttp.ClientError, TimeoutError, UnexpectedAnswerError)


class Histories:
    """Asks for checkpoints all the time, and holds all of them against the logs at the end."""

    def __init__(self, people: People, places: Sequence[Place]) -> None:
        self._people, self._places = people, places
        self._seen: dict[str, set[bytes]] = {place.campaign_id: {place.early} for place in places}

    async def watch(self) -> None:
        """Until it is cancelled: whichever worker answers."""
        while True:
            for place in self._places:
                with suppress(*AWAY):
                    note = await checkpoint_of(self._people.anybody, place.campaign_id)
                    self._seen[place.campaign_id].add(note)
            await asyncio.sleep(LOOK_SECONDS)

    async def wrong(self, told: Iterable[Told]) -> list[str]:
        """A log that does not replay, or a checkpoint of another history, be it in a player's receipt."""
        for each in told:
            for draw in each.view["draws"]:
                self._seen[each.campaign_id].add(decode_receipt(draw["receipt"]).checkpoint)
        return [fault for place in self._places for fault in await self._faults(place)]

    async def _faults(self, place: Place) -> list[str]:
        newest = await checkpoint_of(self._people.anybody, place.campaign_id)
        size = open_checkpoint(newest, place.log_key).size
        entries = await entries_of(self._people.anybody, place.campaign_id, size=size)
        older = self._seen[place.campaign_id]
        report = verify_log(entries, newest, place.log_key, older=sorted(older))
        bad = [] if report.verdict == "OK" else [f"log of {place.name}: check {report.check}, {report.says}"]
        return [*bad, *_contradictions(place, {newest, *older})]

    @property
    def figures(self) -> str:
        """How many checkpoints there were."""
        return f"checkpoints seen: {sum(map(len, self._seen.values()))}"


def _contradictions(place: Place, notes: Iterable[bytes]) -> Iterator[str]:
    by_size: dict[int, bytes] = {}
    for note in notes:
        size = open_checkpoint(note, place.log_key).size
        if by_size.setdefault(size, note) != note:
            yield f"log of {place.name}: two notes of size {size}"
