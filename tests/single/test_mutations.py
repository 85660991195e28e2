"""Two thousand bent logs: both verifiers refuse each for the same reason, or an older checkpoint shows it.

The two share no code, so what they agree on is fairdraw's, not a slip of one of them.
"""

import re
from collections import Counter
from random import Random

import pytest

from game.audit.verify import Bad, verify
from game.fair.entries import leaf_hash
from game.fair.merkle import inclusion_proof
from game.fair.receipt import encode_receipt, verify_receipt
from game.fair.verify import Report, verify_log
from tests.fair import vectors
from tests.single.mutations import Lines, Mutation, checkpoint, mutate
from tests.single.running import Verdict, verdict

MUTATIONS = 2_000
ATTACKS = vectors.FOLDER / "attacks"
LOGS: list[Lines] = [
    list(vectors.LINES),
    *((ATTACKS / name).read_bytes().splitlines() for name in ("honest.jsonl", "honest-replaced.jsonl")),
]
NOTES = [checkpoint(lines) for lines in LOGS]
# Small logs more often: each of their entries is hit more often then.
SHARES = (1, 3, 3)
# What the log alone cannot tell, since an honest operator could have written it. Whoever holds a receipt or
# an older checkpoint can.
UNTOLD = re.compile(
    r"cut"  # its last entries were not written yet
    r"|change t of \w+"  # a time between those of the neighbours
    r"|change (seed|tag) of seat|rename (seed|tag)"  # before its first draw; a name wherever it stands
    r"|change sig of beacon"  # before the first draw that it enters; BLS can tell
    r"|(change (sha256|kind|pool) of|drop) notice.*"  # what an operator states decides nothing
    r"|drop (close|beacon|seat|draw).*"  # not closed or drawn yet, a round that no draw needs
    r"|(swap|move|duplicate) .*"  # entries that do not depend on one another
)


def test_mutations() -> None:
    """Each is refused by both with one check and entry, or is on the list and contradicts what was signed."""
    untold: Counter[str] = Counter()
    checks: Counter[int] = Counter()
    for seed in range(MUTATIONS):
        log, mutation = _bent(Random(seed))
        report = verify_log(mutation.lines, checkpoint(mutation.lines), vectors.VERIFIER)
        assert _verdict(report) == verdict(mutation.lines, checkpoint(mutation.lines)), (seed, mutation.what)
        if report.check is not None:
            checks[report.check] += 1
        else:
            untold[mutation.what] += 1
            assert UNTOLD.fullmatch(mutation.what), (seed, mutation.what)
            _caught_by_what_was_signed(log, mutation.lines)
    assert sum(checks.values()) > MUTATIONS * 0.8
    assert set(checks) == {2, 3, 4, 5, 6, 7, 8, 9}


def _bent(random: Random) -> tuple[int, Mutation]:
    """A log's place in LOGS, and what became of it; a log that goes on from there is not bent."""
    (log,) = random.choices(range(len(LOGS)), SHARES)
    mutation = mutate(random, LOGS[log])
    goes_on = mutation.lines[: len(LOGS[log])] == LOGS[log]
    return (log, mutation) if not goes_on else _bent(random)


def _verdict(report: Report) -> Verdict:
    return report.check, report.entry, len(report.warnings) if report.verdict == "OK" else 0


def _caught_by_what_was_signed(log: int, bent: Lines) -> None:
    """The first entry that is bent has a receipt, and the checkpoint in that is not one of the bent log."""
    honest = LOGS[log]
    at = next(at for at, line in enumerate(honest) if bent[at : at + 1] != [line])
    path = inclusion_proof([leaf_hash(line) for line in honest], at)
    receipt = encode_receipt(at, path, NOTES[log])
    assert verify_receipt(receipt, honest[at], vectors.VERIFIER).checkpoint.size == len(honest)
    note = receipt.split("\n\n", 1)[1].encode()
    report = verify_log(bent, checkpoint(bent), vectors.VERIFIER, older=[note])
    assert (report.check, report.entry) == (1, None)
    with pytest.raises(Bad, match="REWRITTEN"):
        verify(bent, checkpoint(bent), vectors.VALUES["vkey"], [note])


def test_a_bent_log_that_is_not_signed_again() -> None:
    """Without the key nothing can be bent: check 1, of the log as a whole."""
    for seed in range(200):
        log, mutation = _bent(Random(seed))
        report = verify_log(mutation.lines, NOTES[log], vectors.VERIFIER)
        assert (report.check, report.entry) == (1, None), (seed, mutation.what)
        assert verdict(mutation.lines, NOTES[log])[:2] == (1, None), (seed, mutation.what)
