"""The rows of badges that can be awarded in campaigns."""

from game.campaigns.records import Badge
from game.campaigns.rules import Text
from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.campaigns")


async def define_badge(conn: Connection, badge: Badge, *, campaign_id: str) -> None:
    """Store a badge of a draft campaign, which the caller has locked; one of the same id is rewritten."""
    texts = (badge.name.zh, badge.name.en, badge.description.zh, badge.description.en)
    await conn.execute(_SQL.define_badge, campaign_id, badge.badge_id, *texts)


async def badges_of_campaign(conn: Connection, *, campaign_id: str) -> list[Badge]:
    """The badges of a campaign, in the order of their ids."""
    return [
        Badge(
            badge_id=row["badge_id"],
            name=Text(zh=row["name_zh"], en=row["name_en"]),
            description=Text(zh=row["description_zh"], en=row["description_en"]),
        )
        for row in await conn.fetch(_SQL.badges_of_campaign, campaign_id)
    ]
