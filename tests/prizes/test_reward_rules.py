"""How much of a reward settles a debt, and what is done about points that are taken back."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.prizes.reward_rules import (
    RETURN_ATTEMPTS_MAX,
    Ask,
    Close,
    DebtKey,
    Reward,
    TakenBack,
    debt_of,
    next_step,
    withheld,
)

ANN, BEN = UUID(int=1), UUID(int=2)
TAKEN = TakenBack(
    campaign_id="campaign0001",
    reward_id=UUID(int=9),
    account="player:acme.ann",
    source="task:buy:1",
    amount=10,
    withheld=3,
    recovered=0,
    paid_id="reward:1",
    paid="applied",
    returned_id=None,
    returned=None,
    attempt=0,
)


def reward(number: int, amount: int, **fields: Any) -> Reward:
    """Points for Ann, unless said otherwise."""
    made = Reward(
        campaign_id="campaign0001",
        reward_id=UUID(int=number),
        player_id=ANN,
        source=f"task:buy:{number}",
        kind="points",
        amount=amount,
        item=None,
        expires_ms=None,
    )
    return msgspec.structs.replace(made, **fields)


def step(*, available_points: int | None = None, **fields: Any) -> Ask | Close | None:
    """What is done next about ten points, of which three had settled a debt."""
    return next_step(msgspec.structs.replace(TAKEN, **fields), available_points=available_points)


def test_rewards_settle_a_debt_in_their_order() -> None:
    """The first one all of it, the next a part, the rest nothing."""
    debts = {DebtKey(player_id=ANN, kind="points", item=None): 7}
    assert withheld([reward(1, 5), reward(2, 5), reward(3, 5)], debts) == {UUID(int=1): 5, UUID(int=2): 2}


@pytest.mark.parametrize(
    "fields",
    [
        {"player_id": BEN},
        {"kind": "chances"},
        {"kind": "voucher", "item": "milk"},
        {"kind": "badge", "item": "tea"},
    ],
)
def test_a_debt_is_settled_only_by_what_it_is_of(fields: dict[str, Any]) -> None:
    """The same player, kind, and batch or badge."""
    debts = {
        DebtKey(player_id=ANN, kind="points", item=None): 7,
        DebtKey(player_id=ANN, kind="voucher", item="tea"): 1,
    }
    assert withheld([reward(1, 1, **fields)], debts) == {}
    assert withheld([reward(1, 1, kind="voucher", item="tea")], debts) == {UUID(int=1): 1}


@given(
    amounts=st.lists(st.integers(1, 9), max_size=8),
    owed=st.integers(0, 40),
)
def test_what_is_withheld_is_the_debt_as_far_as_there_are_rewards(amounts: list[int], owed: int) -> None:
    """No more than is owed, none of it left while a reward is, and no reward more than itself."""
    rewards = [reward(number, amount) for number, amount in enumerate(amounts)]
    found = withheld(rewards, {debt_of(reward(0, 1)): owed})
    assert sum(found.values()) == min(owed, sum(amounts))
    assert all(0 < found[each.reward_id] <= each.amount for each in rewards if each.reward_id in found)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"withheld": 10, "paid": None, "paid_id": None}, Close(0, 10, None)),
        ({"paid": "rejected"}, Close(0, 3, "reward:1")),
        ({"paid": "expired"}, Close(0, 3, "reward:1")),
        ({"paid": "fenced"}, Close(0, 3, "reward:1")),
        ({"paid": "due"}, None),
        ({"paid": None}, None),
        ({}, Ask(7)),
        ({"returned": "due", "recovered": 7, "attempt": 1}, None),
        ({"returned": "applied", "recovered": 7, "attempt": 1}, Close(7, 3, None)),
        ({"returned": "applied", "recovered": 4, "attempt": 2}, Close(4, 6, None)),
    ],
)
def test_points_are_asked_for_once_they_were_paid(fields: dict[str, Any], wanted: object) -> None:
    """What never was paid is let go; what was withheld is owed again."""
    assert step(**fields) == wanted


@pytest.mark.parametrize("returned", ["rejected", "expired", "fenced"])
@pytest.mark.parametrize(
    ("available", "attempt", "wanted"),
    [
        (None, 1, None),
        (0, 1, Close(0, 10, "return:1")),
        (1, 1, Ask(1)),
        (4, 7, Ask(4)),
        (7, 7, Ask(7)),
        (99, 1, Ask(7)),
        (4, RETURN_ATTEMPTS_MAX, Close(0, 10, "return:1")),
    ],
)
def test_who_has_too_little_is_asked_for_what_there_is(
    returned: str, available: int | None, attempt: int, wanted: object
) -> None:
    """Nothing is asked before that is known; in the end all of it is owed."""
    fields = {"returned": returned, "returned_id": "return:1", "recovered": 7, "attempt": attempt}
    assert step(available_points=available, **fields) == wanted


@given(balances=st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_taking_back_ends_whatever_the_player_does(balances: list[int]) -> None:
    """What is asked for only shrinks; what comes back and what is owed are together what was given."""
    taken, asked = TAKEN, 11
    for attempt in range(1, RETURN_ATTEMPTS_MAX + 2):
        balance = balances[attempt % len(balances)]
        done = next_step(taken, available_points=balance)
        if isinstance(done, Close):
            assert done.recovered + done.owed == taken.amount
            return
        assert isinstance(done, Ask)
        assert 0 < done.points <= asked
        asked = done.points
        # The ledger refuses whenever the player has spent in between: here, on every odd balance.
        state = "applied" if done.points <= balance and balance % 2 == 0 else "rejected"
        taken = msgspec.structs.replace(
            taken, returned=state, returned_id=f"return:{attempt}", recovered=done.points, attempt=attempt
        )
    raise AssertionError("it went on for ever")
