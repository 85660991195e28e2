"""Operations of the outbox: whose points go where, and under which id."""

from collections.abc import Callable
from uuid import UUID

import pytest

from game.ledger.rules import NEVER_MS, Credit, credit_of, payable, reissued, return_of, reward_of
from ledger_client import Leg, Operation
from ledger_client.operations import decode

CAMPAIGN = "campaign0001"
BUDGET = f"campaign:{CAMPAIGN}:budget"
ANN = "player:acme.ann"
HEX = "0" * 31 + "9"


def drawn(entry_index: int = 7, points: int = 25) -> Credit:
    """The credit of a draw."""
    return credit_of(
        campaign_id=CAMPAIGN, play_id=UUID(int=1), entry_index=entry_index, account=ANN, amount_points=points
    )


def given(number: int = 9, points: int = 25) -> Credit:
    """The credit of a reward."""
    return reward_of(
        campaign_id=CAMPAIGN, reward_id=UUID(int=number), account=ANN, amount_points=points, ref="task:buy:1"
    )


def returned(attempt: int = 1) -> Credit:
    """An attempt to take a reward back."""
    return return_of(
        campaign_id=CAMPAIGN,
        reward_id=UUID(int=9),
        account=ANN,
        amount_points=25,
        attempt=attempt,
        ref="task:buy:1",
    )


@pytest.mark.parametrize(
    ("credit", "id_", "leg", "ref"),
    [
        (drawn(), f"draw:{CAMPAIGN}:7", Leg(BUDGET, ANN, 25, "prize"), "entry 7"),
        (given(), f"reward:{CAMPAIGN}-{HEX}", Leg(BUDGET, ANN, 25, "reward"), "task:buy:1"),
        (returned(), f"return:{CAMPAIGN}-{HEX}", Leg(ANN, BUDGET, 25, "return"), "task:buy:1"),
        (returned(3), f"return:{CAMPAIGN}-{HEX}:3", Leg(ANN, BUDGET, 25, "return"), "task:buy:1"),
    ],
)
def test_what_is_sent(credit: Credit, id_: str, leg: Leg, ref: str) -> None:
    """One transfer under an id of its own, which never lapses; the row says the same as the bytes."""
    assert decode(credit.body) == Operation(id=id_, apply_before=NEVER_MS, legs=(leg,), ref=ref)
    assert (credit.operation_id, credit.campaign_id, credit.subject) == (id_, CAMPAIGN, ANN)


def test_what_an_operation_belongs_to() -> None:
    """A draw's to a play and its entry, the others to a reward."""
    assert (drawn().kind, drawn().play_id, drawn().entry_index, drawn().reward_id) == (
        "credit",
        UUID(int=1),
        7,
        None,
    )
    for credit, kind in ((given(), "reward"), (returned(), "return")):
        assert (credit.kind, credit.play_id, credit.entry_index) == (kind, None, None)
        assert credit.reward_id == UUID(int=9)


@pytest.mark.parametrize("make", [drawn, given])
def test_the_same_points_under_the_next_id(make: Callable[[], Credit]) -> None:
    """Ten times over: the first id with a number behind it, and nothing else is another."""
    first = credit = make()
    for attempt in range(2, 12):
        credit = reissued(credit)
        assert (credit.operation_id, credit.attempt) == (f"{first.operation_id}:{attempt}", attempt)
        sent, original = decode(credit.body), decode(first.body)
        assert (sent.id, sent.legs, sent.ref) == (credit.operation_id, original.legs, original.ref)


def test_an_entry_that_ends_like_an_attempt() -> None:
    """The second credit of entry 2 is not taken for the third of something else."""
    assert reissued(drawn(2)).operation_id == f"draw:{CAMPAIGN}:2:2"
    assert reissued(reissued(drawn(2))).operation_id == f"draw:{CAMPAIGN}:2:3"


def test_draws_are_paid_before_rewards() -> None:
    """In the order of the log, then of the ids, for as far as the budget reaches."""
    queue = [given(2, 5), drawn(10, 5), given(1, 5), drawn(0, 5)]
    order = [queue[3], queue[1], queue[2], queue[0]]
    assert [payable(queue, points) for points in (4, 5, 14, 15, 20)] == [
        [],
        order[:1],
        order[:2],
        order[:3],
        order,
    ]
