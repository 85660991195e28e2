"""Faults of gifts: what was given away is there still, or arrives twice, or never."""

from tests.invariants import gifts
from tests.invariants.plants import trips
from tests.invariants.scene import Scene


async def _gift(scene: Scene, state: str, kind: str, changes: str) -> None:
    await scene.execute(f"UPDATE gift SET {changes} WHERE (state, kind) = ('{state}', '{kind}')")


@trips(gifts.what_is_given_away_is_in_gifts)
async def chances_that_were_given_away_are_there(scene: Scene) -> None:
    """They lie in gifts, and can be used."""
    await scene.execute(
        "UPDATE chance_lot SET units_left = units_left + given_away, given_away = 0 WHERE given_away > 0"
    )


@trips(gifts.what_is_given_away_is_in_gifts)
async def a_cancelled_gift_gave_nothing_back(scene: Scene) -> None:
    """Its chances are nobody's."""
    await _gift(scene, "open", "chances", "state = 'cancelled', ended_ms = 1, next_attempt_ms = NULL")


@trips(gifts.gifts_are_made_of_lots)
async def a_gift_says_more_than_is_in_it(scene: Scene) -> None:
    """Its giver is told another amount."""
    await _gift(scene, "open", "chances", "amount = amount + 1")


@trips(gifts.gifts_are_made_of_lots)
async def a_gift_is_made_of_somebody_elses_chances(scene: Scene) -> None:
    """The giver never had them."""
    await _gift(scene, "open", "chances", "giver_id = (SELECT player_id FROM player WHERE subject = 'ann')")


@trips(gifts.gifts_are_made_of_lots, gifts.gifts_arrive_once)
async def chances_became_good_for_longer(scene: Scene) -> None:
    """They arrived with an expiry of their own."""
    await scene.execute(
        "UPDATE gift_lot SET expires_ms = expires_ms - 1"
        " WHERE gift_id = (SELECT gift_id FROM gift WHERE (state, kind) = ('redeemed', 'chances'))"
    )


@trips(gifts.gifts_arrive_once)
async def a_gift_arrived_twice(scene: Scene) -> None:
    """Under another source, with chances to go with it."""
    await scene.execute(
        "INSERT INTO reward (campaign_id, reward_id, player_id, source, kind, amount, expires_ms, given_ms)"
        " SELECT campaign_id, 'ffffffff-ffff-7fff-bfff-ffffffffffff', player_id, source || '9', kind, amount,"
        " expires_ms, given_ms FROM reward WHERE source LIKE 'gift:%' AND kind = 'chances'"
    )
    await scene.execute(
        "INSERT INTO chance_lot (campaign_id, lot_id, player_id, source, granted, units_left, expires_ms)"
        " SELECT campaign_id, reward_id, player_id, 'reward:' || source, amount, amount, expires_ms"
        " FROM reward WHERE reward_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff'"
    )


@trips(gifts.gifts_arrive_once)
async def a_gift_never_arrived(scene: Scene) -> None:
    """It was redeemed, and its recipient has nothing of it."""
    await scene.execute("DELETE FROM chance_lot WHERE source LIKE 'reward:gift:%'")
    await scene.execute("DELETE FROM reward WHERE source LIKE 'gift:%' AND kind = 'chances'")


@trips(gifts.badges_given_away_are_in_gifts)
async def a_badge_that_was_given_away_is_held(scene: Scene) -> None:
    """The giver has it still."""
    await scene.execute("UPDATE badge_award SET state = 'held' WHERE state = 'gifted'")


@trips(gifts.badges_given_away_are_in_gifts)
async def a_badge_is_given_away_by_nobody(scene: Scene) -> None:
    """No gift has it."""
    await scene.execute("UPDATE badge_award SET state = 'gifted' WHERE source = 'task:badge:kept'")
