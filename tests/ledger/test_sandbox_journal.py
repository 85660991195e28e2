"""The journal of all entries, recomputed by tools that know nothing of the ledger."""

import asyncio
import csv
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.wire import INTEGER_MAX, PAGE_MAX
from tests.ledger.serving import START_MS, TOKEN, Sandbox, operation, transfer
from tests.ledger.test_sandbox_process import environment

POSTING = re.compile(r"    (\S+)  (-?\d+) points = (-?\d+) points(  ; seq: \d+, code: \S+)?")
ACCOUNTS = ["player:a", "player:b.-_~c", "campaign:x:budget", "campaign:x.y:budget", "house:x", "issuer"]
# More than two pages, so that operations lie across their ends.
OPERATIONS = PAGE_MAX
ODD_CODES = ["date:2001-01-01", "date:x", "::", "price", "~.-"]

hledger = shutil.which("hledger")


def some_leg(random: Random) -> dict[str, Any]:
    """A leg between two accounts, with a code that tools may trip over."""
    debit, credit = random.sample(ACCOUNTS, 2)
    return transfer(debit, credit, random.randint(1, 9)) | {"code": random.choice(ODD_CODES)}


@pytest_asyncio.fixture
async def balances(sandbox: Sandbox) -> dict[str, int]:
    """What the accounts of a ledger of many days hold, some points expired and one number as large as any."""
    random = Random(5)
    for start in range(0, OPERATIONS, 200):
        sandbox.clock.now_ms = START_MS + 2 * start * DAY_MS
        items = [
            operation(
                f"op:{start + number}.-_~",
                *(some_leg(random) for _ in range(random.randint(1, 8))),
                apply_before=INTEGER_MAX,
            )
            for number in range(200)
        ]
        await sandbox.post("/v1/operations:batch", {"operations": items})
    large = operation("large", transfer("house:x", "house:y", INTEGER_MAX - 10_000), apply_before=INTEGER_MAX)
    assert (await sandbox.post("/v1/operations", large))["outcome"] == "applied"
    return {
        account: (await sandbox.get(f"/v1/accounts/{account}"))["posted"]
        for account in [*ACCOUNTS, "house:y"]
    }


async def exported(sandbox: Sandbox) -> str:
    """What the command writes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "sandbox_ledger", "journal"),
        env=environment(DATABASE_URL=sandbox.database_url, TOKEN=TOKEN),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


async def run_hledger(journal: Path, *arguments: str) -> tuple[int | None, str]:
    """Exit code and output of the tool, which reads nothing but the journal."""
    assert hledger is not None
    process = await asyncio.create_subprocess_exec(
        *(hledger, "-f", str(journal), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.asyncio
async def test_the_journal_adds_up(sandbox: Sandbox, balances: dict[str, int]) -> None:
    """Line by line: what is asserted is the sum so far, and in the end what the accounts hold."""
    text = await exported(sandbox)
    sums: Counter[str] = Counter()
    names: list[str] = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        heading, *postings = block.split("\n")
        names.append(heading.partition(" (")[2].removesuffix(")"))
        for line in postings:
            posting = POSTING.fullmatch(line)
            assert posting is not None, line
            sums[posting[1]] += int(posting[2])
            assert sums[posting[1]] == int(posting[3]), line
    assert dict(sums) == balances
    assert len(names) == len(set(names))
    assert any(name.startswith("expiry:") for name in names)
    totals = await sandbox.get(f"/v1/control-totals?from_seq=1&to_seq={10 * PAGE_MAX}")
    assert 2 * PAGE_MAX < totals["entries"] == text.count("; seq: ")


@pytest.mark.skipif(hledger is None, reason="hledger is not installed")
@pytest.mark.asyncio
async def test_hledger_agrees(sandbox: Sandbox, balances: dict[str, int], tmp_path: Path) -> None:
    """It finds every transaction balanced and every assertion true, and the same balances."""
    journal = tmp_path / "ledger.journal"
    journal.write_text(await exported(sandbox))
    assert await run_hledger(journal, "check") == (0, "")
    code, said = await run_hledger(journal, "balance", "--flat", "--empty", "--no-total", "-O", "csv")
    _, *rows = csv.reader(said.splitlines())
    assert code == 0
    assert {account: int(amount.partition(" ")[0]) for account, amount in rows} == balances


@pytest.mark.skipif(hledger is None, reason="hledger is not installed")
@pytest.mark.asyncio
async def test_hledger_finds_a_falsified_amount(
    sandbox: Sandbox, balances: dict[str, int], tmp_path: Path
) -> None:
    """One posting off by one, or one leg missing, does not pass."""
    del balances
    text = await exported(sandbox)
    journal = tmp_path / "ledger.journal"
    legs = list(re.finditer(r"    \S+  -(\d+) points .*\n    \S+  \1 points .*\n", text))
    leg = legs[len(legs) // 2]
    falsified = leg[0].replace(f"{leg[1]} points =", f"{int(leg[1]) + 1} points =")
    for changed in (falsified, ""):
        journal.write_text(text[: leg.start()] + changed + text[leg.end() :])
        code, said = await run_hledger(journal, "check")
        assert code == 1
        assert "balance assertion" in said


@pytest.mark.asyncio
async def test_an_empty_ledger_has_an_empty_journal(sandbox: Sandbox) -> None:
    """Nothing at all, and no error."""
    assert await exported(sandbox) == ""
