"""Faults of streaks: days without events, milestones without rewards, repairs that cost nothing or all."""

from tests.invariants import flight, money, streaks
from tests.invariants.plants import trips
from tests.invariants.scene import Scene

GUS = "player:acme.gus"
_OF = "(SELECT player_id FROM player WHERE subject = '{}')"


async def _repair(scene: Scene, subject: str, changes: str) -> None:
    await scene.execute(f"UPDATE streak_repair SET {changes} WHERE player_id = {_OF.format(subject)}")


async def _debit(scene: Scene, subject: str) -> str:
    return str(
        await scene.id_of(
            "SELECT operation_id FROM operation JOIN streak_repair AS r USING (campaign_id, repair_id)"
            f" WHERE campaign_id = $1 AND r.player_id = {_OF.format(subject)}"
        )
    )


@trips(streaks.days_are_what_events_say)
async def a_day_counts_an_event_twice(scene: Scene) -> None:
    """One stands on it."""
    await scene.execute(
        f"UPDATE streak_day SET events = 2 WHERE player_id = {_OF.format('gus')}"
        " AND day = (SELECT min(day) FROM streak_day)"
    )


@trips(streaks.days_are_what_events_say)
async def an_event_has_no_day(scene: Scene) -> None:
    """It counts for nothing."""
    await scene.execute(
        f"DELETE FROM streak_day WHERE player_id = {_OF.format('gus')}"
        " AND day = (SELECT min(day) FROM streak_day)"
    )


@trips(streaks.milestones_are_rewarded_once)
async def a_milestone_was_withdrawn_and_is_paid(scene: Scene) -> None:
    """Its reward stands."""
    await scene.execute(
        f"UPDATE streak_reach SET state = 'withdrawn' WHERE days = 2 AND player_id = {_OF.format('gus')}"
    )


@trips(streaks.milestones_are_rewarded_once)
async def a_milestone_was_reached_anew_and_is_not_paid(scene: Scene) -> None:
    """What it was paid for before was of another generation."""
    await scene.execute(
        f"UPDATE streak_reach SET generation = 2 WHERE days = 2 AND player_id = {_OF.format('gus')}"
    )


@trips(streaks.places_are_those_taken)
async def a_place_was_lost(scene: Scene) -> None:
    """It is taken, and nobody has it."""
    await scene.execute("UPDATE streak_milestone SET taken = taken + 1 WHERE days = 2")


@trips(streaks.places_are_those_taken)
async def a_repair_has_no_place(scene: Scene) -> None:
    """More of them may be sold than there may be."""
    await scene.execute("UPDATE streak SET repairs_taken = repairs_taken - 1")


@trips(streaks.needless_repairs_are_refunded)
async def a_needless_repair_was_kept(scene: Scene) -> None:
    """We hold it for needed, and its refund stands."""
    await _repair(scene, "hal", "is_refunded = false")


@trips(streaks.needless_repairs_are_refunded)
async def a_needed_repair_was_refunded(scene: Scene) -> None:
    """We hold it for refunded, and nothing was given."""
    await _repair(scene, "gus", "is_refunded = true, refunds = 1")


@trips(streaks.repairs_are_charged_once, streaks.places_are_those_taken)
async def a_repair_that_was_charged_is_cancelled(scene: Scene) -> None:
    """The player was told so, and paid."""
    await _repair(scene, "gus", "state = 'cancelled', refusal = '{}'")


@trips(streaks.repairs_are_charged_once, streaks.places_are_those_taken)
async def a_repair_that_was_refused_counts(scene: Scene) -> None:
    """Nobody paid for it."""
    await _repair(scene, "ida", "state = 'applied', refusal = NULL")


@trips(streaks.repairs_are_charged_once, money.sums_are_prices_and_prizes)
async def a_repair_cost_something_else(scene: Scene) -> None:
    """The row says more than was taken."""
    await _repair(scene, "gus", "price_points = price_points + 1")


@trips(streaks.repairs_are_charged_once, money.sums_are_prices_and_prizes)
async def a_repair_was_charged_twice(scene: Scene) -> None:
    """By another operation."""
    await scene.lift("operation", "operation_one_repair")
    debit = await _debit(scene, "gus")
    await scene.add_operation(debit, f"{debit}9", GUS, f"house:{scene.campaign_id}", 50)


@trips(flight.no_repair_is_in_flight)
async def a_repair_is_in_doubt(scene: Scene) -> None:
    """It was charged, and we do not know it."""
    await _repair(scene, "gus", "state = 'resolving', finished_ms = NULL")
