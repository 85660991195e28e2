"""Entries that are lost, too many, of other accounts or amounts; each says what is to be found."""

from ledger_client import Leg, Operation, encode
from tests.reconcile.world import PRICE, PRIZE, Found, World


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
