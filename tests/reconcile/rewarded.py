"""Rewards, credits and returns that are lost or say something else; each says what is to be found."""

from tests.reconcile.world import REWARD, SPENT, Found, World

_EVE = "player:acme.eve"
_STANDS = "state = 'given', recovered = 0, owed = 0, taken_back_ms = NULL"


async def reward_is_lost(world: World) -> Found:
    """The ledger has no entry of a reward that it paid."""
    world.erase(world.rewards[0])
    return {("ours_only", world.rewards[0], REWARD)}


async def return_is_lost(world: World) -> Found:
    """Nor one of points that were taken back."""
    world.erase(world.returns[0])
    return {("ours_only", world.returns[0], REWARD)}


async def reward_is_there_twice(world: World) -> Found:
    """A reward was paid twice."""
    entry = world.entry(world.rewards[0])
    world.post(entry.operation_id, entry.debit, entry.credit, REWARD)
    return {("amount_differs", world.rewards[0], REWARD)}


async def reward_was_changed(world: World) -> Found:
    """Our reward is another than was paid."""
    await world.reward("amount = amount + 7", world.rewards[0])
    return {("amount_differs", world.rewards[0], 7)}


async def return_took_too_much(world: World) -> Found:
    """More was taken back than we asked for."""
    world.falsify(world.returns[0], amount=REWARD + 2)
    return {("amount_differs", world.returns[0], 2)}


async def reward_is_somebody_elses(world: World) -> Found:
    """Another player got it."""
    world.falsify(world.rewards[0], credit="player:acme.bob")
    return {("account_differs", world.rewards[0], REWARD)}


async def return_was_paid_instead(world: World) -> Found:
    """The points went the wrong way."""
    world.falsify(world.returns[0], debit=world.budget, credit=_EVE)
    return {("account_differs", world.returns[0], REWARD)}


async def return_is_somebody_elses(world: World) -> Found:
    """Another player's points were taken."""
    world.falsify(world.returns[0], debit="player:acme.bob")
    return {("account_differs", world.returns[0], REWARD)}


async def reward_was_never_owed(world: World) -> Found:
    """A reward of points without a credit."""
    world.erase(world.rewards[0])
    await world.forget(world.rewards[0])
    return {("prize_without_credit", world.rewards[0], REWARD)}


async def reward_was_refused(world: World) -> Found:
    """The budget was empty."""
    world.erase(world.rewards[0])
    await world.operation("state = 'rejected', ledger_seq = NULL", world.rewards[0])
    return {("prize_without_credit", world.rewards[0], REWARD)}


async def reward_that_stands_was_given_up(world: World) -> Found:
    """Its refused credit was let go, and nothing goes on in its place."""
    world.erase(world.rewards[0])
    await world.operation("state = 'rejected', ledger_seq = NULL, reissued_ms = 1", world.rewards[0])
    return {("prize_without_credit", world.rewards[0], REWARD)}


async def reward_was_never_sent(world: World) -> Found:
    """The credit is due, and nobody sends it."""
    world.erase(world.rewards[0])
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.rewards[0]
    )
    return {("prize_without_credit", world.rewards[0], REWARD)}


async def reward_is_held_for_due(world: World) -> Found:
    """The player has the points, and nobody sends the credit again to find out."""
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.rewards[0]
    )
    return {("unrecorded", world.rewards[0], REWARD)}


async def reward_settled_a_debt_and_was_paid(world: World) -> Found:
    """All of it was withheld, and it was paid all the same."""
    await world.reward("withheld = amount", world.rewards[0])
    return {("credit_without_prize", world.rewards[0], REWARD)}


async def reward_was_forgotten(world: World) -> Found:
    """We do not know our own credit any more: it looks like somebody's who knows our names."""
    await world.forget(world.rewards[0])
    return {("theirs_only", world.rewards[0], REWARD)}


async def return_was_never_asked_for(world: World) -> Found:
    """Points are held for recovered, and nobody asked for them."""
    world.erase(world.returns[0])
    await world.forget(world.returns[0])
    return {("reversal_without_return", world.returns[0], REWARD)}


async def return_was_never_sent(world: World) -> Found:
    """It is due, and nobody sends it."""
    world.erase(world.returns[0])
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.returns[0]
    )
    return {("reversal_without_return", world.returns[0], REWARD)}


async def return_was_refused(world: World) -> Found:
    """The player had too few points, and nobody asked for less."""
    world.erase(world.returns[0])
    await world.operation("state = 'rejected', ledger_seq = NULL", world.returns[0])
    return {("reversal_without_return", world.returns[0], REWARD)}


async def return_is_of_a_reward_that_stands(world: World) -> Found:
    """Points were taken back of a reward that nobody took back."""
    await world.reward(_STANDS, world.returns[0])
    return {("return_without_reversal", world.returns[0], REWARD)}


async def return_that_gave_way_was_applied(world: World) -> Found:
    """The first question was refused, and another asked for less; both took points."""
    world.post(world.returns[1], _EVE, world.budget, REWARD)
    return {("amount_differs", world.returns[1], SPENT)}


async def return_has_another_name(world: World) -> Found:
    """One is missed and another is too many."""
    world.falsify(world.returns[0], operation_id="renamed")
    return {("theirs_only", "renamed", REWARD), ("ours_only", world.returns[0], REWARD)}


async def somebody_made_a_reward_of_ours(world: World) -> Found:
    """Its id looks like ours, and its accounts are not even of the campaign."""
    forged = f"reward:{world.campaign_id}-{'0' * 32}"
    world.post(forged, "player:acme.bob", _EVE, REWARD)
    return {("theirs_only", forged, REWARD)}
