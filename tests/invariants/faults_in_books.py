"""Faults of a ledger, and of what we hold of its operations."""

import msgspec

from ledger_client import Applied, Fenced, Leg, Operation, encode
from tests.invariants import money
from tests.invariants.answers import balances_told_are_the_ledgers
from tests.invariants.counts import reservations_are_the_plays
from tests.invariants.flight import no_prize_is_unpaid
from tests.invariants.outcomes import winners_have_one_grant
from tests.invariants.plants import trips
from tests.invariants.scene import EVE, Scene
from tests.reconcile.world import PRICE, PRIZE

ANN, BOB = "player:acme.ann", "player:acme.bob"


@trips(money.legs_sum_to_zero)
async def a_leg_leads_nowhere(scene: Scene) -> None:
    """It gives an account what it takes from it."""
    scene.post("gift", EVE, EVE)


@trips(money.legs_sum_to_zero)
async def a_leg_moves_nothing(scene: Scene) -> None:
    """No points at all."""
    scene.post("gift", "issuer", EVE, 0)


@trips(money.feed_is_in_order)
async def two_entries_have_one_place(scene: Scene) -> None:
    """The feed filled a gap later on."""
    scene.post("gift", "issuer", EVE)
    last = scene.books.feed[-1]
    scene.books.feed[-1] = msgspec.structs.replace(last, seq=last.seq - 1)


@trips(money.balances_follow_from_entries)
async def an_account_holds_too_much(scene: Scene) -> None:
    """A point that no entry brought."""
    scene.books.balances[ANN] += 1


@trips(money.balances_follow_from_entries)
async def an_outcome_tells_another_balance(scene: Scene) -> None:
    """The balance after a credit was not that."""
    outcome = (await scene.books.lookup([scene.last_credit])).outcomes[scene.last_credit]
    assert isinstance(outcome, Applied)
    scene.books.said[scene.last_credit] = msgspec.structs.replace(
        outcome, balances={**outcome.balances, ANN: outcome.balances[ANN] + 1}
    )


@trips(money.guarded_are_never_negative)
async def a_player_owes_points(scene: Scene) -> None:
    """Somebody without points paid."""
    scene.post("sale", EVE, "issuer")


@trips(money.guarded_are_never_negative)
async def a_player_owes_points_between_two_legs(scene: Scene) -> None:
    """The floor was checked on the net."""
    scene.post_leg(0, EVE, "issuer", operation_id="fishing")
    scene.post_leg(1, "issuer", EVE, operation_id="fishing")


@trips(money.guarded_are_never_negative)
async def a_budget_is_overdrawn(scene: Scene) -> None:
    """More was taken back than was there."""
    scene.post("defund", scene.budget, "issuer", 2_000_000)


@trips(money.applied_at_most_once)
async def an_operation_is_applied_twice(scene: Scene) -> None:
    """A stranger's, all of it."""
    scene.post("gift", "issuer", EVE)
    scene.post("gift", "issuer", EVE)


@trips(money.applied_at_most_once)
async def a_leg_is_missing(scene: Scene) -> None:
    """Of two legs there is the second."""
    scene.post_leg(1, "issuer", EVE, operation_id="gift")


@trips(
    money.applied_at_most_once,
    money.entries_are_as_stored,
    money.settled_are_charged_once,
    money.balances_follow_from_entries,
    money.sums_are_prices_and_prizes,
    balances_told_are_the_ledgers,
)
async def a_debit_is_applied_twice(scene: Scene) -> None:
    """Under one id: the retry was taken for another operation."""
    debit = f"play:{scene.single.play_id}"
    scene.post(debit, ANN, scene.house, 2 * PRICE)


@trips(money.outcomes_are_those_posted)
async def the_ledger_denies_what_it_posted(scene: Scene) -> None:
    """It says that the debit was fenced."""
    scene.books.said[scene.debits[0]] = Fenced(scene.debits[0], replayed=True)


@trips(money.outcomes_are_those_posted)
async def the_ledger_forgot_what_it_posted(scene: Scene) -> None:
    """It says that it never saw the credit."""
    scene.books.said[scene.credits[0]] = None


@trips(money.outcomes_are_those_posted)
async def the_ledger_claims_what_it_did_not_post(scene: Scene) -> None:
    """It says that the refused debit was applied."""
    scene.books.said[scene.refused] = Applied(scene.refused, seq=1_000, replayed=True, balances={})


@trips(money.entries_are_as_stored)
async def stored_bytes_were_changed(scene: Scene) -> None:
    """What would be sent again is not what was applied."""
    leg = Leg(debit=ANN, credit=scene.house, amount=PRICE + 2, code="play")
    body = encode(Operation(id=scene.debits[0], apply_before=1, legs=(leg,), ref=""))
    await scene.execute("UPDATE operation SET body = $2 WHERE operation_id = $1", scene.debits[0], body)


@trips(money.entries_are_as_stored)
async def stored_bytes_are_anothers(scene: Scene) -> None:
    """The bytes of a debit are those of another debit."""
    await scene.execute(
        "UPDATE operation SET body = (SELECT body FROM operation WHERE operation_id = $2)"
        " WHERE operation_id = $1",
        scene.debits[0],
        scene.debits[1],
    )


@trips(money.entries_are_as_stored)
async def an_operation_is_held_for_anothers(scene: Scene) -> None:
    """It would wait for the wrong player's turn."""
    await scene.operation(f"subject = '{BOB}'", scene.debits[0])


