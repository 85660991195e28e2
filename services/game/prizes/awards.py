"""Badges that players are awarded, as brands are told of them."""

from game.ids import wire_id
from game.prizes.store import Award
from game.webhooks.out.outbox import Message


def awarded(award: Award) -> Message:
    """What is told of an award. `source` is what it is for, such as `draw:17` or `task:share:1`."""
    return Message(
        campaign_id=award.campaign_id,
        type="badge.awarded",
        player_id=award.player_id,
        data={
            "award": wire_id(award.campaign_id, award.award_id),
            "badge": award.badge_id,
            "source": award.source,
        },
    )
