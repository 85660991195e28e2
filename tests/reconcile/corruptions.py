"""Ways in which rows and entries may come to differ; each says what reconciliation has to find."""

from collections.abc import Awaitable, Callable
from typing import Final

from ledger_client import Leg, Operation, encode
from tests.reconcile.world import PRICE, PRIZE, Found, World

Corruption = Callable[[World], Awaitable[Found]]

_UNSETTLED: Final = "drawn = 0, log_size = NULL, finished_ms = NULL, next_attempt_ms = 9e15::bigint"
_RELEASED: Final = "drawn = 0, log_size = NULL"


async def charge_is_lost(world: World) -> Found:
    """The ledger has no entry of a debit that it applied."""
    world.erase(world.debits[0])
    return {("ours_only", world.debits[0], PRICE)}


async def charge_of_a_waiting_play_is_lost(world: World) -> Found:
    """Nor one of a play that waits for its draw."""
    world.erase(world.waiting)
    return {("ours_only", world.waiting, PRICE)}


async def credit_is_lost(world: World) -> Found:
    """The ledger has no entry of a credit that it applied."""
    world.erase(world.credits[0])
    return {("ours_only", world.credits[0], PRIZE)}


async def charge_was_never_there(world: World) -> Found:
    """It would stand at a place that the feed never reaches."""
    world.erase(world.debits[0])
    await world.operation("ledger_seq = 1000000000", world.debits[0])
    return {("ours_only", world.debits[0], PRICE)}


async def two_are_lost(world: World) -> Found:
    """Each is found."""
    world.erase(world.debits[-1])
    world.erase(world.credits[-1])
    return {("ours_only", world.debits[-1], PRICE), ("ours_only", world.credits[-1], PRIZE)}


async def charge_is_one_too_much(world: World) -> Found:
    """A point too much was taken."""
    world.falsify(world.debits[0], amount=PRICE + 1)
    return {("amount_differs", world.debits[0], 1)}


async def charge_is_too_little(world: World) -> Found:
    """Too little was taken."""
    world.falsify(world.debits[0], amount=PRICE - 3)
    return {("amount_differs", world.debits[0], 3)}


async def charge_is_twice_the_price(world: World) -> Found:
    """The price was taken twice in one entry."""
    world.falsify(world.debits[0], amount=2 * PRICE)
    return {("amount_differs", world.debits[0], PRICE)}


async def charge_is_there_twice(world: World) -> Found:
    """The price was taken twice in two entries."""
    entry = world.entry(world.debits[0])
    world.post(entry.operation_id, entry.debit, entry.credit)
    return {("amount_differs", world.debits[0], PRICE)}


async def charge_has_a_leg_too_many(world: World) -> Found:
    """Something else was moved with it."""
    world.post(world.debits[0], "player:acme.ann", "player:acme.eve", 4)
    return {("amount_differs", world.debits[0], 4)}


async def credit_is_too_much(world: World) -> Found:
    """More was paid than was won."""
    world.falsify(world.credits[0], amount=10 * PRIZE)
    return {("amount_differs", world.credits[0], 9 * PRIZE)}


async def credit_is_too_little(world: World) -> Found:
    """Less was paid than was won."""
    world.falsify(world.credits[0], amount=1)
    return {("amount_differs", world.credits[0], PRIZE - 1)}


async def credit_is_there_twice(world: World) -> Found:
    """A prize was paid twice."""
    entry = world.entry(world.credits[0])
    world.post(entry.operation_id, entry.debit, entry.credit, PRIZE)
    return {("amount_differs", world.credits[0], PRIZE)}


async def price_was_changed(world: World) -> Found:
    """Our play says another price than was taken."""
    await world.play("price_points = price_points + 5", world.debits[0])
    return {("amount_differs", world.debits[0], 5)}


async def prize_was_changed(world: World) -> Found:
    """Our prize is another than was paid."""
    await world.execute(
        "UPDATE prize_grant SET amount = amount + 7 WHERE entry_index ="
        " (SELECT entry_index FROM operation WHERE operation_id = $1)",
        world.credits[0],
    )
    return {("amount_differs", world.credits[0], 7)}


async def bytes_were_changed(world: World) -> Found:
    """The bytes that we would send again are not those that were applied."""
    leg = Leg(debit="player:acme.ann", credit=world.house, amount=PRICE + 2, code="play")
    body = encode(Operation(id=world.debits[0], apply_before=1, legs=(leg,), ref=""))
    await world.execute("UPDATE operation SET body = $2 WHERE operation_id = $1", world.debits[0], body)
    return {("amount_differs", world.debits[0], 2)}


async def bytes_cannot_be_read(world: World) -> Found:
    """The bytes that we would send again are broken."""
    await world.operation("body = '??'", world.debits[0])
    return {("amount_differs", world.debits[0], PRICE)}


async def charge_is_somebody_elses(world: World) -> Found:
    """Another player paid."""
    world.falsify(world.debits[0], debit="player:acme.bob")
    return {("account_differs", world.debits[0], PRICE)}


