"""What must hold of streaks: days are what events say, milestones and repairs are paid once."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from ledger_client import house
from tests.invariants.facts import Facts
from tests.invariants.money import moved


def days_are_what_events_say(facts: Facts) -> Iterator[str]:
    """A day counts as many events as stand on it."""
    for each in facts.rows.streak_days:
        if each.events != each.stand:
            yield f"{each.streak_id} of {each.player_id} has {each.events} on {each.day}, not {each.stand}"


def milestones_are_rewarded_once(facts: Facts) -> Iterator[str]:
    """One that was reached and rewarded has a reward that stands, and no other reward of a milestone does."""
    due = Counter(
        (each.campaign_id, each.player_id, f"streak:{each.streak_id}:{_numbered(each.days, each.generation)}")
        for each in facts.rows.reaches
        if each.state == "rewarded"
    )
    yield from _differences(facts, due, is_refund=False)


def needless_repairs_are_refunded(facts: Facts) -> Iterator[str]:
    """A repair that was charged is refunded exactly while an event checks its day."""
    for each in facts.rows.repairs:
        if each.is_refunded != (each.state == "applied" and each.is_checked):
            yield f"the repair of {each.day} by {each.account} is refunded: {each.is_refunded}"
    due = Counter(
        (each.campaign_id, each.player_id, f"streak:{each.streak_id}:repair-{each.day:%Y%m%d}")
        for each in facts.rows.repairs
        if each.is_refunded
    )
    yield from _differences(facts, due, is_refund=True)


def _differences(facts: Facts, due: "Counter[tuple[str, UUID, str]]", *, is_refund: bool) -> Iterator[str]:
    held = Counter(
        (each.campaign_id, each.player_id, each.source.partition(".")[0] if is_refund else each.source)
        for each in facts.rows.rewards
        if each.source.startswith("streak:")
        and (":repair-" in each.source) == is_refund
        and each.state == "given"
    )
    yield from (f"{each} is due, and was not given" for each in due - held)
    yield from (f"{each} was given, and is not due" for each in held - due)


def _numbered(days: int, generation: int) -> str:
    return f"{days}.{generation}" if generation > 1 else str(days)


def places_are_those_taken(facts: Facts) -> Iterator[str]:
    """What is taken under the caps of milestones and repairs is what players hold."""
    for each in facts.rows.places:
        if each.taken != each.held:
            yield f"{each.taken} places of {each.streak_id} ({each.days}) are taken, {each.held} are held"


def repairs_are_charged_once(facts: Facts) -> Iterator[str]:
    """One that counts was charged once, its price, by its player; one that was refused, never."""
    for repair in facts.rows.repairs:
        operations = facts.of_repairs.get(repair.repair_id, [])
        applied = [each for each in operations if facts.is_applied(each)]
        charges = {"applied": {1}, "rejected": {0}, "cancelled": {0}}.get(repair.state, {0, 1})
        if len(operations) != 1 or len(applied) not in charges:
            yield f"the repair of {repair.day} by {repair.account} was charged {len(applied)} times"
        for each in applied:
            if moved(facts, each, repair.account, house(repair.campaign_id)) != repair.price_points:
                yield f"{each.operation_id} did not take the {repair.price_points} points of its repair"


STREAKS = (
    days_are_what_events_say,
    milestones_are_rewarded_once,
    needless_repairs_are_refunded,
    places_are_those_taken,
    repairs_are_charged_once,
)
