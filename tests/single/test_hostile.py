"""verify.py and servers that would rather not be verified: no verdict is theirs, nobody is sent elsewhere."""

import asyncio

import pytest

from game.audit.verify import open_checkpoint
from tests.auditor.serving import LOG, PLACES, places_of, serving
from tests.fair import vectors
from tests.single.running import Said, run

KEY = vectors.FOLDER / "vkey"
LINES = vectors.LINES


def said_of(places: PLACES) -> tuple[Said, list[str]]:
    """What it says of a log at these places, and where it looked."""
    with serving(places) as server:
        return asyncio.run(run("--url", server.log, "--key", KEY)), server.asked


def test_an_honest_server() -> None:
    """What the others are bent from."""
    said, _ = said_of(places_of(LINES))
    assert (said.status, said.out.splitlines()[0]) == (0, f"OK {len(LINES)} entries")


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\5abc"])
def test_a_bundle_that_ends_within_an_entry(data: bytes) -> None:
    """It is said at once, however many entries the checkpoint speaks of."""
    places = places_of(LINES) | {f"{LOG}/tile/entries/000": data}
    said, asked = said_of(places)
    assert (said.status, "a bundle ends within an entry" in said.err) == (3, True)
    assert asked == [f"{LOG}/checkpoint", f"{LOG}/tile/entries/000"]


def test_a_server_that_sends_its_auditor_elsewhere() -> None:
    """Nobody goes there."""
    places = places_of(LINES) | {f"{LOG}/checkpoint": 302, "/elsewhere": vectors.CHECKPOINT}
    said, asked = said_of(places)
    assert (said.status, asked) == (3, [f"{LOG}/checkpoint"])


async def _gibberish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"OK 7 entries\r\n\r\n")
    writer.close()


@pytest.mark.asyncio
async def test_a_server_that_does_not_speak_http() -> None:
    """It is no verdict, and no traceback."""
    async with await asyncio.start_server(_gibberish, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        said = await run("--url", f"http://127.0.0.1:{port}", "--key", KEY)
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("could not be read: ")


@pytest.mark.parametrize("end", ["\x1c", "\x85", "\u2028"])
def test_a_name_with_another_line_end(end: str) -> None:
    """Other signers' names may hold anything: the log's own signature counts."""
    line = f"\u2014 {vectors.ORIGIN}{end}x AAAA\n".encode()
    vkey = KEY.read_text()
    assert open_checkpoint(vectors.CHECKPOINT + line, vkey) == open_checkpoint(vectors.CHECKPOINT, vkey)