async def charge_went_astray(world: World) -> Found:
    """The price went to a house that is nobody's."""
    world.falsify(world.debits[0], credit="house:nobody")
    return {("account_differs", world.debits[0], PRICE)}


async def charge_went_to_the_budget(world: World) -> Found:
    """The price went to the campaign, to the wrong account."""
    world.falsify(world.debits[0], credit=world.budget)
    return {("account_differs", world.debits[0], PRICE)}


async def credit_is_somebody_elses(world: World) -> Found:
    """Another player got the prize."""
    world.falsify(world.credits[0], credit="player:acme.bob")
    return {("account_differs", world.credits[0], PRIZE)}


async def credit_came_from_elsewhere(world: World) -> Found:
    """Another budget paid."""
    world.falsify(world.credits[0], debit="campaign:another:budget")
    return {("account_differs", world.credits[0], PRIZE)}


async def player_of_the_charge_was_changed(world: World) -> Found:
    """Our operation says another player."""
    await world.operation("subject = 'player:acme.eve'", world.debits[0])
    return {("account_differs", world.debits[0], PRICE)}


async def player_of_the_credit_was_changed(world: World) -> Found:
    """Our operation says another winner."""
    await world.operation("subject = 'player:acme.eve'", world.credits[0])
    return {("account_differs", world.credits[0], PRIZE)}


async def somebody_took_from_the_budget(world: World) -> Found:
    """An operation that we never made paid a player."""
    world.post("gift", world.budget, "player:acme.eve", 99)
    return {("theirs_only", "gift", 99)}


async def somebody_took_from_the_house(world: World) -> Found:
    """An operation that we never made gave a price back."""
    world.post("refund", world.house, "player:acme.ann")
    return {("theirs_only", "refund", PRICE)}


async def somebody_paid_the_house(world: World) -> Found:
    """An operation that we never made took points."""
    world.post("sale", "player:acme.eve", world.house, 3)
    return {("theirs_only", "sale", 3)}


async def somebody_emptied_the_budget(world: World) -> Found:
    """Funds were taken back while the campaign goes on."""
    world.post("defund", world.budget, "issuer", 500)
    return {("theirs_only", "defund", 500)}


async def somebody_made_a_play_of_ours(world: World) -> Found:
    """Its id looks like ours."""
    forged = f"play:{world.campaign_id}-{'0' * 32}"
    world.post(forged, "player:acme.eve", world.house)
    return {("theirs_only", forged, PRICE)}


async def somebody_made_a_draw_of_ours(world: World) -> Found:
    """Its id looks like ours, and its accounts are not even of the campaign."""
    forged = f"draw:{world.campaign_id}:999999"
    world.post(forged, "player:acme.eve", "player:acme.bob", PRIZE)
    return {("theirs_only", forged, PRIZE)}


async def charge_has_another_name(world: World) -> Found:
    """One is missed and another is too many."""
    world.falsify(world.debits[0], operation_id="renamed")
    return {("theirs_only", "renamed", PRICE), ("ours_only", world.debits[0], PRICE)}


async def debit_was_forgotten(world: World) -> Found:
    """We do not know our own debit any more."""
    await world.forget(world.debits[0])
    return {("theirs_only", world.debits[0], PRICE)}


async def credit_was_forgotten(world: World) -> Found:
    """We do not know our own credit any more."""
    await world.forget(world.credits[0])
    return {("theirs_only", world.credits[0], PRIZE)}


async def settled_play_was_never_charged(world: World) -> Found:
    """Neither we nor the ledger know a debit."""
    world.erase(world.debits[0])
    await world.forget(world.debits[0])
    return {("play_without_charge", world.debits[0], PRICE)}


async def settled_play_was_refused(world: World) -> Found:
    """The ledger refused the debit, and yet the play was drawn."""
    world.erase(world.debits[0])
    await world.operation("state = 'rejected', ledger_seq = NULL", world.debits[0])
    return {("play_without_charge", world.debits[0], PRICE)}


async def refused_play_was_settled(world: World) -> Found:
    """A play that was refused is settled all the same."""
    await world.play("state = 'settled', drawn = draws, log_size = 1", world.refused)
    return {("play_without_charge", world.refused, PRICE)}


async def refused_play_waits_for_its_draw(world: World) -> Found:
    """A play that was refused is about to be drawn."""
    await world.play("state = 'paid', finished_ms = NULL, next_attempt_ms = 9e15::bigint", world.refused)
    return {("play_without_charge", world.refused, PRICE)}


async def waiting_play_was_never_charged(world: World) -> Found:
    """A play waits for its draw, and its debit was buried."""
    world.erase(world.waiting)
    await world.operation("state = 'fenced', ledger_seq = NULL", world.waiting)
    return {("play_without_charge", world.waiting, PRICE)}


async def rejected_play_was_charged(world: World) -> Found:
    """The player was told "too few points", and paid."""
    await world.play(f"state = 'rejected', {_RELEASED}", world.debits[0])
    return {("charge_without_play", world.debits[0], PRICE)}


async def cancelled_play_was_charged(world: World) -> Found:
    """The player was told "not charged", and paid."""
    await world.play(f"state = 'cancelled', {_RELEASED}", world.debits[0])
    await world.operation("state = 'fenced', ledger_seq = NULL", world.debits[0])
    return {("charge_without_play", world.debits[0], PRICE)}


