"""A process under strace, which kills it when it enters a system call that writes for the n-th time."""

import asyncio
import re
import shutil
import signal
from pathlib import Path
from typing import Self

import msgspec

WRITING = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice"
# What most writes are.
WRITE = "write"
NEVER = 65_535
KILLED = "+++ killed by SIGKILL +++"
DATA_SHOWN = 24
ATTACH_SECONDS = 10.0
# Thread, call, the file that it writes to, and what: 12 write(7<TCP:[1.1.1.1:9->1.1.1.1:8]>, "PO"..., 4) = 4
LINE = re.compile(r"(?P<thread>\d+)\s+(?P<call>\w+)\((?P<file>\d+<[^\"]*>), (?P<what>.*)")


class Write(msgspec.Struct, frozen=True):
    """A system call that was entered: its name, the file and what is written as strace shows them."""

    call: str
    file: str
    what: str

    @property
    def kind(self) -> str:
        """The call, and what kind of file it writes to."""
        return f"{self.call} {self.file.partition('<')[2].partition(':')[0]}"


class Tracer:
    """strace on all threads of a process; it counts each call of each thread by itself."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def attach(cls, pid: int, *, call: str, kill_at: int, log: Path) -> Self:
        """Trace from now on, and kill at the n-th `call`; PermissionError where that is not allowed here."""
        process = await asyncio.create_subprocess_exec(
            *("strace", "-f", "-yy", "-s", str(DATA_SHOWN), "-o", str(log), "-p", str(pid)),
            *("-e", f"trace={WRITING}", "-e", f"inject={call}:signal=SIGKILL:when={kill_at}"),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        async with asyncio.timeout(ATTACH_SECONDS):
            said = await process.stderr.readline()
        if b"attached" not in said:
            await process.wait()
            raise PermissionError(said.decode())
        return cls(process, log)

    def has_killed(self) -> bool:
        """Whether the process is dying or dead; it is nobody's zombie before `writes`."""
        return KILLED in self._log.read_text(errors="replace")

    async def writes(self, thread: int) -> list[Write]:
        """Stop tracing; what a thread has written, in order. A kill is at the last, which was not done."""
        if self._process.returncode is None:
            # After a kill, strace at times waits for threads that have told it of their end already.
            self._process.send_signal(signal.SIGKILL if self.has_killed() else signal.SIGTERM)
        await self._process.wait()
        return writes_of(self._log.read_text(errors="replace"), thread)


def is_installed() -> bool:
    """Whether there is strace."""
    return shutil.which("strace") is not None


def writes_of(log: str, thread: int) -> list[Write]:
    """The calls of one thread in strace's output."""
    lines = filter(None, map(LINE.match, log.splitlines()))
    return [
        Write(line["call"], line["file"], line["what"]) for line in lines if int(line["thread"]) == thread
    ]
