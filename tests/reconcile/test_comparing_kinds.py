"""Debits, rewards and returns against what was posted of them: the comparison is pure."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from game.ledger.comparing import (
    GRACE_MS,
    At,
    Break,
    Case,
    Posted,
    Repair,
    campaign_of,
    find_break,
    stranger,
)
from game.ledger.kinds import CaseKind, Kind
from game.ledger.rules import return_of, reward_of
from ledger_client import Leg, Operation, encode

CAMPAIGN = "campaign0001"
ANN, BEN = "player:acme.ann", "player:acme.ben"
BUDGET, HOUSE = f"campaign:{CAMPAIGN}:budget", f"house:{CAMPAIGN}"
NOW = At(now_ms=2_000, read_seq=50)
LATE = At(now_ms=1_001 + GRACE_MS, read_seq=50)
CHARGED, PAID, BACK = Posted(ANN, HOUSE, 10), Posted(BUDGET, ANN, 25), Posted(ANN, BUDGET, 25)
REWARD = reward_of(campaign_id=CAMPAIGN, reward_id=UUID(int=9), account=ANN, amount_points=25, ref="a")
RETURN = return_of(
    campaign_id=CAMPAIGN, reward_id=UUID(int=9), account=ANN, amount_points=25, attempt=1, ref="a"
)
DEBIT_ID = f"play:{CAMPAIGN}-{'0' * 31}1"
REPAIR_ID = f"repair:{CAMPAIGN}-{'0' * 31}2"
DEBIT = encode(Operation(id=DEBIT_ID, apply_before=9, legs=(Leg(ANN, HOUSE, 10, "price"),), ref="play"))


def case(kind: CaseKind, **fields: Any) -> Case:
    """An operation of a kind on which we and the ledger agree, with some fields of its own."""
    id_, body, owed, posted = {
        "debit": (DEBIT_ID, DEBIT, 10, CHARGED),
        "repair": (REPAIR_ID, DEBIT.replace(DEBIT_ID.encode(), REPAIR_ID.encode()), 10, CHARGED),
        "reward": (REWARD.operation_id, REWARD.body, 25, PAID),
        "return": (RETURN.operation_id, RETURN.body, 25, BACK),
    }[kind]
    agreed = Case(
        kind=kind,
        campaign_id=CAMPAIGN,
        play_id=UUID(int=1) if kind == "debit" else None,
        reward_id=UUID(int=9) if kind in ("reward", "return") else None,
        repair_id=UUID(int=2) if kind == "repair" else None,
        play_state={"debit": "settled", "repair": "applied"}.get(kind),
        is_seated=True,
        is_reissued=False,
        operation_id=id_,
        owed_points=owed,
        state="applied",
        subject=ANN,
        body=body,
        ledger_seq=40,
        since_ms=1_000,
        placed_by_ms=1_000_000,
        posted=(posted,),
    )
    return msgspec.structs.replace(agreed, **fields)


def found(case_: Case, at: At = NOW) -> Break:
    """The break that there must be."""
    broken = find_break(case_, at)
    assert broken is not None
    return broken


@pytest.mark.parametrize("kind", ["debit", "repair", "reward", "return"])
def test_what_agrees_is_no_break(kind: CaseKind) -> None:
    """Owed, held and posted are the same."""
    assert find_break(case(kind), LATE) is None


@pytest.mark.parametrize("kind", ["debit", "reward", "return"])
@pytest.mark.parametrize("body", [b"?", None])
def test_another_amount_than_is_owed(kind: CaseKind, body: bytes | None) -> None:
    """By as much as it differs, whatever the operation itself says."""
    broken = found(case(kind, owed_points=7, body=body))
    assert (broken.kind, broken.repair) == (Kind.AMOUNT_DIFFERS, None)
    assert broken.points == (3 if kind == "debit" else 18)


@pytest.mark.parametrize(
    ("kind", "broken_as", "points"),
    [
        ("debit", Kind.AMOUNT_DIFFERS, 10),
        ("reward", Kind.CREDIT_WITHOUT_PRIZE, 25),
        ("return", Kind.RETURN_WITHOUT_REVERSAL, 25),
    ],
)
def test_what_was_moved_for_nothing(kind: CaseKind, broken_as: Kind, points: int) -> None:
    """Nothing is known that was owed."""
    broken = found(case(kind, owed_points=None))
    assert (broken.kind, broken.points, broken.repair) == (broken_as, points, None)


def test_bytes_that_say_another_amount_than_was_posted() -> None:
    """What we would send again is not what the ledger has, or cannot be read."""
    assert found(case("reward", body=RETURN.body.replace(b"25", b"24"))).points == 1
    unread = found(case("reward", body=b"?"))
    assert (unread.kind, unread.points) == (Kind.AMOUNT_DIFFERS, 25)


@pytest.mark.parametrize("kind", ["debit", "reward", "return"])
def test_points_of_somebody_else(kind: CaseKind) -> None:
    """The amount is right and the account is not; without an operation of ours there is none to compare."""
    wrong = (Posted(BEN, BUDGET, 10 if kind == "debit" else 25),)
    broken = found(case(kind, posted=wrong))
    assert (broken.kind, broken.repair) == (Kind.ACCOUNT_DIFFERS, None)
    assert BEN in broken.says
    unheld = case(kind, posted=wrong, state=None, subject=None, body=None, ledger_seq=None)
    assert find_break(unheld, NOW) is None


def test_the_right_points_twice_over_two_ways() -> None:
    """One transfer of two goes elsewhere."""
    halves = (Posted(BUDGET, ANN, 20), Posted(BUDGET, BEN, 5))
    assert found(case("reward", posted=halves)).kind == Kind.ACCOUNT_DIFFERS


@pytest.mark.parametrize("play_state", ["rejected", "cancelled"])
def test_a_wrong_charge_of_a_released_play_is_for_a_person(play_state: str) -> None:
    """The player was told that nothing was taken."""
    for fields in ({"owed_points": 7}, {"posted": (Posted(BEN, HOUSE, 10),)}, {}):
        assert found(case("debit", play_state=play_state, **fields)).repair == Repair.REVIEW


@pytest.mark.parametrize(
    ("play_state", "at", "repair"),
    [
        ("rejected", NOW, Repair.REVIEW),
        ("cancelled", NOW, Repair.REVIEW),
        ("review", NOW, None),
        ("funding", LATE, Repair.DRIVE),
        ("resolving", LATE, Repair.DRIVE),
    ],
)
def test_a_charge_without_a_play(play_state: str, at: At, repair: Repair | None) -> None:
    """Told as what it is, and driven on or stopped."""
    broken = found(case("debit", play_state=play_state), at)
    assert (broken.kind, broken.points, broken.repair) == (Kind.CHARGE_WITHOUT_PLAY, 10, repair)


@pytest.mark.parametrize("play_state", ["funding", "resolving"])
def test_a_charge_in_flight_has_its_grace(play_state: str) -> None:
    """To the millisecond."""
    at = At(now_ms=1_000 + GRACE_MS, read_seq=50)
    assert find_break(case("debit", play_state=play_state), at) is None


@pytest.mark.parametrize(
    ("play_state", "now_ms", "kind", "repair"),
    [
        ("paid", 2_000, Kind.PLAY_WITHOUT_CHARGE, None),
        ("review", 2_000, Kind.PLAY_WITHOUT_CHARGE, None),
        ("funding", 1_000_001, Kind.DEBIT_IN_DOUBT, Repair.DRIVE),
        ("resolving", 1_000_001, Kind.DEBIT_IN_DOUBT, Repair.DRIVE),
    ],
)
def test_a_play_without_a_charge(play_state: str, now_ms: int, kind: Kind, repair: Repair | None) -> None:
    """Whatever we hold its debit for, unless that is applied."""
    for state in (None, "due", "rejected"):
        uncharged = case("debit", play_state=play_state, state=state, ledger_seq=None, posted=())
        broken = found(uncharged, At(now_ms=now_ms, read_seq=50))
        assert (broken.kind, broken.points, broken.repair) == (kind, 10, repair)


@pytest.mark.parametrize("play_state", ["funding", "resolving", "rejected", "cancelled"])
def test_a_play_that_need_not_be_charged(play_state: str) -> None:
    """It is not over yet, or it ended without."""
    at = At(now_ms=1_000_000, read_seq=50)
    assert find_break(case("debit", play_state=play_state, state="due", posted=()), at) is None


@pytest.mark.parametrize("state", ["due", "rejected", "expired", "fenced"])
def test_an_applied_debit_that_we_hold_for_something_else(state: str) -> None:
    """Nothing is sent again: the play is settled."""
    broken = found(case("debit", state=state, ledger_seq=None))
    assert (broken.kind, broken.points, broken.repair) == (Kind.UNRECORDED, 10, None)


@pytest.mark.parametrize(
    ("kind", "state", "is_missed_at_once"),
    [
        ("reward", None, True),
        ("reward", "due", False),
        ("reward", "rejected", True),
        ("return", None, True),
        ("return", "due", False),
        ("return", "rejected", False),
        ("return", "expired", False),
        ("return", "fenced", False),
    ],
)
def test_what_was_not_posted_is_missed(kind: CaseKind, state: str | None, *, is_missed_at_once: bool) -> None:
    """A return that was refused goes on as another one; in the end all of them are missed."""
    missing = {"reward": Kind.PRIZE_WITHOUT_CREDIT, "return": Kind.REVERSAL_WITHOUT_RETURN}[kind]
    unposted = case(kind, state=state, ledger_seq=None, posted=())
    assert (find_break(unposted, NOW) is not None) == is_missed_at_once
    broken = found(unposted, LATE)
    repair = Repair.RESEND if state == "due" else None
    assert (broken.kind, broken.points, broken.repair) == (missing, 25, repair)
    assert ("asked for" in broken.says) == (kind == "return" and state not in (None, "due"))


@pytest.mark.parametrize("kind", ["reward", "return"])
def test_what_we_hold_for_nothing(kind: CaseKind) -> None:
    """Not posted yet: it says as many points as its bytes do, and none where these cannot be read."""
    groundless = {"reward": Kind.CREDIT_WITHOUT_PRIZE, "return": Kind.RETURN_WITHOUT_REVERSAL}[kind]
    for body, points in ((REWARD.body, 25), (b"?", 0), (None, 0)):
        unknown = case(kind, owed_points=None, state="due", ledger_seq=None, posted=(), body=body)
        broken = found(unknown)
        assert (broken.kind, broken.points, broken.repair) == (groundless, points, None)


def test_an_entry_may_be_late_where_it_was_promised() -> None:
    """A debit too is missed only once the feed is past it, or should be."""
    lost = case("debit", posted=())
    assert find_break(lost, At(now_ms=1_000_000, read_seq=39)) is None
    assert found(lost, At(now_ms=1_000_001, read_seq=39)).kind == Kind.OURS_ONLY
    assert found(lost, At(now_ms=2_000, read_seq=40)).kind == Kind.OURS_ONLY


def test_an_entry_that_is_lost_says_what_its_bytes_said() -> None:
    """Where nothing is owed any more."""
    assert found(case("reward", owed_points=None, posted=())).points == 25


def test_strangers_are_told_by_their_first_transfers() -> None:
    """No more than four of them, but all their points; one that funds a budget is left out."""
    posted = [Posted(f"player:acme.p{number}", HOUSE, 1) for number in range(6)]
    broken = stranger(CAMPAIGN, "x", [*posted, Posted("issuer", BUDGET, 99)], is_closed=False)
    assert broken is not None
    assert broken.points == 6
    assert ("acme.p3" in broken.says, "acme.p4" in broken.says) == (True, False)


@pytest.mark.parametrize(
    "operation_id", [REWARD.operation_id, RETURN.operation_id, f"{RETURN.operation_id}:8"]
)
def test_names_of_rewards_and_returns_tell_their_campaign(operation_id: str) -> None:
    """Like those of draws."""
    assert campaign_of(operation_id) == CAMPAIGN
    assert campaign_of(f"{operation_id}:") is None


@pytest.mark.parametrize(
    ("state", "posted", "broken_as", "repair"),
    [
        ("applied", (), Kind.REPAIR_WITHOUT_CHARGE, None),
        ("rejected", (CHARGED,), Kind.CHARGE_WITHOUT_REPAIR, None),
        ("cancelled", (CHARGED,), Kind.CHARGE_WITHOUT_REPAIR, None),
        ("resolving", (CHARGED,), Kind.CHARGE_WITHOUT_REPAIR, Repair.DRIVE),
        ("funding", (), Kind.DEBIT_IN_DOUBT, Repair.DRIVE),
    ],
)
def test_repairs_are_charged_as_plays_are(
    state: str, posted: tuple[Posted, ...], broken_as: Kind, repair: Repair | None
) -> None:
    """One in doubt is driven on; what was charged for nothing is for a person, and no draw is stopped."""
    wrong = case("repair", play_state=state, state="due", posted=posted, ledger_seq=None)
    broken = found(wrong, At(now_ms=1_000_001, read_seq=50))
    assert (broken.kind, broken.points, broken.repair) == (broken_as, 10, repair)
    assert (broken.repair_id, broken.play_id) == (UUID(int=2), None)
    assert campaign_of(broken.operation_id) == CAMPAIGN
