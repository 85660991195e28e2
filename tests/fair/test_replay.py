"""What the auditor finds in logs that the vectors do not have."""

from typing import Any

import pytest

from game.fair.entries import leaf_hash
from game.fair.merkle import root
from game.fair.note import checkpoint_body, sign
from game.fair.rounds import round_time_ms
from game.fair.verify import PAGE_ENTRIES, Report, verify_log
from tests.fair.vectors import EARLY_MS, EARLY_ROUND, KEY, LATE_ROUND, LINES, ORIGIN, VERIFIER
from tests.fair.writer import BEACON, SECRET, TERMS, URN, WHEEL, LogWriter, checkpoint_of, verified

SEED = "5e" * 16
DAY_MS = 86_400_000
OPEN_WHEEL = {**WHEEL, "beacon": BEACON}
SEALED = {**OPEN_WHEEL, "seat_draws": 1}


def found(report: Report) -> tuple[int | None, int | None]:
    """Check and entry of a log that is refused."""
    assert report.verdict == "BAD"
    assert report.says
    return report.check, report.entry


def played(**terms: Any) -> tuple[LogWriter, int, int]:
    """A log with one pool, its only seat, its beacon and one draw."""
    writer = LogWriter()
    pool = writer.pool(**terms)
    seat = writer.seat(pool, seed=SEED)
    writer.beacon()
    writer.draw(seat)
    return writer, pool, seat


def test_a_whole_life_of_a_pool() -> None:
    """Opened, sat, drawn, noticed, closed: nothing is wrong."""
    writer, pool, _ = played(**OPEN_WHEEL)
    writer.notice(pool, t=TERMS["closes"], kind="amendment")
    writer.close(pool)
    writer.notice(pool, t=TERMS["closes"] + 1, kind="compensation")
    report = writer.verified()
    assert (report.verdict, report.warnings, report.size) == ("OK", (), 7)


def test_an_empty_log() -> None:
    """A log without entries verifies against its checkpoint."""
    assert verified([]).verdict == "OK"


def test_a_seat_needs_a_pool() -> None:
    """A seat of something that is no pool."""
    writer, _, _ = played(**OPEN_WHEEL)
    writer.lines[1] = writer.lines[1].replace(b'"pool":0', b'"pool":1')
    assert found(writer.verified()) == (5, 1)


def test_a_seat_at_the_closing_time() -> None:
    """One millisecond before the close is the last for a seat."""
    for early_ms, verdict in ((1, "OK"), (0, "BAD")):
        writer = LogWriter()
        writer.seat(writer.pool(**URN), t=TERMS["closes"] - early_ms, seed=SEED)
        assert writer.verified().verdict == verdict
    assert found(writer.verified()) == (5, 1)


def test_a_seat_may_come_before_the_opening_but_no_draw() -> None:
    """A draw waits until the pool opens."""
    late = {"opens": EARLY_MS + 7000}
    for t, verdict in ((EARLY_MS + 7000, "OK"), (EARLY_MS + 6999, "BAD")):
        writer = LogWriter()
        seat = writer.seat(writer.pool(**{**OPEN_WHEEL, **late}), seed=SEED)
        writer.beacon()
        writer.draw(seat, t=t)
        assert writer.verified().verdict == verdict
    assert found(writer.verified()) == (6, 3)


def test_a_paid_draw_may_be_late() -> None:
    """After `closes`, until the close."""
    writer, pool, seat = played(**OPEN_WHEEL)
    writer.draw(seat, t=TERMS["closes"] + 5)
    writer.close(pool, t=TERMS["closes"] + 5)
    assert writer.verified().verdict == "OK"


def test_a_seat_has_no_more_draws_than_its_pool_says() -> None:
    """The link before the anchor is no draw, nor is one beyond the chain."""
    writer, _, seat = played(**{**OPEN_WHEEL, "seat_draws": 1})
    writer.put("draw", t=EARLY_MS + 7000, seat=seat, n=2, a="00" * 32, row="mug")
    assert found(writer.verified()) == (6, 4)


