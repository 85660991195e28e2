"""Writing the boards of a draft campaign."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from game.auth import Caller
from game.boards import store
from game.boards.checks import check_board, promised
from game.boards.drafts import BoardDraft
from game.boards.seasons import seasons_of
from game.boards.store import BOARDS_MAX, Board
from game.campaigns.access import campaign_of, desk_of, require_state
from game.campaigns.badge_store import badges_of_campaign
from game.campaigns.promises import promise
from game.campaigns.records import Promise
from game.errors import Exhausted, NotFound
from game.resources import Resources
from game.scores.store import follow_log

_NOTHING: Final = Promise(points=0, vouchers={})


async def boards(resources: Resources, caller: Caller, *, campaign_id: str) -> dict[str, Board]:
    """The boards of a campaign of the brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.boards_of_campaign(conn, campaign_id=campaign_id)


async def save_board(
    resources: Resources, caller: Caller, draft: BoardDraft, *, campaign_id: str, board_id: str
) -> Board:
    """Write a board of a draft campaign, or write it anew. Invalid names the field that breaks a rule."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        conn, campaign = work.conn, work.campaign
        before = await store.boards_of_campaign(conn, campaign_id=campaign_id)
        if len(before.keys() - {board_id}) >= BOARDS_MAX:
            raise Exhausted("too_many_boards", "The campaign has too many boards.", limit=BOARDS_MAX)
        seasons = seasons_of(
            draft.seasons,
            opens_ms=campaign.opens_ms,
            closes_ms=campaign.closes_ms,
            time_zone=campaign.time_zone,
        )
        badges = await badges_of_campaign(conn, campaign_id=campaign_id)
        check_board(
            draft,
            seasons,
            tasks=await store.task_ids(conn, campaign_id=campaign_id),
            streaks=await store.streak_ids(conn, campaign_id=campaign_id),
            badges={badge.badge_id for badge in badges},
        )
        await store.save_board(conn, draft, seasons, campaign_id=campaign_id, board_id=board_id)
        await follow_log(conn, campaign_id=campaign_id)
        await promise(work, promised(draft, seasons), source=f"board:{board_id}")
        after = await store.boards_of_campaign(conn, campaign_id=campaign_id)
        await work.record("board.save", old=_values(before, board_id), new=_values(after, board_id))
    return after[board_id]


async def delete_board(resources: Resources, caller: Caller, *, campaign_id: str, board_id: str) -> None:
    """Remove a board of a draft campaign. NotFound `board_not_found`."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = await store.boards_of_campaign(work.conn, campaign_id=campaign_id)
        board_of(before, board_id)
        await store.delete_board(work.conn, campaign_id=campaign_id, board_id=board_id)
        await follow_log(work.conn, campaign_id=campaign_id)
        await promise(work, _NOTHING, source=f"board:{board_id}")
        await work.record("board.delete", old=_values(before, board_id), new={})


def board_of(found: Mapping[str, Board], board_id: str) -> Board:
    """The board of an id. NotFound `board_not_found`."""
    if board_id not in found:
        raise NotFound("board_not_found", "The campaign has no such board.")
    return found[board_id]


def _values(found: Mapping[str, Board], board_id: str) -> dict[str, Any]:
    return {board_id: msgspec.to_builtins(found[board_id].draft)} if board_id in found else {}
