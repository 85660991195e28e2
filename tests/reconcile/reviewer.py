"""A manager over HTTP, and plays that wait for one."""

from typing import Any

import httpx

from game.ids import parse_wire_id
from game.plays import store
from ledger_client import Applied, Lane
from ledger_client.testing import Fault
from tests.reconcile.world import PRICE, World
from tests.support.stage import engine_of
from tests.support.tokens import Issuer

REASON = "The ledger's people confirmed it."


class Reviewer:
    """A manager over HTTP, and the plays that wait for one."""

    def __init__(self, world: World, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.world = world
        self.client = client
        self.issuer = issuer
        self.ledger = world.ledger

    async def send(self, method: str, path: str, body: Any = None, *, who: str, role: str) -> httpx.Response:
        """Call the service."""
        return await self.client.request(
            method, f"/v1/manage{path}", json=body, headers=self.issuer.headers(who, role)
        )

    async def decide(
        self, play: str, decision: str, *, who: str = "mia", role: str = "manager", reason: str = REASON
    ) -> httpx.Response:
        """Settle or cancel."""
        return await self.send("POST", f"/plays/{play}/{decision}", {"reason": reason}, who=who, role=role)

    async def explained(self, play: str) -> Any:
        """What support is told of the play."""
        answer = await self.send("GET", f"/operations/{play}/explain", who="sue", role="support")
        return answer.json()["play"]

    async def player_sees(self, play: str) -> Any:
        """What the player is told."""
        answer = await self.client.get(f"/v1/plays/{play}", headers=self.issuer.headers("ann"))
        return answer.json()

    async def row(self, play: str) -> tuple[str, int]:
        """The play's state, and what its pool has reserved."""
        place = parse_wire_id(play)
        assert place is not None
        row = await self.world.resources.pool.fetchrow(
            "SELECT p.state, pool.draws_reserved FROM play AS p JOIN pool USING (campaign_id, pool_id)"
            " WHERE p.campaign_id = $1 AND p.play_id = $2",
            *place,
        )
        assert row is not None
        return row["state"], row["draws_reserved"]

    async def lost(self, key: str) -> str:
        """A play whose debit never reached the ledger, in doubt."""
        engine = engine_of(self.world.resources)
        self.ledger.faults.append(Fault.LOSE_REQUEST)
        view = await self.world.stage.play(engine, self.world.campaign_id, "ann", "wheel", key=key)
        await engine.close()
        assert view.state == "resolving"
        await self.world.play("next_attempt_ms = 9e15::bigint", f"play:{view.id}")
        return view.id

    async def cancelled(self, key: str = "contradicted") -> str:
        """A play whose player was told that it was not charged."""
        play = await self.lost(key)
        self.world.clock.advance(self.world.resources.settings.operation_ttl_ms)
        assert await self.drive(play) == "cancelled"
        return play

    async def drive(self, play: str) -> str:
        """Take a play on as a sweeper does; where it stands then."""
        engine, place = engine_of(self.world.resources), parse_wire_id(play)
        assert place is not None
        async with self.world.resources.pool.acquire() as conn:
            stored = await store.read_play(conn, *place)
        assert stored is not None
        await engine.drive(stored)
        await engine.close()
        return (await self.row(play))[0]

    async def charged_after_all(self, key: str = "contradicted") -> str:
        """A play in review: cancelled, and then the ledger forgot its own word and charged."""
        play = await self.cancelled(key)
        await self.charge(play)
        assert ("charge_without_play", f"play:{play}", PRICE) in await self.world.reconciled()
        assert (await self.row(play))[0] == "review"
        return play

    async def charge(self, play: str) -> None:
        """Let the ledger contradict itself."""
        (body,) = {body for id_, body in self.ledger.received if id_ == f"play:{play}"}
        self.ledger._records.pop(f"play:{play}")
        now_ms, self.ledger.now_ms = self.ledger.now_ms, lambda: 0
        outcome = await self.ledger.apply(
            operation_id=f"play:{play}", body=body, lane=Lane.PLAY, subject="player:acme.ann", deadline=0.0
        )
        self.ledger.now_ms = now_ms
        assert isinstance(outcome, Applied)

    async def released(self) -> str:
        """A play in review whose player was told, rightly, that it was not charged."""
        play = await self.cancelled()
        await self.world.play("state = 'review', finished_ms = NULL", f"play:{play}")
        return play

    async def held(self) -> str:
        """A play in review that was never released, and whose debit the ledger has never seen."""
        play = await self.lost("held")
        await self.world.play("state = 'review'", f"play:{play}")
        return play
