"""A campaign on stage: launched by its manager, played by players, checked by the auditor at the end."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import msgspec

from game.audit import reading
from game.auth import Caller, Role
from game.campaigns.chances import grant_chances
from game.campaigns.drafting import add_pool, add_vouchers, create_campaign
from game.campaigns.drafts import CampaignDraft, PoolDraft
from game.campaigns.launch import launch, turn
from game.campaigns.service import pool_terms
from game.db.pool import open_pool
from game.fair.note import Verifier
from game.fair.receipt import Evidence
from game.fair.rounds import round_at
from game.ids import parse_wire_id
from game.instants import to_datetime
from game.players import account_of, player_id_of
from game.plays import service
from game.plays.engine import Engine
from game.plays.rules import Asked, PaidWith
from game.plays.sweep import log_beacon
from game.plays.views import PlayView
from game.resources import Resources
from game.scratch.rules import artwork
from game.wheel.rules import stop
from ledger_client.testing import FakeLedger
from tests.invariants.check import assert_hold
from tests.invariants.told import Heard
from tests.support.pools import NAME
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

DAY_MS = 86_400_000
BUDGET_POINTS = 1_000_000
SEED = "00112233445566778899aabbccddeeff"
RELAYS = "http://127.0.0.1:1,http://127.0.0.1:2"


class Stage:
    """The campaigns of a brand, over a database and a ledger in memory."""

    def __init__(self, resources: Resources, ledger: FakeLedger, clock: ManualClock) -> None:
        self.resources = resources
        self.ledger = ledger
        self.clock = clock
        self.campaign_ids: list[str] = []
        self.heard = Heard()
        self._numbers = itertools.count()

    async def launch(
        self, *pools: dict[str, Any], limits: dict[str, int] | None = None, opens_ms: int | None = None
    ) -> str:
        """Launch a campaign with these pools, voucher codes and a budget; its id."""
        campaign_id = await self.draft(*pools, limits=limits, opens_ms=opens_ms)
        await self.open(campaign_id)
        return campaign_id

    async def draft(
        self, *pools: dict[str, Any], limits: dict[str, int] | None = None, opens_ms: int | None = None
    ) -> str:
        """The same, not launched yet."""
        now_ms = self.clock()
        schedule = {
            "opens": to_datetime(opens_ms or now_ms),
            "closes": to_datetime(now_ms + 10 * DAY_MS),
            "time_zone": "Asia/Shanghai",
        }
        draft = {"name": NAME, "rules": NAME, "schedule": schedule, "limits": limits or {}}
        campaign_id = await create_campaign(self.resources, MANAGER, msgspec.convert(draft, CampaignDraft))
        for proposed in pools:
            draft_pool = msgspec.convert(proposed, PoolDraft)
            await add_pool(self.resources, MANAGER, draft_pool, campaign_id=campaign_id)
        codes = [f"TEA-{number:03}" for number in range(100)]
        await add_vouchers(self.resources, MANAGER, codes, campaign_id=campaign_id, voucher_batch="tea")
        self.ledger.fund(f"campaign:{campaign_id}:budget", BUDGET_POINTS)
        return campaign_id

    async def open(self, campaign_id: str) -> None:
        """Launch a draft."""
        await launch(self.resources, MANAGER, campaign_id=campaign_id)
        self.campaign_ids.append(campaign_id)

    async def turn(self, way: Any, campaign_id: str) -> None:
        """Pause, resume or end a campaign."""
        await turn(self.resources, MANAGER, way, campaign_id=campaign_id)

    async def grant(self, campaign_id: str, subject: str, count: int, *, lasts_ms: int = DAY_MS) -> None:
        """Give a player chances."""
        await grant_chances(
            self.resources,
            MANAGER,
            campaign_id=campaign_id,
            subject=subject,
            count=count,
            expires_ms=self.clock() + lasts_ms,
            source=f"grant {next(self._numbers)}",
        )

    def fund(self, subject: str, points: int) -> None:
        """Give a player points."""
        self.ledger.fund(account_of(brand_id="acme", subject=subject), points)

    def balance(self, subject: str) -> int:
        """The points of a player."""
        return self.ledger.balances[account_of(brand_id="acme", subject=subject)]

    async def sit(self, engine: Engine, campaign_id: str, subject: str, pool_id: str) -> None:
        """Take a seat in a pool, with the anchor shown first where it has no beacon."""
        terms = await pool_terms(self.resources, campaign_id=campaign_id, pool_id=pool_id)
        if terms.entry.beacon is None:
            await service.offer_anchor(engine, player(subject), terms)
        await service.open_seat(engine, player(subject), terms, bytes.fromhex(SEED))

    async def asked(
        self,
        campaign_id: str,
        subject: str,
        pool_id: str,
        *,
        key: str,
        draws: int = 1,
        paid_with: PaidWith = "points",
    ) -> Asked:
        """What a player asks for, as the route puts it to the engine."""
        return Asked(
            terms=await pool_terms(self.resources, campaign_id=campaign_id, pool_id=pool_id),
            play_id=self.resources.new_id(),
            player_id=await player_id_of(self.resources, player(subject)),
            account=account_of(brand_id="acme", subject=subject),
            idempotency_key=key,
            draws=draws,
            paid_with=paid_with,
        )

    async def play(
        self,
        engine: Engine,
        campaign_id: str,
        subject: str,
        pool_id: str,
        *,
        key: str,
        draws: int = 1,
        paid_with: PaidWith = "points",
    ) -> PlayView:
        """Play on an engine, as the route does."""
        terms = await pool_terms(engine.resources, campaign_id=campaign_id, pool_id=pool_id)
        view = await service.play(engine, player(subject), terms, key=key, draws=draws, paid_with=paid_with)
        return self._told(view, subject, key)

    async def read(self, engine: Engine, play_id: str) -> PlayView:
        """Look a play up on an engine, as its player."""
        place = parse_wire_id(play_id)
        assert place is not None
        subject = await self.resources.pool.fetchval(
            "SELECT subject FROM play JOIN player USING (player_id) WHERE play_id = $1", place[1]
        )
        return self._told(await service.read(engine, player(subject), play_id), subject, None)

    def _told(self, view: PlayView, subject: str, key: str | None) -> PlayView:
        self.heard.hear(msgspec.json.decode(msgspec.json.encode(view)), subject=subject, key=key)
        return view

    async def deliver(self, engine: Engine, campaign_id: str) -> int:
        """Log the value of every awaited round that is public by now; how many there were."""
        rounds = await self.resources.pool.fetch(
            "SELECT round FROM beacon_round WHERE campaign_id = $1 AND signature IS NULL AND round <= $2"
            " ORDER BY round",
            campaign_id,
            round_at(self.clock(), 0),
        )
        for (round_,) in rounds:
            await log_beacon(engine, campaign_id, round_, signature_of(round_))
        return len(rounds)

    async def verifier(self, campaign_id: str) -> Verifier:
        """The key that the notes of a campaign's log are checked with."""
        return Verifier.parse(
            await reading.verifier_key(self.resources, campaign_id=campaign_id, brand_id=None)
        )

    async def evidence(self, campaign_id: str, index: int) -> Evidence:
        """Any entry of a log with its receipt."""
        entry = await self.resources.pool.fetchval(
            "SELECT entry FROM log_entry WHERE campaign_id = $1 AND entry_index = $2", campaign_id, index
        )
        receipt = await reading.receipt(self.resources, campaign_id=campaign_id, brand_id=None, index=index)
        return Evidence(entry, receipt)

    async def counts(self) -> dict[str, int]:
        """How many rows each table of the campaigns has; neither closes nor rows that only hold a lock."""
        return {
            table: await self.resources.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {which}")
            for table, which in TABLES.items()
        }

    async def audit(self, *, in_flight_allowed: bool = True) -> None:
        """Assert all that must hold of every campaign, whatever has happened; the ledger is back by then."""
        self.ledger.reachable = True
        await assert_hold(
            self.resources.pool,
            self.ledger,
            campaign_ids=self.campaign_ids,
            told=self.heard,
            in_flight_allowed=in_flight_allowed,
        )


