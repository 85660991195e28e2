"""What must hold once everything works again and has had its time: nothing is under way."""

from collections.abc import Iterator

from tests.invariants.facts import Facts


def no_play_is_in_flight(facts: Facts) -> Iterator[str]:
    """Every play is over, unless it waits for a beacon round that the log does not have yet."""
    awaiting = {
        (seat.campaign_id, seat.pool_id, seat.player_id) for seat in facts.rows.seats if seat.is_awaiting
    }
    for play in facts.rows.plays:
        waits = play.state == "paid" and (play.campaign_id, play.pool_id, play.player_id) in awaiting
        if play.state in {"funding", "resolving", "paid"} and not waits:
            yield f"{play.wire_id} is {play.state}"


def no_repair_is_in_flight(facts: Facts) -> Iterator[str]:
    """Neither is any repair of a streak."""
    for repair in facts.rows.repairs:
        if repair.state in {"funding", "resolving"}:
            yield f"the repair of {repair.day} by {repair.account} is {repair.state}"


def no_operation_is_due(facts: Facts) -> Iterator[str]:
    """The ledger has decided every debit and credit, and we know it."""
    for operation in facts.rows.operations:
        if operation.state == "due":
            yield f"{operation.operation_id} is due"


def no_prize_is_unpaid(facts: Facts) -> Iterator[str]:
    """Of the credits of every point prize the ledger has applied one, however many were refused before."""
    for grant in facts.rows.grants:
        credits_ = facts.credits.get((grant.campaign_id, grant.entry_index), [])
        if credits_ and all(each.state in {"rejected", "expired", "fenced"} for each in credits_):
            yield f"the credits of the prize at {grant.entry_index} were all refused"


def no_reward_is_unpaid(facts: Facts) -> Iterator[str]:
    """Neither are rewards, and of those that are taken back it is decided what is owed."""
    for reward in facts.rows.rewards:
        credits_ = facts.of_rewards.get(("reward", reward.reward_id), [])
        refused = [each for each in credits_ if each.state in {"rejected", "expired", "fenced"}]
        if reward.state == "returning":
            yield f"{reward.source} of {reward.account} is being taken back"
        elif reward.state == "given" and credits_ and len(refused) == len(credits_):
            yield f"the credits of {reward.source} of {reward.account} were all refused"


def no_play_is_in_review(facts: Facts) -> Iterator[str]:
    """Nothing came up that a person has to look at."""
    for play in facts.rows.plays:
        if play.state == "review":
            yield f"{play.wire_id} is in review"


def no_break_is_open(facts: Facts) -> Iterator[str]:
    """Reconciliation, where it ran, has found nothing that has not healed."""
    for found in facts.rows.breaks:
        yield f"{found.kind} of {found.operation_id}: {found.says}"


AT_REST = (
    no_play_is_in_flight,
    no_repair_is_in_flight,
    no_operation_is_due,
    no_prize_is_unpaid,
    no_reward_is_unpaid,
    no_play_is_in_review,
    no_break_is_open,
)
