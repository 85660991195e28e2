"""The comparison of one operation: pure, so that its edges can be looked at one by one."""

from uuid import UUID

import msgspec
import pytest

from game.ledger.comparing import (
    GRACE_MS,
    At,
    Case,
    Posted,
    Repair,
    campaign_of,
    find_break,
    stranger,
    totals_break,
)
from game.ledger.kinds import Kind
from game.ledger.rules import credit_of, reissued

CAMPAIGN = "campaign0001"
ANN = "player:acme.ann"
PAID = Posted(f"campaign:{CAMPAIGN}:budget", ANN, 25)
CREDIT = credit_of(campaign_id=CAMPAIGN, play_id=UUID(int=1), entry_index=7, account=ANN, amount_points=25)
HELD = Case(
    kind="credit",
    campaign_id=CAMPAIGN,
    play_id=UUID(int=1),
    reward_id=None,
    repair_id=None,
    play_state="settled",
    is_seated=True,
    is_reissued=False,
    operation_id=CREDIT.operation_id,
    owed_points=25,
    state="applied",
    subject=ANN,
    body=CREDIT.body,
    ledger_seq=40,
    since_ms=1_000,
    placed_by_ms=1_000_000,
    posted=(PAID,),
)
NOW = At(now_ms=2_000, read_seq=50)


def test_what_agrees_is_no_break() -> None:
    """Owed, held and posted are the same."""
    assert find_break(HELD, NOW) is None


@pytest.mark.parametrize(
    ("read_seq", "now_ms", "is_missed"),
    [(39, 1_000_000, False), (40, 2_000, True), (39, 1_000_001, True)],
)
def test_an_entry_is_missed_once_the_feed_is_past_it(read_seq: int, now_ms: int, *, is_missed: bool) -> None:
    """Or once it should long have had its place."""
    lost = msgspec.structs.replace(HELD, posted=())
    found = find_break(lost, At(now_ms=now_ms, read_seq=read_seq))
    assert (found is not None) == is_missed
    assert found is None or (found.kind, found.points, found.repair) == (Kind.OURS_ONLY, 25, None)


@pytest.mark.parametrize(("now_ms", "is_late"), [(1_000 + GRACE_MS, False), (1_001 + GRACE_MS, True)])
@pytest.mark.parametrize(("posted", "kind"), [((PAID,), Kind.UNRECORDED), ((), Kind.PRIZE_WITHOUT_CREDIT)])
def test_a_due_credit_has_its_grace(
    now_ms: int, posted: tuple[Posted, ...], kind: Kind, *, is_late: bool
) -> None:
    """Then it is sent again, whether the ledger has it or not."""
    due = msgspec.structs.replace(HELD, state="due", ledger_seq=None, posted=posted)
    found = find_break(due, At(now_ms=now_ms, read_seq=50))
    assert (found is not None) == is_late
    assert found is None or (found.kind, found.repair) == (kind, Repair.RESEND)


@pytest.mark.parametrize(
    ("state", "is_seated", "repair"),
    [("paid", False, Repair.REVIEW), ("paid", True, None), ("settled", True, None)],
)
def test_only_what_is_not_in_the_log_is_stopped(
    state: str, repair: Repair | None, *, is_seated: bool
) -> None:
    """A paid play that nobody paid for: with a seat in the log, its draw comes whatever it is called."""
    unpaid = msgspec.structs.replace(
        HELD, kind="debit", play_state=state, is_seated=is_seated, state="rejected", posted=()
    )
    found = find_break(unpaid, NOW)
    assert found is not None
    assert (found.kind, found.repair) == (Kind.PLAY_WITHOUT_CHARGE, repair)


@pytest.mark.parametrize("state", ["rejected", "expired", "fenced"])
def test_a_refused_credit_of_no_prize_is_nothing(state: str) -> None:
    """Nobody won, and nobody was paid."""
    refused = msgspec.structs.replace(HELD, owed_points=None, state=state, ledger_seq=None, posted=())
    assert find_break(refused, NOW) is None


def test_a_refused_credit_asks_for_its_budget() -> None:
    """The prize is missed at once, and stays so until the budget is funded; nothing has to be repaired."""
    refused = msgspec.structs.replace(HELD, state="rejected", ledger_seq=None, posted=())
    found = find_break(refused, NOW)
    assert found is not None
    assert (found.kind, found.points, found.repair) == (Kind.PRIZE_WITHOUT_CREDIT, 25, None)
    assert "Fund the budget" in found.says


def test_a_credit_that_has_given_way_must_not_be_posted() -> None:
    """Its prize is the next one's affair; an entry of its own would be paid beside that."""
    given_way = msgspec.structs.replace(HELD, state="rejected", ledger_seq=None, posted=(), is_reissued=True)
    assert find_break(given_way, NOW) is None
    found = find_break(msgspec.structs.replace(given_way, posted=(PAID,)), NOW)
    assert found is not None
    assert (found.kind, found.points, found.repair) == (Kind.UNRECORDED, 25, None)


@pytest.mark.parametrize(
    ("debit", "credit", "is_closed", "is_break"),
    [
        ("issuer", f"campaign:{CAMPAIGN}:budget", False, False),
        (f"house:{CAMPAIGN}", "issuer", False, False),
        (f"campaign:{CAMPAIGN}:budget", "issuer", True, False),
        (f"campaign:{CAMPAIGN}:budget", "issuer", False, True),
        ("issuer", f"house:{CAMPAIGN}", False, True),
        (f"house:{CAMPAIGN}", f"campaign:{CAMPAIGN}:budget", True, True),
        (f"house:{CAMPAIGN}", ANN, True, True),
    ],
)
def test_the_programme_funds_and_collects(
    debit: str, credit: str, *, is_closed: bool, is_break: bool
) -> None:
    """Funding and collecting are its own affair; whatever else somebody moves is a break."""
    found = stranger(CAMPAIGN, "x", [Posted(debit, credit, 9)], is_closed=is_closed)
    assert (found is not None) == is_break
    assert found is None or (found.kind, found.points) == (Kind.THEIRS_ONLY, 9)


def test_totals_agree_in_count_and_sum() -> None:
    """An entry without points would be missed too, if there were one."""
    assert totals_break(0, (2, 30), (2, 30)) is None
    for theirs, points in (((2, 31), 1), ((3, 30), 0), ((1, 5), 25)):
        found = totals_break(3_600_000, (2, 30), theirs)
        assert found is not None
        assert (found.operation_id, found.points) == ("hour:3600000", points)


@pytest.mark.parametrize(
    ("name", "campaign_id"),
    [
        (f"house:{CAMPAIGN}", CAMPAIGN),
        (f"campaign:{CAMPAIGN}:budget", CAMPAIGN),
        (CREDIT.operation_id, CAMPAIGN),
        (reissued(CREDIT).operation_id, CAMPAIGN),
        (f"{CREDIT.operation_id}:", None),
        (f"play:{CAMPAIGN}-{'0' * 32}", CAMPAIGN),
        (f"play:{CAMPAIGN}", None),
        (f"house:{CAMPAIGN}x", None),
        (f"xhouse:{CAMPAIGN}", None),
        (ANN, None),
        ("issuer", None),
    ],
)
def test_names_tell_their_campaign(name: str, campaign_id: str | None) -> None:
    """Accounts and operations that would be ours."""
    assert campaign_of(name) == campaign_id
