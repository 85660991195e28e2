"""What auditors, the monitor and players find out about a service."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from game.audit import verify as verifier_file
from game.fair.entries import DrawEntry, decode
from game.fair.findings import Finding
from game.fair.note import open_checkpoint
from game.fair.receipt import Evidence, verify_draw
from game.fair.verify import Report, verify_log
from game.tour.download import checkpoint_of, entries_of
from game.tour.guests import Made
from game.tour.stage import Place
from tests.crash.bets import People, row, wheel

ALARM_SECONDS = 30.0
POLL_SECONDS = 0.1
ONE_IN_FOUR = [row("win", "points", 1, weight=10), row("lose", "nothing", 0, weight=30)]
CHEATS = str(Path(__file__).with_name("crooked.py"))


async def cheated(people: People, cheat: str, *, seat_draws: int = 64) -> Place:
    """A campaign of a service that cheats: one draw in four should win."""
    await people.site.service.start((CHEATS, cheat), people.site.environment)
    return await people.place(wheel(*ONE_IN_FOUR, price_points=1, seat_draws=seat_draws))


async def audited(people: People, place: Place) -> Report:
    """What a replay of the public log says."""
    note = await checkpoint_of(people.anybody, place.campaign_id)
    size = open_checkpoint(note, place.log_key).size
    lines = await entries_of(people.anybody, place.campaign_id, size=size)
    return verify_log(lines, note, place.log_key)


async def alone(people: People, place: Place, folder: Path) -> tuple[int, str]:
    """What the auditor's one file says of the service, as a program of its own: exit status and words."""
    log = f"/v1/campaigns/{place.campaign_id}/log"
    key = folder / "key"
    key.write_bytes((await people.anybody.get(f"{log}/vkey")).text())
    url = f"{people.site.settings.public_url}{log}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(verifier_file.__file__), "--url", url, "--key", str(key),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def alerted(people: People, place: Place, series: str) -> dict[str, Any]:
    """The alert that the monitor of the service itself raises, once it does."""
    asked = "SELECT * FROM fit_alert WHERE campaign_id = $1 AND series = $2"
    deadline = time.monotonic() + ALARM_SECONDS
    while (found := await people.resources.pool.fetchrow(asked, place.campaign_id, series)) is None:
        assert time.monotonic() < deadline, f"no alert about {series}"
        await asyncio.sleep(POLL_SECONDS)
    return dict(found)


def own_findings(made: Made) -> list[Finding]:
    """What a player finds in the receipts of a play, and nothing else."""
    found = []
    for draw in made.view.draws:
        assert draw.entry is not None
        try:
            verify_draw(
                pool=made.place.evidence,
                seat=Evidence(made.seat.entry.encode(), made.seat.receipt),
                beacon=None,
                draw=Evidence(draw.entry.encode(), draw.receipt),
                verifier=made.place.log_key,
            )
        except Finding as finding:
            found.append(finding)
    return found


def numbers(made: Made) -> list[int]:
    """The draws' numbers in their seat, by their entries."""
    entries = [decode((draw.entry or "").encode()) for draw in made.view.draws]
    return [entry.n for entry in entries if isinstance(entry, DrawEntry)]
