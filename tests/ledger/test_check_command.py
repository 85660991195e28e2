"""`playfair ledger-check`, as the owners of a ledger run it: another process, over HTTP."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from game.embedded.ports import free_port
from ledger_client import Capabilities
from ledger_client.testing import CHECKS, FakeLedger, Finding, Verdict, run_checks
from tests.ledger.formance.imitation import imitation
from tests.ledger.serving import TOKEN
from tests.ledger.test_contract_catches import SecondChance, Tombless, Unmarked

RUN_SECONDS = 60


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """The token as an owner keeps it."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@asynccontextmanager
async def sandbox_process(database_url: str) -> AsyncIterator[str]:
    """A sandbox ledger in a process of its own; its address."""
    port = free_port()
    variables = {"DATABASE_URL": database_url, "TOKEN": TOKEN, "PORT": str(port)}
    environment = os.environ | {f"SANDBOX_LEDGER_{name}": value for name, value in variables.items()}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "sandbox_ledger", env=environment)
    try:
        async with asyncio.timeout(RUN_SECONDS):
            await listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def listens(port: int) -> None:
    """Return once somebody does."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def check(url: str, token_file: Path, *options: str) -> tuple[int | None, list[str], str]:
    """The exit status, what was printed, and what was complained of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "game", "ledger-check", url, "--token-file", str(token_file), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complained = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    return process.returncode, told.decode().splitlines(), complained.decode()


async def entries(url: str) -> list[dict[str, str]]:
    """All entries of the sandbox."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
        http.get(f"{url}/v1/entries?after_seq=0&limit=1000") as response,
    ):
        found: list[dict[str, str]] = (await response.json())["entries"]
        return found


@pytest.mark.asyncio
async def test_the_sandbox_keeps_the_contract_twice(empty_database_url: str, token_file: Path) -> None:
    """All checks pass, again and again, and nothing but accounts of the runs and the issuer is touched."""
    async with sandbox_process(empty_database_url) as url:
        for _ in range(2):
            status, told, complained = await check(url, token_file)
            assert (status, complained) == (0, ""), told
            assert [line.split()[:2] for line in told[1:-1]] == [
                ["passed", f"{each.__name__}:"] for each in CHECKS
            ]
            assert told[-1] == f"{len(CHECKS)} passed, 0 failed, 0 skipped"
        written = await entries(url)
    touched = {entry[side] for entry in written for side in ("debit", "credit")} - {"issuer"}
    prefixes = {account.split(":")[1].rpartition(".")[0] for account in touched}
    assert len(prefixes) == 2
    assert all(prefix.startswith("check-") for prefix in prefixes)


@pytest.mark.asyncio
async def test_points_come_from_where_they_are_told_to(empty_database_url: str, token_file: Path) -> None:
    """With a source of their own that has none, the checks fail, say why, and issue nothing."""
    async with sandbox_process(empty_database_url) as url:
        status, told, _ = await check(url, token_file, "--source", "player:purse")
        written = await entries(url)
    assert status == 1
    assert any("outcome" in line or "in fund" in line for line in told)
    assert [entry for entry in written if "issuer" in (entry["debit"], entry["credit"])] == []


@pytest.mark.asyncio
async def test_what_is_not_declared_is_skipped(token_file: Path) -> None:
    """Formance behind its adapter: the run says which checks are left out, and why."""
    async with imitation() as there:
        status, told, _ = await check(f"formance+{there.url}", token_file)
    assert status == 0, told
    assert told[-1] == f"{len(CHECKS) - 4} passed, 0 failed, 4 skipped"
    assert "           | the ledger does not declare apply_before" in told


@pytest.mark.asyncio
async def test_a_wrong_ledger_is_shown(token_file: Path) -> None:
    """A ledger that forgets references charges twice: the checks that are about it fail."""
    async with imitation() as there:
        there.forgets_references = True
        status, told, _ = await check(f"formance+{there.url}", token_file)
    assert status == 1
    failed = {line.split()[1].rstrip(":") for line in told if line.startswith("  failed")}
    assert {"replays_the_same_body", "applies_concurrent_duplicates_once"} <= failed
    assert any("in replays_the_same_body, line" in line for line in told)
    assert any(line.startswith("           | second = Applied(") for line in told)


@pytest.mark.parametrize(
    ("url", "token", "complaint"),
    [
        ("http://127.0.0.1:9", "secret", "nothing was checked: connection"),
        ("ftp://127.0.0.1", "secret", "a ledger's address starts with one of"),
        ("http://127.0.0.1:9", "", "must hold one token, in printable ASCII"),
    ],
)
@pytest.mark.asyncio
async def test_what_cannot_be_checked_is_no_failure_of_the_ledger(
    url: str, token: str, complaint: str, tmp_path: Path
) -> None:
    """Nobody there, an address of another kind, no token: exit status 2 and one line."""
    path = tmp_path / "token"
    path.write_text(token)
    status, _, complained = await check(url, path)
    assert status == 2
    assert complaint in complained
    assert len(complained.splitlines()) == 1


def real_ms(behind_ms: int) -> Callable[[], int]:
    """A clock that is late."""
    return lambda: time.time_ns() // 1_000_000 - behind_ms


@pytest.mark.parametrize("behind_ms", [-3_600_000, 3_600_000])
@pytest.mark.asyncio
async def test_clocks_may_differ(behind_ms: int) -> None:
    """What is too late is so by the ledger's clock, wherever the checks run."""
    ledger = FakeLedger(now_ms=real_ms(behind_ms))
    assert {found.verdict for found in await findings(ledger)} == {Verdict.PASSED}


@pytest.mark.parametrize(
    ("wrong", "check_name"),
    [
        (SecondChance, "keeps_a_refusal_after_a_top_up"),
        (Tombless, "never_applies_what_was_fenced"),
        (Unmarked, "applies_concurrent_duplicates_once"),
    ],
)
@pytest.mark.asyncio
async def test_the_right_check_fails(wrong: type[FakeLedger], check_name: str) -> None:
    """And only failures have a reason."""
    found = await findings(wrong(now_ms=real_ms(0)))
    failed = {each.check for each in found if each.verdict is Verdict.FAILED}
    assert check_name in failed
    assert {each.check for each in found if each.why} == failed


class Modest(FakeLedger):
    """Declares next to nothing."""

    async def capabilities(self) -> Capabilities:
        return Capabilities(
            batch_max=1,
            sticky_refusals=False,
            apply_before=False,
            fence=False,
            ordered_floors=False,
            feed=False,
        )


@pytest.mark.asyncio
async def test_guarantees_that_are_missing_are_named() -> None:
    """Checks are skipped for them, and Playfair does not run without three of them."""
    found = await findings(Modest(now_ms=real_ms(0)))
    skipped = [each for each in found if each.verdict is Verdict.SKIPPED]
    assert len(skipped) == 12
    assert skipped[0].why == "the ledger does not declare sticky_refusals"
    assert (await Modest(now_ms=real_ms(0)).capabilities()).lacking == (
        "sticky_refusals",
        "fence or apply_before",
        "ordered_floors",
    )


async def findings(ledger: FakeLedger) -> list[Finding]:
    """What every check found."""
    return [found async for found in run_checks(ledger, prefix="check-test", source="issuer")]
