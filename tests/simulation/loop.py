"""An event loop in virtual time: waiting costs nothing, all is the same every time, and processes can die.

    timeline = Timeline()
    loop = VirtualLoop(timeline)
    loop.run_until_complete(main())      # asyncio.sleep(3600) takes no time
    loop.close()                         # or loop.bury() after `Killed`

Time moves only when nothing is ready to run and no question to PostgreSQL is in flight: a question takes no
virtual time at all. While anything is ready, sockets are not looked at. So the order of all steps follows
from the program, its seeds and the database's answers alone, as long as at most one connection is in use.
"""

import asyncio
import inspect
import selectors
import sys
import warnings
from collections.abc import Callable
from typing import Any, Final

from tests.simulation.timeline import Timeline
from tests.simulation.wire import SECONDS_MAX, Wire

# Code that is unwound may wait again while it is: so often at most.
_UNWINDS_MAX: Final = 10


class Killed(SystemExit):
    """The process died at the step that it was to die at; nothing of it ran any more."""


class _Selector(selectors.DefaultSelector):
    """Looks at sockets only while PostgreSQL owes an answer; else lets virtual time pass."""

    def __init__(self, timeline: Timeline, wires: list[Wire]) -> None:
        super().__init__()
        self._timeline = timeline
        self._wires = wires

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing while something is ready; else what is readable, or nothing once time has moved on."""
        if timeout is not None and timeout <= 0:
            return []
        if any(wire.is_busy for wire in self._wires) or self._is_connecting():
            found = super().select(SECONDS_MAX)
            assert found, "PostgreSQL does not answer"
            return found
        self._timeline.advance(None if timeout is None else self._timeline.now + timeout)
        return []

    def _is_connecting(self) -> bool:
        return any(key.events & selectors.EVENT_WRITE for key in self.get_map().values())


class VirtualLoop(asyncio.SelectorEventLoop):
    """The event loop of one process. Its sockets lead to PostgreSQL and nowhere else."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._wires: list[Wire] = []
        self._steps = 0
        self._last_step: int | None = None
        self._never_done: Any = None
        self._is_dead = False
        super().__init__(_Selector(timeline, self._wires))

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._timeline.now

    def kill_after(self, steps: int) -> None:
        """Die that many steps from now: `Killed` leaves `run_until_complete`, and `bury` is to be called.

        A step is what runs between two awaits of a task, or a callback: this is a crash at any await.
        """
        self._last_step = self._steps + steps

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """Count the step, or die in its place."""
        if self._is_dead:
            return asyncio.Handle(callback, args, self, context)
        self._steps += 1
        if self._steps == self._last_step:
            self._never_done = callback  # which may be all that holds a task
            callback, args = _die, ()
        return super().call_soon(callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """Nothing of a dead process waits for anything."""
        if self._is_dead:
            raise Killed
        return super().create_future()

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Nothing of a dead process begins anything."""
        if self._is_dead:
            coro.close()
            raise Killed
        return super().create_task(coro, **options)

    def run_in_executor(  # type: ignore[override]
        self, _executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do it at once: threads have an order of their own."""
        future = self.create_future()
        future.set_result(func(*args))
        return future

    def bury(self) -> None:
        """After `Killed`: end connections as the system does for a dead process, and forget the tasks."""
        for wire in self._wires:
            wire.cut()
        self._is_dead = True
        _ready_of(self).clear()
        self.set_exception_handler(lambda _loop, _context: None)
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        asyncio._set_running_loop(self)  # else what is torn down would begin something on another loop
        try:
            with warnings.catch_warnings(action="ignore"):
                self._unwind()
        finally:
            asyncio._set_running_loop(None)
            sys.unraisablehook = hook
        self.close()

    def _unwind(self) -> None:
        """End the coroutines, cut off from everything as they are, lest the garbage collector complain."""
        for _ in range(_UNWINDS_MAX):
            left = [coroutine for task in asyncio.all_tasks(self) if _is_open(coroutine := task.get_coro())]
            if not left:
                return
            for coroutine in left:
                _close(coroutine)

    def _make_socket_transport(self, sock: Any, protocol: Any, *args: Any, **extra: Any) -> Any:
        wire = Wire(protocol)
        self._wires.append(wire)
        return super()._make_socket_transport(sock, wire, *args, **extra)  # type: ignore[misc]


def _die() -> None:
    raise Killed


def _ready_of(loop: Any) -> Any:
    return loop._ready


def _is_open(coroutine: Any) -> bool:
    return inspect.getcoroutinestate(coroutine) != inspect.CORO_CLOSED


def _close(coroutine: Any) -> None:
    try:
        coroutine.close()
    except BaseException:  # whatever it does when it is torn down, it does to nobody
        return
