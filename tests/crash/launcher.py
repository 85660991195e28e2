"""A service that dies on purpose: `python launcher.py <stage> <plays>` kills itself once so many are there.

Until then the plays that have come to the stage are held in it. The service's own code knows nothing of it.
`python launcher.py later <ms>` lets the service live, and believe that so much more time has passed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from litestar.types import Message, Receive, Scope, Send

from game import app, serve
from game.ledger import service as outbox
from game.plays import clerk, log_store
from game.plays.engine import Engine
from game.plays.log_store import Settled
from game.resources import system_clock
from game.settings import Settings
from game.webhooks import store as event_store
from game.webhooks.reception import Reception


class Trap:
    """Holds plays for ever, and ends the process when all are inside."""

    def __init__(self, plays: int) -> None:
        self._missing = plays
        self.is_full = asyncio.Event()

    def count(self) -> None:
        """One more play is there."""
        self._missing -= 1
        if self._missing <= 0:
            self.is_full.set()

    async def enter(self) -> None:
        """Hold one play."""
        self.count()
        await self.is_full.wait()
        die()


def die() -> None:
    """End this process without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def accepted(trap: Trap) -> None:
    """The play is committed, its debit not sent."""

    async def drive(*_: Any) -> None:
        await trap.enter()

    Engine._drive = drive  # type: ignore[method-assign,assignment]


def settling(trap: Trap) -> None:
    """Draws, stock and grants are written, and not committed; the other plays are on their way there.

    That is so where the clerk holds locks: otherwise it is one statement, which commits by itself.
    """
    drive, save_pages = Engine.drive, log_store.save_pages

    def counted(engine: Engine, *play: Any) -> Any:
        trap.count()
        return drive(engine, *play)

    async def saved(conn: Any, settled: Sequence[Settled], *args: Any, **kwargs: Any) -> None:
        await save_pages(conn, settled, *args, **kwargs)
        if any(each.page.draws for each in settled):
            await trap.is_full.wait()
            die()

    Engine.drive = counted  # type: ignore[method-assign,assignment]
    clerk.is_plain = lambda job: False  # type: ignore[attr-defined]  # noqa: ARG005
    log_store.save_pages = saved


def drawn(trap: Trap) -> None:
    """Plays are read and drawn without locks, and nothing of it is stored; others are on their way there."""
    drive, settle = Engine.drive, log_store.settle

    def counted(engine: Engine, *play: Any) -> Any:
        trap.count()
        return drive(engine, *play)

    async def stored(conn: Any, settled: Sequence[Settled], *args: Any, **kwargs: Any) -> None:
        if any(each.page.draws for each in settled):
            await trap.is_full.wait()
            die()
        await settle(conn, settled, *args, **kwargs)

    Engine.drive = counted  # type: ignore[method-assign,assignment]
    log_store.settle = stored


def settled(trap: Trap) -> None:
    """The outcome is committed, nobody was told, and no credit was sent."""
    drive = Engine._drive

    async def driven(*args: Any) -> None:
        await drive(*args)
        await trap.enter()

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    Engine._drive = driven  # type: ignore[method-assign,assignment]
    outbox.send = never  # type: ignore[assignment]


def answering(trap: Trap) -> None:
    """The answer is made, and none of it was written."""
    create_app = app.create_app

    def trapped() -> Any:
        service = create_app()

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            async def hold(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await trap.enter()
                await send(message)

            is_play = scope.get("method") == "POST" and scope["path"].endswith("/plays")
            await service(scope, receive, hold if is_play else send)

        return call

    app.create_app = trapped


def still(_: Trap) -> None:
    """Nothing is done but what is asked for: no sweeper, no step of any worker."""
    app._steps = app.play_steps = lambda *_: ()  # type: ignore[assignment,attr-defined]


def receiving(trap: Trap) -> None:
    """Events are read, and not stored: that is one statement, which commits by itself."""

    async def insert(*_: Any, **__: Any) -> Any:
        await trap.enter()

    event_store.insert_events = insert


def received(trap: Trap) -> None:
    """Events are committed, and nobody was told."""
    store = Reception._store

    async def stored(*args: Any) -> Any:
        await store(*args)
        await trap.enter()

    Reception._store = stored  # type: ignore[method-assign,assignment]


def later(ms: int) -> None:
    """Set the service's clock ahead."""
    settings = Settings.from_environment(os.environ)
    app.create_app = lambda: app.build_app(settings, clock=lambda: system_clock() + ms)


STAGES = {
    stage.__name__: stage
    for stage in (accepted, drawn, settling, settled, answering, still, receiving, received)
}

if __name__ == "__main__":
    stage, number = sys.argv[1], int(sys.argv[2])
    if stage == later.__name__:
        later(number)
    else:
        STAGES[stage](Trap(number))
    sys.exit(serve.main([]))
