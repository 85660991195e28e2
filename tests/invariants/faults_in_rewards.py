"""Faults of rewards: given twice or not at all, taken back and still there, owed and forgotten."""

from tests.invariants import counts, flight, given, money, outcomes
from tests.invariants.plants import trips
from tests.invariants.scene import Scene

CARL = "player:acme.carl"
_UNPAID = """
INSERT INTO reward (campaign_id, reward_id, player_id, source, kind, amount, given_ms)
SELECT campaign_id, 'ffffffff-ffff-7fff-bfff-ffffffffffff', player_id, 'task:unpaid', kind, amount, given_ms
FROM reward WHERE source = 'task:points:kept'
"""
_REFUSED = """
INSERT INTO operation (campaign_id, operation_id, kind, reward_id, subject, body, state, next_attempt_ms,
                       reissued_ms)
SELECT o.campaign_id, 'reward:refused', o.kind, 'ffffffff-ffff-7fff-bfff-ffffffffffff', subject, body,
       'rejected', o.next_attempt_ms, $1
FROM operation AS o JOIN reward AS r USING (campaign_id, reward_id)
WHERE r.source = 'task:points:kept'
"""


async def _reward(scene: Scene, source: str, changes: str) -> None:
    await scene.execute(f"UPDATE reward SET {changes} WHERE source = '{source}'")


async def _operation(scene: Scene, kind: str, source: str) -> str:
    return str(
        await scene.id_of(
            "SELECT operation_id FROM operation JOIN reward USING (campaign_id, reward_id)"
            f" WHERE campaign_id = $1 AND operation.kind = '{kind}' AND source = '{source}'"
        )
    )


@trips(given.rewards_are_credited_once, money.sums_are_prices_and_prizes)
async def a_reward_was_paid_twice(scene: Scene) -> None:
    """Another operation paid it once more."""
    await scene.lift("operation", "operation_one_reward")
    paid = await _operation(scene, "reward", "task:points:kept")
    await scene.add_operation(paid, f"{paid}:9", scene.budget, CARL, 20)


@trips(given.rewards_are_credited_once)
async def a_reward_was_never_owed(scene: Scene) -> None:
    """It stands, and no credit of it is known or posted."""
    await scene.execute(_UNPAID)


@trips(given.rewards_are_credited_once, flight.no_reward_is_unpaid)
async def a_reward_that_stands_was_given_up(scene: Scene) -> None:
    """Its credit was refused and let go, and nothing goes on in its place."""
    await scene.execute(_UNPAID)
    await scene.execute(_REFUSED, 1)


@trips(given.rewards_are_credited_once, money.sums_are_prices_and_prizes)
async def a_reward_is_more_than_was_paid(scene: Scene) -> None:
    """The row was changed afterwards; what it comes to is another sum too."""
    await _reward(scene, "task:points:kept", "amount = 21")


@trips(
    given.returns_are_of_what_is_taken_back,
    given.what_did_not_come_back_is_owed,
    money.sums_are_prices_and_prizes,
)
async def a_return_is_forgotten(scene: Scene) -> None:
    """The points came back, and we hold nothing for recovered."""
    await _reward(scene, "task:points:lost", "recovered = 0")


@trips(given.returns_are_of_what_is_taken_back, money.sums_are_prices_and_prizes)
async def a_reward_that_stands_was_returned(scene: Scene) -> None:
    """Points were taken back of it."""
    await _reward(scene, "task:points:lost", "state = 'given', recovered = 0, taken_back_ms = NULL")


@trips(given.what_did_not_come_back_is_owed, given.debts_are_what_is_owed)
async def what_was_spent_is_forgotten(scene: Scene) -> None:
    """It came back in part, and nothing is owed."""
    await _reward(scene, "task:points:owed", "owed = 0")


@trips(given.debts_are_what_is_owed)
async def a_debt_was_forgiven(scene: Scene) -> None:
    """What is owed of rewards says otherwise."""
    await scene.execute("UPDATE debt SET amount = amount + 1 WHERE kind = 'points'")


@trips(given.chances_given_are_lots)
async def chances_were_given_twice(scene: Scene) -> None:
    """Under another source."""
    await scene.execute(
        "INSERT INTO chance_lot (campaign_id, lot_id, player_id, source, granted, units_left, expires_ms)"
        " SELECT campaign_id, gen_random_uuid(), player_id, 'reward:again', granted, units_left, expires_ms"
        " FROM chance_lot WHERE source = 'reward:task:chances:kept'"
    )


@trips(counts.chances_add_up, given.chances_given_are_lots)
async def chances_that_came_back_are_there(scene: Scene) -> None:
    """They were taken back, and can be used."""
    await scene.execute(
        "UPDATE chance_lot SET units_left = 1, taken_back = 0 WHERE source = 'reward:task:chances:lost'"
    )


@trips(outcomes.vouchers_are_given_once)
async def a_code_that_came_back_is_kept(scene: Scene) -> None:
    """The reward was taken back, and still has a code."""
    await scene.execute(
        "UPDATE voucher SET reward_id = (SELECT reward_id FROM reward WHERE source = 'task:voucher:lost')"
        " WHERE code = (SELECT max(code) FROM voucher WHERE grant_id IS NULL AND reward_id IS NULL)"
    )


@trips(outcomes.vouchers_are_given_once)
async def a_voucher_that_was_given_has_no_code(scene: Scene) -> None:
    """Though there are free ones."""
    await scene.execute("UPDATE voucher SET reward_id = NULL WHERE reward_id IS NOT NULL")


@trips(given.badges_are_awarded_once)
async def a_badge_was_not_awarded(scene: Scene) -> None:
    """It was given."""
    await scene.execute("DELETE FROM badge_award WHERE source = 'task:badge:kept'")


@trips(given.badges_are_awarded_once)
async def a_badge_that_came_back_is_held(scene: Scene) -> None:
    """It was taken back."""
    await scene.execute("UPDATE badge_award SET state = 'held' WHERE source = 'task:badge:lost'")


@trips(flight.no_reward_is_unpaid)
async def a_reward_is_left_returning(scene: Scene) -> None:
    """Nobody asks the ledger what became of its return."""
    await _reward(scene, "task:points:lost", "state = 'returning', next_attempt_ms = 1")


@trips(flight.no_reward_is_unpaid)
async def a_reward_was_refused(scene: Scene) -> None:
    """The budget was empty, and nobody filled it."""
    await scene.execute(_UNPAID)
    await scene.execute(_REFUSED, None)
