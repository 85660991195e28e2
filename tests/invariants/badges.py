"""What must hold of what others are told of badges and tasks."""

from collections import Counter
from collections.abc import Iterator

from tests.invariants.facts import Facts


def nothing_is_told_twice(facts: Facts) -> Iterator[str]:
    """An endpoint hears of an award, and of each generation of a completion, once at most."""
    told = Counter((each.endpoint_id, each.type, each.about) for each in facts.rows.others.messages)
    yield from (f"{key} was told {count} times" for key, count in told.items() if count > 1)


def badges_that_are_told_are_awards(facts: Facts) -> Iterator[str]:
    """Of a badge is told what was awarded, and to whom."""
    awards = {(f"{each.campaign_id}-{each.award_id.hex}", each.player_id) for each in facts.rows.awards}
    for each in facts.rows.others.messages:
        if each.type == "badge.awarded" and (each.about, each.player_id) not in awards:
            yield f"{each.about} was told of {each.player_id}, who has no such badge"


def badges_are_signed_by_their_brand(facts: Facts) -> Iterator[str]:
    """No brand signs what another has awarded."""
    for each in facts.rows.others.credentials:
        if each.signed_by != each.brand_id:
            yield f"{each.award_id} of {each.brand_id} is signed by {each.signed_by}"


BADGES = (nothing_is_told_twice, badges_that_are_told_are_awards, badges_are_signed_by_their_brand)