def test_a_new_seat_follows_a_used_up_one() -> None:
    """When all draws of a seat are logged, its tag may have the next."""
    writer, pool, seat = played(**OPEN_WHEEL)
    for _ in range(3):
        writer.draw(seat)
    writer.seat(pool, t=EARLY_MS + 7000, seed=SEED, seat_id="02" * 16)
    assert writer.verified().verdict == "OK"


def test_one_tag_may_sit_in_two_pools() -> None:
    """One live seat per tag is a rule of each pool."""
    writer = LogWriter()
    pools = [writer.pool(bytes([each] * 32), **{**URN, "pool": f"urn-{each}"}) for each in range(2)]
    for pool in pools:
        writer.seat(pool, seed=SEED)
    assert writer.verified().verdict == "OK"


def test_a_value_of_another_beacon() -> None:
    """The chain is drand quicknet's."""
    writer, _, _ = played(**OPEN_WHEEL)
    writer.lines[2] = writer.lines[2].replace(b'"chain":"52', b'"chain":"53')
    assert found(writer.verified()) == (4, 2)


@pytest.mark.parametrize(("early_ms", "verdict"), [(0, "OK"), (1, "BAD")])
def test_a_beacon_at_its_time(early_ms: int, verdict: str) -> None:
    """The value may be logged from the millisecond at which it is public."""
    writer = LogWriter()
    writer.seat(writer.pool(**OPEN_WHEEL), seed=SEED)
    writer.beacon(t=round_time_ms(EARLY_ROUND) - early_ms)
    assert writer.verified().verdict == verdict


def test_a_close_waits_for_the_beacon() -> None:
    """Without the value of a seat's round its untaken draws could not be looked at."""
    writer = LogWriter()
    pool = writer.pool(**OPEN_WHEEL)
    writer.seat(pool, seed=SEED)
    writer.close(pool)
    assert found(writer.verified()) == (4, 2)


def test_a_close_needs_a_pool() -> None:
    """A close of something that is no pool."""
    writer, pool, _ = played(**OPEN_WHEEL)
    writer.close(pool)
    writer.lines[4] = writer.lines[4].replace(b'"pool":0', b'"pool":3')
    assert found(writer.verified()) == (5, 4)


def test_a_used_up_seat_must_come_from_the_secret_too() -> None:
    """A chain of another secret links up to its anchor, and shows at the close."""
    writer = LogWriter()
    pool = writer.pool(**{**URN, "seat_draws": 1})
    writer.use_secret(pool, bytes(32))
    writer.draw(writer.seat(pool, seed=SEED))
    writer.use_secret(pool, SECRET)
    writer.close(pool)
    assert found(writer.verified()) == (9, 3)


def test_a_seat_of_a_closed_pool_draws_no_more() -> None:
    """Its draws lapse with the close."""
    writer, pool, seat = played(**OPEN_WHEEL)
    writer.close(pool)
    writer.draw(seat, t=TERMS["closes"])
    assert found(writer.verified()) == (6, 5)


def test_sealed_draws_in_their_order() -> None:
    """Each seat's draw in turn; then the pool may close."""
    writer = LogWriter()
    pool = writer.pool(**SEALED)
    seats = [writer.seat(pool, seed="", seat_id=f"0{each}" * 16, tag=f"0{each}" * 16) for each in range(3)]
    writer.beacon()
    for seat in seats:
        writer.draw(seat)
    writer.close(pool)
    assert writer.verified().verdict == "OK"


def test_a_wheel_is_not_closed_early_for_want_of_prizes() -> None:
    """Only an urn sells out."""
    writer, pool, _ = played(**OPEN_WHEEL)
    writer.close(pool, t=TERMS["closes"] - 1)
    assert found(writer.verified()) == (9, 4)


@pytest.mark.parametrize(("late_ms", "warned"), [(DAY_MS, False), (DAY_MS + 1, True)])
def test_a_pool_left_open_is_warned_about(late_ms: int, warned: bool) -> None:
    """A day after its time a pool should be closed, whether it ever is or not."""
    warning = ("pool wheel: not closed within a day after its time",)
    for closes in (True, False):
        writer, pool, _ = played(**OPEN_WHEEL)
        writer.notice(pool, t=TERMS["closes"] + late_ms)
        if closes:
            writer.close(pool, t=TERMS["closes"] + late_ms)
        assert writer.verified().warnings == (warning if warned else ())


