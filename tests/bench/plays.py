"""Who plays, and where: a wheel, and players with points and seats."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import msgspec

from game import demo
from game.auth import Role
from game.badges.defining import save_badge
from game.campaigns import drafting, launch
from game.campaigns.drafts import MAX_CODES, CampaignDraft, LimitsDraft, ScheduleDraft
from game.embedded.issuer import mint
from game.instants import to_datetime
from game.players import account_of
from game.resources import Resources
from ledger_client import Applied, budget
from tests.bench.events import JSON, subject_of
from tests.bench.generator import request
from tests.bench.installation import Installation, Server

PLAYERS = 2_000
FUNDED_TOGETHER = 500
ASKED_TOGETHER = 5_000
POINTS = 1_000_000_000
BUDGET_POINTS = 1_000_000_000_000
# Requests of a round for so many connections.
LOADS = {1: 200, 8: 1_500, 64: 4_000, 256: 6_000, 1_024: 6_000}
WARM_UP = 2_000
SEAT_DRAWS = 256
DRAWS_CAP = 2_000_000
SEED = b'{"seed": "00112233445566778899aabbccddeeff"}'
PLAY = b'{"count": 1, "pay_with": "points"}'


class Crowd:
    """Players with points and seats, who play in turn: every play is another one."""

    def __init__(self, installation: Installation, places: Sequence[str], *, players: int) -> None:
        self._site = installation.site
        self.places = list(places)
        self._players = players
        self._numbers = itertools.count()
        self.renew()

    def renew(self) -> None:
        """Give everybody a new token; each lives for an hour."""
        self._headers = [JSON | self._token(number, int(time.time())) for number in range(self._players)]

    def _token(self, number: int, now_seconds: int) -> dict[str, str]:
        token = mint(
            self._site.issuer_key,
            subject=subject_of(number),
            role=Role.PLAYER,
            audience=self._site.settings.token_audience,
            now_seconds=now_seconds,
        )
        return {"authorization": f"Bearer {token}"}

    async def sit(self, service: Server) -> None:
        """Take a seat for everybody, each in one of the pools; asking again gives the same."""
        for step, body in (("anchors", b""), ("seats", SEED)):
            asked = [
                request("POST", f"{self._place(number)}/{step}", headers=each, body=body)
                for number, each in enumerate(self._headers)
            ]
            for first in range(0, len(asked), ASKED_TOGETHER):
                some = asked[first : first + ASKED_TOGETHER]
                await service.answered(some, connections=64, status="201")

    def plays(self, count: int) -> list[bytes]:
        """Requests for one draw each."""
        return [self._play(next(self._numbers)) for _ in range(count)]

    def _play(self, number: int) -> bytes:
        player = number % len(self._headers)
        headers = self._headers[player] | {"idempotency-key": f"play-{number}"}
        return request("POST", f"{self._place(player)}/plays", headers=headers, body=PLAY)

    def _place(self, player: int) -> str:
        """A place by chance, and always the same: neighbours in a batch may well share one."""
        return Random(player).choice(self.places)


async def staged(resources: Resources) -> str:
    """Launch the demonstration's wheel with bounds that nobody reaches; the path of its pool."""
    return await launched(resources, demo.demonstrations()[0])


async def launched(resources: Resources, shown: demo.Demonstration) -> str:
    """Launch a campaign like a demonstration, with bounds that nobody reaches; the path of its pool."""
    now_ms, texts = resources.clock(), shown.campaign
    closes = to_datetime(now_ms + demo.DURATION_DAYS * demo.DAY_MS)
    draft = CampaignDraft(
        name=texts.name,
        rules=texts.rules,
        limits=LimitsDraft(),
        schedule=ScheduleDraft(opens=to_datetime(now_ms), closes=closes, time_zone=demo.TIME_ZONE),
    )
    cap = DRAWS_CAP if shown.pool.game == "wheel" else None
    pool = msgspec.structs.replace(shown.pool, draws_cap=cap, seat_draws=SEAT_DRAWS)
    campaign_id = await drafting.create_campaign(resources, demo.MANAGER, draft)
    for badge_id, badge in shown.badges.items():
        await save_badge(resources, demo.MANAGER, badge, campaign_id=campaign_id, badge_id=badge_id)
    await drafting.add_pool(resources, demo.MANAGER, pool, campaign_id=campaign_id)
    for batch, count in shown.vouchers.items():
        codes = [f"{batch}-{number}" for number in range(count)]
        for first in range(0, count, MAX_CODES):
            some = codes[first : first + MAX_CODES]
            await drafting.add_vouchers(
                resources, demo.MANAGER, some, campaign_id=campaign_id, voucher_batch=batch
            )
    await demo.fund(resources, budget(campaign_id), BUDGET_POINTS)
    await launch.launch(resources, demo.MANAGER, campaign_id=campaign_id)
    return f"/v1/campaigns/{campaign_id}/pools/{pool.pool_id}"


async def funded(resources: Resources, players: int) -> None:
    """Give all players more points than they can spend."""
    for first in range(0, players, FUNDED_TOGETHER):
        accounts = [
            account_of(brand_id=demo.BRAND, subject=subject_of(number))
            for number in range(first, min(players, first + FUNDED_TOGETHER))
        ]
        outcomes = await asyncio.gather(
            *(demo.issue(resources.ledger, each, POINTS, operation_id=f"bench:{each}") for each in accounts)
        )
        assert all(isinstance(outcome, Applied) for outcome in outcomes), outcomes[0]


@asynccontextmanager
async def crowded(installation: Installation, *, players: int) -> AsyncIterator[tuple[Server, Crowd]]:
    """The service with a wheel, and so many players with points who have their seats."""
    async with demo.open_resources(installation.site.settings) as resources:
        place = await staged(resources)
        await funded(resources, players)
    crowd = Crowd(installation, [place], players=players)
    async with installation.serving() as service:
        await crowd.sit(service)
        yield service, crowd