MANAGER = Caller("acme", "mia", frozenset({Role.MANAGER}))
TABLES = {
    **dict.fromkeys(("play", "operation", "seat", "standing", "draw", "prize_grant", "chance_use"), "true"),
    "log_entry": """convert_from(entry, 'UTF8') NOT LIKE '%"k":"close"%'""",
    "beacon_round": "true",
    "participation": "draws_total > 0",
    "pool": "draws_reserved > 0",
    "chance_lot": "units_left > 0",
}


def player(subject: str) -> Caller:
    """A player of the brand."""
    return Caller("acme", subject, frozenset({Role.PLAYER}))


def signature_of(round_: int) -> bytes:
    """What stands for the beacon's signature of a round."""
    return hashlib.shake_256(b"round %d" % round_).digest(48)


def engine_of(resources: Resources) -> Engine:
    """An engine as the service wires it."""
    return Engine(resources, faces={"wheel": stop, "scratch": artwork})


@asynccontextmanager
async def another_engine(resources: Resources) -> AsyncIterator[Engine]:
    """An engine with connections of its own, as another process would have it."""
    async with await open_pool(resources.settings.database_url, connections=4) as connections:
        engine = engine_of(replace(resources, pool=connections))
        yield engine
        await engine.close()


class Guest:
    """A player of one campaign over HTTP."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, campaign_id: str, subject: str) -> None:
        self.client = client
        self.issuer = issuer
        self.campaign_id = campaign_id
        self.subject = subject

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Any request."""
        signed = self.issuer.headers(self.subject) | headers
        return await self.client.request(method, f"/v1{path}", json=body, headers=signed)

    async def anchor(self, pool_id: str) -> httpx.Response:
        """Ask for the anchor of the next seat."""
        return await self.send("POST", f"/campaigns/{self.campaign_id}/pools/{pool_id}/anchors")

    async def seat(self, pool_id: str, seed: str = SEED) -> httpx.Response:
        """Open a seat."""
        return await self.send("POST", f"/campaigns/{self.campaign_id}/pools/{pool_id}/seats", {"seed": seed})

    async def sit(self, pool_id: str) -> None:
        """Open a seat in a pool without a beacon."""
        for answer in (await self.anchor(pool_id), await self.seat(pool_id)):
            assert answer.status_code == 201, answer.text

    async def play(self, pool_id: str, key: str, count: int = 1, pay_with: str = "points") -> httpx.Response:
        """Play."""
        path = f"/campaigns/{self.campaign_id}/pools/{pool_id}/plays"
        body = {"count": count, "pay_with": pay_with}
        return await self.send("POST", path, body, **{"Idempotency-Key": key})

    async def read(self, play_id: str) -> httpx.Response:
        """Look a play up."""
        return await self.send("GET", f"/plays/{play_id}")

    async def scratch(self, play_id: str, *tickets: int) -> httpx.Response:
        """Uncover tickets."""
        return await self.send("POST", f"/plays/{play_id}/scratch", {"tickets": list(tickets)})