def test_a_seat_of_the_late_round() -> None:
    """The beacon's second published value serves as well as the first."""
    late_ms = 1718453394400
    writer = LogWriter()
    pool = writer.pool(**{**OPEN_WHEEL, "closes": late_ms + 60_000})
    seat = writer.seat(pool, t=late_ms, seed="")
    writer.beacon(t=late_ms + 6100, round_=LATE_ROUND)
    writer.draw(seat, t=late_ms + 6200)
    assert writer.verified().verdict == "OK"


def test_a_log_that_nobody_signed_is_nothing_else() -> None:
    """Where the root differs, that is the finding, whatever else the lines hold."""
    writer, _, _ = played(**OPEN_WHEEL)
    bent = [*writer.lines[:3], writer.lines[3].replace(b'"n":1', b'"n":2')]
    assert found(verified(bent)) == (6, 3)
    assert found(verify_log(bent, checkpoint_of(writer.lines), VERIFIER)) == (1, None)


def test_a_log_longer_than_its_checkpoint() -> None:
    """Lines beyond the checkpoint are not read."""
    endless = iter(lambda: LINES[0], None)
    report = verify_log(endless, checkpoint_of(LINES[:3]), VERIFIER)
    assert found(report) == (1, None)


@pytest.mark.parametrize("size", [0, 1, 3, 4])
def test_older_checkpoints_of_any_size(size: int) -> None:
    """A prefix, of nothing and of everything too, is consistent."""
    writer, _, _ = played(**OPEN_WHEEL)
    older = [checkpoint_of(writer.lines[:size])]
    report = verify_log(writer.lines, checkpoint_of(writer.lines), VERIFIER, older=older)
    assert report.verdict == "OK"


def test_an_older_checkpoint_that_is_larger() -> None:
    """A log that was longer once has been rewritten."""
    writer, _, _ = played(**OPEN_WHEEL)
    older = [checkpoint_of(writer.lines)]
    report = verify_log(writer.lines[:3], checkpoint_of(writer.lines[:3]), VERIFIER, older=older)
    assert found(report) == (1, None)
    assert "REWRITTEN" in str(report.says)


def test_an_older_checkpoint_of_another_log() -> None:
    """A note that this log's key has not signed is said to be that."""
    hashes = [leaf_hash(line) for line in LINES[:2]]
    foreign = sign(checkpoint_body("other.example", 2, root(hashes)), "other.example", KEY)
    report = verify_log(LINES[:2], checkpoint_of(LINES[:2]), VERIFIER, older=[foreign])
    assert found(report) == (1, None)
    assert report.says == f"no signature of {ORIGIN}"


def test_progress_is_told() -> None:
    """After every page."""
    writer = LogWriter()
    writer.pool(**URN)
    notice = b'{"i":%d,"k":"notice","kind":"incident","pool":0,"sha256":"' + b"cd" * 32 + b'","t":%d}'
    lines = [*writer.lines, *(notice % (at, TERMS["t"]) for at in range(1, 2 * PAGE_ENTRIES + 5))]
    told: list[int] = []
    report = verify_log(lines, checkpoint_of(lines), VERIFIER, progress=told.append)
    assert (report.verdict, told) == ("OK", [PAGE_ENTRIES, 2 * PAGE_ENTRIES, len(lines)])


def test_an_urn_never_pays_more_than_it_holds() -> None:
    """Drawn to the last ticket it may close; the next draw is a finding."""
    writer = LogWriter()
    pool = writer.pool(SECRET, **URN)
    seat = writer.seat(pool, seed=SEED)
    for _ in range(3):
        writer.draw(seat)
    assert [row.left for row in writer.verified().pools[0].rows] == [0, 0]
    writer.put("draw", t=EARLY_MS + 7000, seat=seat, n=4, a=writer.value(seat, 4), row="gold")
    assert found(writer.verified()) == (8, 5)
