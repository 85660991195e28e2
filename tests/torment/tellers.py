"""Two senders, reviewers and players who redeem at once: what they do while processes are killed."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Final

import aiohttp
import asyncpg
import msgspec

from game import demo
from game.auth import Role
from game.prizes.api import PrizePage
from game.tour.client import Answer, Client
from game.tour.stage import Plan
from game.webhooks.signing import secret_text, signed_headers
from tests.campaigns.office import DAY_MS
from tests.crash.bets import WHEEL, People
from tests.story.deciding import APPEAL, REASON, ToDo, to_do
from tests.story.tale import BADGE, BATCH, BOARDS, FAN, SPAN_MS, STREAK, Tale, tale_of

IDLE: Final = ("idle-1", "idle-2")
KEEN: Final = "keen"
SPENDERS: Final = ("p1", "p2", KEEN)
COPIES: Final = 5
CODES: Final = 100
EVENTS_MIN, EVENTS_MAX, EVENTS_PER_KILL = 60, 240, 2
BETWEEN_SECONDS: Final = (0.02, 0.12)
DECIDE_SECONDS: Final = (0.2, 1.0)
REDEEM_SECONDS: Final = (0.5, 2.0)
ASK_AGAIN_SECONDS: Final = (0.1, 0.6)
TOLD_SECONDS: Final = 90.0
AWAY: Final = (aiohttp.ClientError, TimeoutError)
NO_DATABASE: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


def tale_for(seed: int, *, kills: int) -> Tale:
    """What is told while so many kills are dealt: of players, of who redeems at once, and of the idle."""
    events = min(EVENTS_MIN + EVENTS_PER_KILL * kills, EVENTS_MAX)
    opens_ms = time.time_ns() // 1_000_000 - SPAN_MS
    return tale_of(f"torment {seed}", subjects=(*SPENDERS, *IDLE), events=events, opens_ms=opens_ms)


def plan_of(tale: Tale) -> Plan:
    """The wheel, with the tasks of a tale."""
    return msgspec.structs.replace(
        WHEEL,
        opened_days_ago=SPAN_MS // DAY_MS + 1,
        badges={BADGE: FAN},
        tasks=tale.tasks(closes_ms=0),
        streaks={"daily": STREAK},
        boards=BOARDS | {"draws": BOARDS["days"] | {"metric": "draws", "seasons": "campaign"}},
        vouchers=WHEEL.vouchers | {BATCH: CODES},
    )


class Tellers:
    """Whoever makes things happen in the tale's campaign; `heard` counts answers, `broken` has wrong ones."""

    def __init__(self, people: People, tale: Tale, campaign_id: str, *, random: Random) -> None:
        self.heard: Counter[str] = Counter()
        self.broken: list[str] = []
        self._people = people
        self._tale = tale
        self._campaign_id = campaign_id
        self._random = random
        self._key = secret_text(people.site.secrets.webhook_secret())

    async def rage(self, over: asyncio.Event) -> None:
        """Do all that they do until it is over, and tell all that is left then."""
        await demo.keep_source(self._people.resources, self._people.site.secrets.webhook_secret())
        await asyncio.gather(
            self._tell_all("a", over), self._tell_all("b", over), self._decide(over), self._redeem(over)
        )

    async def decide_all(self) -> None:
        """Decide until nothing waits."""
        while found := await to_do(self._people.resources.pool, self._campaign_id):
            for each in found:
                await self._do(each)

    async def seen_by(self, name: str) -> Sequence[tuple[str, int]]:
        """Kind and amount of the prizes in an inbox that were not taken back."""
        answer = await self._player(name).get(f"/v1/campaigns/{self._campaign_id}/me/prizes?limit=50")
        prizes = answer.read(PrizePage, status=200).prizes
        return [(each.kind, each.amount) for each in prizes if each.state != "returned"]

    async def _tell_all(self, by: str, over: asyncio.Event) -> None:
        """Every event five times in a random order; then again and again, as long as it is not over."""
        names = list(self._tale.bodies) * COPIES
        self._random.shuffle(names)
        for name in names:
            await self._tell(name, by)
            await asyncio.sleep(0 if over.is_set() else self._random.uniform(*BETWEEN_SECONDS))
        while not over.is_set():
            await self._tell(self._random.choice(names), by)
            await asyncio.sleep(self._random.uniform(*BETWEEN_SECONDS))

    async def _tell(self, name: str, by: str) -> None:
        deadline = time.monotonic() + TOLD_SECONDS
        while time.monotonic() < deadline:
            answer = await self._send(name, by)
            if answer is not None and answer.status == 202:
                self.heard[msgspec.json.decode(answer.body)["state"]] += 1
                return
            self._hear(answer, f"{name} of {by}")
            await asyncio.sleep(self._random.uniform(*ASK_AGAIN_SECONDS))
        self.broken.append(f"{name} of {by} was never taken")

    async def _send(self, name: str, by: str) -> Answer | None:
        body, id_ = self._tale.bodies[name], f"{by}-{name}"
        headers = signed_headers(self._key, webhook_id=id_, timestamp_seconds=int(time.time()), body=body)
        with suppress(*AWAY):
            return await self._people.anybody.send("POST", "/v1/webhooks/demo.demo", body, headers)
        return None

    async def _decide(self, over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(*NO_DATABASE):
                found = await to_do(self._people.resources.pool, self._campaign_id)
                if found:
                    await self._do(self._random.choice(found))
            await asyncio.sleep(self._random.uniform(*DECIDE_SECONDS))

    async def _do(self, each: ToDo) -> None:
        manage = f"/v1/manage/campaigns/{self._campaign_id}/task-reviews/{each.completion_id}"
        mine = f"/v1/campaigns/{self._campaign_id}/me/tasks/completions/{each.completion_id}/appeal"
        seen = {"generation": each.generation}
        with suppress(*AWAY):
            if each.action == "approve":
                answer = await self._people.manager.post(f"{manage}/approve", seen)
            elif each.action == "reject":
                answer = await self._people.manager.post(f"{manage}/reject", seen | {"reason": REASON})
            else:
                answer = await self._player(each.subject).post(mine, {"text": APPEAL})
            self._hear(answer, f"{each.action} of {each.completion_id}")

    async def _redeem(self, over: asyncio.Event) -> None:
        """The keen one looks at the code of every voucher, so that it is spent when it is taken back."""
        client = self._player(KEEN)
        while not over.is_set():
            with suppress(*AWAY):
                answer = await client.get(f"/v1/campaigns/{self._campaign_id}/me/prizes?limit=50")
                self._hear(answer, "the inbox")
                prizes = answer.read(PrizePage, status=200).prizes if answer.status == 200 else ()
                for each in prizes:
                    if each.kind == "voucher" and each.state == "granted":
                        self._hear(await client.post(f"/v1/prizes/{each.id}/redeem"), "a code")
            await asyncio.sleep(self._random.uniform(*REDEEM_SECONDS))

    def _player(self, name: str) -> Client:
        return self._people.site.client(self._people.session, name, Role.PLAYER)

    def _hear(self, answer: Answer | None, what: str) -> None:
        """Outages have statuses of their own, and somebody else may have been first; all else is a bug."""
        self.heard["none" if answer is None else str(answer.status)] += 1
        if answer is not None and answer.status not in {200, 409, 429, 503}:
            self.broken.append(f"{what}: {answer.status}: {answer.body.decode()}")
