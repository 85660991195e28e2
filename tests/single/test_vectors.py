"""verify.py accepts the vectors' log, and finds in each manipulated one what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from game.audit.verify import Bad, check_receipt, verify
from tests.fair import vectors
from tests.single.running import run

ATTACKS = vectors.FOLDER / "attacks"
VKEY: str = vectors.VALUES["vkey"]
RECEIPT_ENTRY = vectors.LINES[vectors.VALUES["receipt_entry"]]


def test_the_log_is_accepted() -> None:
    """The whole log, against its checkpoint and an older one, without a warning."""
    log = verify(vectors.LINES, vectors.CHECKPOINT, VKEY, [vectors.OLD_CHECKPOINT])
    assert (log.size, log.warnings) == (vectors.VALUES["size"], [])


def test_what_it_counts() -> None:
    """Draws, what is left, and how often X picks each row, as the vectors say per pool."""
    log = verify(vectors.LINES, vectors.CHECKPOINT, VKEY)
    for expected in vectors.VALUES["pools"]:
        pool = log.pools[expected["entry"]]
        picked = {group: dict(zip(pool.ids, counts, strict=True)) for group, counts in pool.picked.items()}
        assert (pool.draws, picked) == (expected["draws"], expected["statistics"])
        assert dict(zip(pool.ids, pool.left, strict=True)) == expected["left"]


@pytest.mark.parametrize("attack", vectors.ATTACKS, ids=lambda attack: Path(attack["log"]).stem)
def test_attacks(attack: dict[str, Any]) -> None:
    """The verdict, the check and the entry are those of the vectors."""
    lines = (ATTACKS / attack["log"]).read_bytes().splitlines()
    checkpoint = (ATTACKS / attack["checkpoint"]).read_bytes()
    older = [(ATTACKS / attack["old"]).read_bytes()] if "old" in attack else []
    if attack["verdict"] == "OK":
        assert verify(lines, checkpoint, VKEY, older).warnings == attack["warnings"]
        return
    with pytest.raises(Bad) as found:
        verify(lines, checkpoint, VKEY, older)
    assert (found.value.check, found.value.entry) == (attack["check"], attack["entry"])


def test_a_receipt() -> None:
    """It holds for its entry, and for no other bytes."""
    assert check_receipt(vectors.RECEIPT, RECEIPT_ENTRY, VKEY)["i"] == vectors.VALUES["receipt_entry"]
    with pytest.raises(Bad):
        check_receipt(vectors.RECEIPT, vectors.LINES[0], VKEY)


@pytest.mark.asyncio
async def test_the_command_alone() -> None:
    """With the standard library alone: findings first, and the exit status says the verdict."""
    key, log = vectors.FOLDER / "vkey", vectors.FOLDER / "log.jsonl"
    checkpoint, old = vectors.FOLDER / "checkpoint", vectors.FOLDER / "checkpoint.old"
    said = await run("--log", log, "--checkpoint", checkpoint, "--key", key, "--older", old)
    assert (said.status, said.out.splitlines()[0]) == (0, f"OK {len(vectors.LINES)} entries")
    said = await run("--log", log, "--checkpoint", old, "--key", key)
    assert (said.status, said.out) == (1, "BAD check 1: the log is longer than the checkpoint says\n")


@pytest.mark.asyncio
async def test_the_command_with_a_receipt(tmp_path: Path) -> None:
    """A receipt and its entry, each in a file."""
    entry = tmp_path / "entry"
    entry.write_bytes(RECEIPT_ENTRY + b"\n")
    receipt, key = vectors.FOLDER / "receipt.tlog-proof", vectors.FOLDER / "vkey"
    said = await run("--receipt", receipt, "--entry", entry, "--key", key)
    assert (said.status, said.out) == (0, "OK entry 338, a draw, stands in the log\n")


@pytest.mark.asyncio
async def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    """A file that is not there is no verdict about a log; neither is a wrong command line."""
    missing = tmp_path / "missing"
    said = await run("--log", missing, "--checkpoint", missing, "--key", missing)
    assert said.status == 3
    assert "could not be read" in said.err
    assert (await run("--key", missing)).status == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("options", ["--url --receipt", "--url --log", "--receipt --entry --older"])
async def test_the_command_passes_no_option_by(options: str) -> None:
    """Options that do not go together are a wrong command line, and no verdict."""
    values = [word for option in options.split() for word in (option, "http://127.0.0.1:1")]
    said = await run(*values, "--key", vectors.FOLDER / "vkey")
    assert (said.status, "say what to verify" in said.err) == (2, True)
