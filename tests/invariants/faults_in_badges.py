"""Faults of what others are told of badges: told twice, or of nobody's, or signed by somebody else."""

from tests.invariants import badges
from tests.invariants.plants import trips
from tests.invariants.scene import Scene

_ENDPOINT = """
INSERT INTO webhook_endpoint (brand_id, endpoint_id, url, types, sealed, created_by, created_ms)
SELECT brand_id, gen_random_uuid(), 'x', ARRAY['badge.awarded'], 'x', 'x', 1 FROM campaign
"""
_TOLD = """
INSERT INTO webhook_delivery (brand_id, endpoint_id, message_id, type, player_id, lane, data, told_ms,
                              next_attempt_ms)
SELECT e.brand_id, e.endpoint_id, gen_random_uuid(), 'badge.awarded', a.player_id, 'x',
       jsonb_build_object('campaign', a.campaign_id,
                          'award', a.campaign_id || '-' || replace(a.award_id::text, '-', '')), 1, 1
FROM webhook_endpoint AS e CROSS JOIN badge_award AS a
WHERE a.source = 'task:badge:kept'
"""
_OTHER = """
INSERT INTO brand (brand_id, name_zh, name_en, issuer, jwks_url, operator_name, created_ms)
VALUES ('other', 'o', 'o', 'https://other.example', 'https://other.example/jwks', 'other.example', 1)
"""
_ISSUER = """
INSERT INTO badge_issuer (brand_id, version, name, url, key_sealed, public_key, created_by, created_ms)
VALUES ('other', 1, 'Other', 'https://other.example', 'x', 'x', 'x', 1)
"""
_SIGNED = """
INSERT INTO badge_credential (campaign_id, award_id, brand_id, version, issued_ms)
SELECT campaign_id, award_id, 'other', 1, 1 FROM badge_award WHERE source = 'task:badge:kept'
"""


async def _tell(scene: Scene) -> None:
    await scene.execute(_ENDPOINT)
    await scene.execute(_TOLD)


@trips(badges.nothing_is_told_twice)
async def a_badge_is_told_twice(scene: Scene) -> None:
    """Under two ids, so a receiver counts it twice."""
    await _tell(scene)
    await scene.execute(_TOLD)


@trips(badges.badges_that_are_told_are_awards)
async def a_badge_is_told_of_somebody_else(scene: Scene) -> None:
    """The message names another player."""
    await _tell(scene)
    await scene.execute("UPDATE webhook_delivery SET player_id = gen_random_uuid()")


@trips(badges.badges_are_signed_by_their_brand)
async def another_brand_signs_a_badge(scene: Scene) -> None:
    """Its key vouches for what it never awarded."""
    for statement in (_OTHER, _ISSUER, _SIGNED):
        await scene.execute(statement)
