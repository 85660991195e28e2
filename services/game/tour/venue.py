"""Where the tour takes place: a running service, funded players and the people around them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game import demo
from game.auth import Role
from game.embedded.issuer import mint
from game.embedded.stack import step
from game.resources import Resources
from game.settings import Settings
from game.tour.client import Client, Patient, connected
from game.tour.guests import Guest

PLAYERS = 20
START_POINTS = 2_000
POOR_POINTS = 40


class Venue(msgspec.Struct, frozen=True):
    """Where the tour takes place: what it runs on, and the people it needs."""

    resources: Resources
    manager: Client
    anybody: Client
    guests: tuple[Guest, ...]
    poor: Guest


@asynccontextmanager
async def open_venue(settings: Settings, key: Ed25519PrivateKey) -> AsyncIterator[Venue]:
    """Connections to a running service, and funded players."""
    async with demo.open_resources(settings) as resources, connected(settings.public_url) as session:

        def client(name: str, role: Role) -> Client:
            token = mint(
                key, subject=name, role=role, audience=settings.token_audience, now_seconds=int(time.time())
            )
            return Patient(session, token)

        async def guest(name: str, points: int) -> Guest:
            made = Guest(name, client(name, Role.PLAYER), points)
            await demo.fund(resources, made.account, points)
            return made

        with step(f"Funding {PLAYERS + 1} players"):
            names = [f"player-{number:02}" for number in range(1, PLAYERS + 1)]
            guests = await asyncio.gather(*(guest(name, START_POINTS) for name in names))
            poor = await guest("player-21", POOR_POINTS)
        manager = client("mei", Role.MANAGER)
        yield Venue(resources, manager, Patient(session, None), tuple(guests), poor)
