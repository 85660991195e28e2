"""Rows of ours that are lost or say something else; each says what is to be found."""

from typing import Final

from tests.reconcile.world import PRICE, PRIZE, Found, World

_UNSETTLED: Final = "drawn = 0, log_size = NULL, finished_ms = NULL, next_attempt_ms = 9e15::bigint"
_RELEASED: Final = "drawn = 0, log_size = NULL"


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