@trips(money.entries_are_as_stored)
async def the_place_of_an_entry_is_wrong(scene: Scene) -> None:
    """Our row points elsewhere."""
    await scene.operation("ledger_seq = ledger_seq + 1000", scene.debits[0])


@trips(money.entries_are_as_stored)
async def an_applied_debit_is_held_for_refused(scene: Scene) -> None:
    """The play is settled and charged, and our operation says no."""
    await scene.operation("state = 'rejected', ledger_seq = NULL", scene.debits[0])


@trips(money.entries_are_as_stored, money.settled_are_charged_once, money.sums_are_prices_and_prizes)
async def a_debit_went_elsewhere(scene: Scene) -> None:
    """The price went to a house that is nobody's."""
    scene.falsify(scene.waiting, credit="house:nobody")


@trips(money.nobody_else_moves_our_points)
async def a_price_was_given_back(scene: Scene) -> None:
    """By an operation that we never made."""
    scene.post("refund", scene.house, EVE)


@trips(money.nobody_else_moves_our_points, money.sums_are_prices_and_prizes)
async def the_budget_paid_a_stranger(scene: Scene) -> None:
    """By an operation that we never made."""
    scene.post("gift", scene.budget, EVE)


@trips(money.nobody_else_moves_our_points, money.sums_are_prices_and_prizes)
async def a_stranger_paid_the_house(scene: Scene) -> None:
    """By an operation that we never made."""
    scene.post("funding", "issuer", EVE)
    scene.post("sale", EVE, scene.house)


@trips(money.refused_are_not_charged)
async def a_refused_play_was_charged_after_a_top_up(scene: Scene) -> None:
    """A late duplicate was applied, and we even know it."""
    scene.books.fund(BOB, 100)
    scene.post(scene.refused, BOB, scene.house)
    entry = scene.entry(scene.refused)
    await scene.operation(f"state = 'applied', ledger_seq = {entry.seq}", scene.refused)
    scene.books.said[scene.refused] = Applied(scene.refused, seq=entry.seq, replayed=True, balances={})


@trips(money.refused_are_not_charged, reservations_are_the_plays)
async def a_charged_play_was_cancelled(scene: Scene) -> None:
    """It was charged, and waits for its draw no more."""
    await scene.play("state = 'cancelled', finished_ms = 1", scene.waiting)


@trips(money.settled_are_charged_once, money.sums_are_prices_and_prizes, balances_told_are_the_ledgers)
async def a_play_has_two_debits(scene: Scene) -> None:
    """A new key for each attempt: both are applied."""
    await scene.lift("operation", "operation_one_debit")
    await scene.add_operation(scene.debits[0], "again", ANN, scene.house, PRICE)


@trips(money.settled_are_charged_once, money.sums_are_prices_and_prizes)
async def a_free_play_was_charged(scene: Scene) -> None:
    """It was paid with chances."""
    await scene.lift("operation", "operation_one_debit")
    await scene.add_operation(scene.debits[0], "not-free", ANN, scene.house, PRICE)
    await scene.execute(
        "UPDATE operation SET play_id = (SELECT play_id FROM play WHERE paid_with = 'chance')"
        " WHERE operation_id = 'not-free'"
    )


@trips(
    money.settled_are_charged_once,
    money.outcomes_are_those_posted,
    money.entries_are_as_stored,
    money.balances_follow_from_entries,
    balances_told_are_the_ledgers,
)
async def a_debit_is_lost(scene: Scene) -> None:
    """The ledger has no entry of it, and its balances know nothing of it."""
    scene.erase(scene.last_debit)


@trips(money.settled_are_charged_once)
async def a_pool_asks_for_another_price(scene: Scene) -> None:
    """The waiting play was charged what its pool does not cost."""
    await scene.execute("UPDATE pool SET price_points = 11 WHERE pool_id = 'slow'")


@trips(money.prizes_are_credited_once, money.sums_are_prices_and_prizes)
async def a_prize_is_credited_twice(scene: Scene) -> None:
    """Under two ids, both of which are applied."""
    await scene.lift("operation", "operation_one_credit")
    await scene.add_operation(scene.last_credit, "again", scene.budget, ANN, PRIZE)


@trips(money.prizes_are_credited_once)
async def a_prize_was_never_credited(scene: Scene) -> None:
    """Neither we nor the ledger know a credit."""
    credit = scene.last_credit
    scene.erase(credit)
    await scene.forget(credit)


@trips(money.prizes_are_credited_once, winners_have_one_grant, money.sums_are_prices_and_prizes)
async def a_credit_has_no_prize(scene: Scene) -> None:
    """Nobody won it."""
    await scene.execute("DELETE FROM prize_grant WHERE grant_id = $1", await scene.grant_of("points"))


@trips(money.prizes_are_credited_once, money.entries_are_as_stored)
async def a_credit_went_to_another(scene: Scene) -> None:
    """Another player got the last prize."""
    scene.falsify(scene.last_credit, credit=BOB)


@trips(money.prizes_are_credited_once, winners_have_one_grant, money.sums_are_prices_and_prizes)
async def a_credit_is_too_little(scene: Scene) -> None:
    """More was won than was paid."""
    await scene.execute(
        "UPDATE prize_grant SET amount = amount + 7 WHERE grant_id = $1", await scene.grant_of("points")
    )


@trips(no_prize_is_unpaid)
async def the_budget_did_not_suffice(scene: Scene) -> None:
    """The last credit was refused, and nobody has funded the budget since."""
    credit = scene.last_credit
    scene.erase(credit)
    scene.books.said[credit] = Fenced(credit, replayed=True)
    await scene.operation("state = 'fenced', ledger_seq = NULL", credit)
