"""The service dies while it receives events: what it answered is stored, what is sent again counts once."""

import asyncio
import random
import signal
import time
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from game import demo
from game.instants import to_datetime
from game.webhooks.signing import secret_text, signed_headers
from tests.crash.bets import People
from tests.crash.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

EVENTS = 300
IN_FLIGHT = 32


class Events:
    """Events of the demonstration's source, each the same bytes whenever it is sent."""

    def __init__(self, people: People, name: str) -> None:
        self.people = people
        self.key = secret_text(people.site.secrets.webhook_secret())
        self.ids = [f"{name}-{number}" for number in range(EVENTS)]
        now = to_datetime(time.time_ns() // 1_000_000)
        self.bodies = {
            id_: msgspec.json.encode(
                {"type": "birthday.reached", "timestamp": now, "data": {"subject": "ann", "occurrence": id_}}
            )
            for id_ in self.ids
        }

    async def send(self, id_: str) -> dict[str, Any] | None:
        """The answer; None where the service was killed before it answered."""
        body = self.bodies[id_]
        headers = signed_headers(self.key, webhook_id=id_, timestamp_seconds=int(time.time()), body=body)
        headers["Content-Type"] = "application/json"
        try:
            async with self.people.session.post(
                "/v1/webhooks/demo.demo", data=body, headers=headers
            ) as answer:
                assert answer.status == 202, await answer.text()
                return dict(msgspec.json.decode(await answer.read()))
        except aiohttp.ClientError:
            return None

    async def send_all(self, *, kill_after: int | None = None) -> dict[str, dict[str, Any]]:
        """The answers to all of them, many at a time; after so many (None: never) the service is killed."""
        flight, answers = asyncio.Semaphore(IN_FLIGHT), dict[str, dict[str, Any]]()

        async def send(id_: str) -> None:
            async with flight:
                answer = await self.send(id_)
            if answer is not None:
                answers[id_] = answer
                if len(answers) == kill_after:
                    await self.people.site.service.end(signal.SIGKILL)

        await asyncio.gather(*(send(id_) for id_ in self.ids))
        return answers

    async def stored(self) -> dict[str, str]:
        """The id of each event that is stored, by its webhook's."""
        rows = await self.people.resources.pool.fetch(
            "SELECT webhook_id, event_id FROM event WHERE webhook_id = ANY ($1)", self.ids
        )
        assert len({row["webhook_id"] for row in rows}) == len(rows)
        return {row["webhook_id"]: str(row["event_id"]) for row in rows}


@pytest_asyncio.fixture(loop_scope="package")
async def source(people: People) -> None:
    """The demonstration's source has its key."""
    await demo.keep_source(people.resources, people.site.secrets.webhook_secret())


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("seed", range(3))
async def test_killed_while_events_come(site: Site, people: People, seed: int) -> None:
    """Whatever was answered is there; all sent again, each event is stored once, under the id it was told."""
    events = Events(people, f"kill{seed}")
    await site.start_service()
    answered = await events.send_all(kill_after=random.Random(seed).randrange(20, EVENTS - IN_FLIGHT))
    stored = await events.stored()
    assert {id_: each["id"] for id_, each in answered.items()}.items() <= stored.items()
    assert len(answered) < EVENTS
    await site.start_service()
    again = await events.send_all()
    assert {id_ for id_, each in again.items() if each["state"] == "duplicate"} == stored.keys()
    assert {id_: each["id"] for id_, each in again.items()} == await events.stored()
    assert len(again) == EVENTS


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(("stage", "is_stored"), [("receiving", False), ("received", True)])
async def test_killed_around_the_commit(site: Site, people: People, stage: str, *, is_stored: bool) -> None:
    """Before it nothing is stored, after it all of the batch is; in both cases nobody was answered."""
    events = Events(people, stage)
    await site.start_doomed(stage, plays=1)
    assert await events.send(events.ids[0]) is None
    assert await site.service.ended() == -signal.SIGKILL
    assert len(await events.stored()) == int(is_stored)
    await site.start_service()
    answer = await events.send(events.ids[0])
    assert answer is not None
    assert answer["state"] == ("duplicate" if is_stored else "stored")
    assert len(await events.stored()) == 1
