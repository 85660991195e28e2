"""The step that rewards final ranks: some at a time, each once, whoever dies in between."""

from typing import Final

from game.boards import final_store
from game.boards.drafts import BoardDraft
from game.boards.final_store import Rewardable
from game.boards.rules import reward_of, reward_source
from game.boards.store import SeasonKey
from game.instants import to_ms
from game.ledger import service as outbox
from game.prizes.rewards import Reward, give
from game.resources import Resources

RANKS: Final = 200


async def reward_seasons(resources: Resources) -> int:
    """Reward the next ranks of a season; how many. The source of each is its rank: it is given once."""
    async with resources.pool.acquire() as conn, conn.transaction():
        claimed = await final_store.claim_unrewarded(conn)
        if claimed is None:
            return 0
        key, draft = claimed
        due = await final_store.rewardable(conn, key, limit=RANKS)
        rewards = [_reward(resources, key, draft, each) for each in due]
        credits_due = await give(conn, resources, rewards)
        ranks = [each.rank for each in due]
        await final_store.rewarded(conn, key, ranks, now_ms=resources.clock())
    await outbox.send(resources, credits_due)
    return len(due)


def _reward(resources: Resources, key: SeasonKey, draft: BoardDraft, due: Rewardable) -> Reward:
    earned = reward_of(draft, due.rank)
    assert earned is not None, "what is due has a reward"
    prize = earned.prize
    return Reward(
        campaign_id=key.campaign_id,
        reward_id=resources.new_id(),
        player_id=due.player_id,
        source=reward_source(key.board_id, key.season, due.rank),
        kind=prize.kind,
        amount=prize.amount,
        item=prize.item,
        expires_ms=None if prize.expires_at is None else to_ms(prize.expires_at),
    )