async def refused_play_was_charged_late(world: World) -> Found:
    """A late duplicate of a refused debit was applied after a top-up."""
    world.post(world.refused, "player:acme.bob", world.house)
    return {("charge_without_play", world.refused, PRICE)}


async def play_in_review_was_charged(world: World) -> Found:
    """Nobody has decided about it yet."""
    await world.play("state = 'review', log_size = NULL, finished_ms = NULL", world.debits[0])
    return {("charge_without_play", world.debits[0], PRICE)}


async def charged_play_was_left(world: World) -> Found:
    """Paid, and nobody drives it on."""
    await world.play(f"state = 'funding', {_UNSETTLED}", world.debits[0])
    await world.operation("state = 'due', ledger_seq = NULL", world.debits[0])
    return {("charge_without_play", world.debits[0], PRICE)}


async def charged_play_is_in_doubt(world: World) -> Found:
    """Paid, and nobody asks the ledger."""
    await world.play(f"state = 'resolving', {_UNSETTLED}", world.debits[0])
    await world.operation("state = 'due', ledger_seq = NULL", world.debits[0])
    return {("charge_without_play", world.debits[0], PRICE)}


async def uncharged_play_was_left(world: World) -> Found:
    """Neither charged nor cancelled, long after its time."""
    world.erase(world.debits[0])
    await world.play(f"state = 'funding', {_UNSETTLED}", world.debits[0])
    await world.operation("state = 'due', ledger_seq = NULL", world.debits[0])
    return {("debit_in_doubt", world.debits[0], PRICE)}


async def uncharged_play_is_in_doubt(world: World) -> Found:
    """Nobody asks the ledger."""
    world.erase(world.debits[0])
    await world.play(f"state = 'resolving', {_UNSETTLED}", world.debits[0])
    await world.operation("state = 'due', ledger_seq = NULL", world.debits[0])
    return {("debit_in_doubt", world.debits[0], PRICE)}


async def debit_is_held_for_refused(world: World) -> Found:
    """The play is settled and charged, and our operation says that it was refused."""
    await world.operation("state = 'rejected', ledger_seq = NULL", world.debits[0])
    return {("unrecorded", world.debits[0], PRICE)}


async def debit_is_held_for_due(world: World) -> Found:
    """The play is settled and charged, and our operation says that it is yet to be sent."""
    await world.operation("state = 'due', ledger_seq = NULL", world.debits[0])
    return {("unrecorded", world.debits[0], PRICE)}


async def credit_is_held_for_refused(world: World) -> Found:
    """The winner has the points, and is told that somebody looks into it."""
    await world.operation("state = 'rejected', ledger_seq = NULL", world.credits[0])
    return {("unrecorded", world.credits[0], PRIZE)}


async def credit_is_held_for_due(world: World) -> Found:
    """The winner has the points, and nobody sends the credit again to find out."""
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.credits[0]
    )
    return {("unrecorded", world.credits[0], PRIZE)}


async def prize_was_never_owed(world: World) -> Found:
    """A prize of points without a credit."""
    world.erase(world.credits[0])
    await world.forget(world.credits[0])
    return {("prize_without_credit", world.credits[0], PRIZE)}


async def prize_was_refused(world: World) -> Found:
    """The budget was empty."""
    world.erase(world.credits[0])
    await world.operation("state = 'rejected', ledger_seq = NULL", world.credits[0])
    return {("prize_without_credit", world.credits[0], PRIZE)}


async def prize_was_buried(world: World) -> Found:
    """Somebody fenced the credit."""
    world.erase(world.credits[0])
    await world.operation("state = 'fenced', ledger_seq = NULL", world.credits[0])
    return {("prize_without_credit", world.credits[0], PRIZE)}


async def prize_was_never_sent(world: World) -> Found:
    """The credit is due, and nobody sends it."""
    world.erase(world.credits[0])
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.credits[0]
    )
    return {("prize_without_credit", world.credits[0], PRIZE)}


async def prize_was_lost(world: World) -> Found:
    """The ledger paid a prize that we do not know any more."""
    await _lose_prize(world)
    return {("credit_without_prize", world.credits[0], PRIZE)}


async def credit_of_no_prize_is_due(world: World) -> Found:
    """We are about to pay a prize that nobody won."""
    world.erase(world.credits[0])
    await _lose_prize(world)
    await world.operation(
        "state = 'due', ledger_seq = NULL, next_attempt_ms = 9e15::bigint", world.credits[0]
    )
    return {("credit_without_prize", world.credits[0], PRIZE)}


async def _lose_prize(world: World) -> None:
    await world.execute(
        "DELETE FROM prize_grant WHERE entry_index ="
        " (SELECT entry_index FROM operation WHERE operation_id = $1)",
        world.credits[0],
    )


CORRUPTIONS: Final[tuple[Corruption, ...]] = tuple(
    each for name, each in list(globals().items()) if callable(each) and name[0].islower()
    and getattr(each, "__module__", "") == __name__
)  # fmt: skip
