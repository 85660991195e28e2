"""Telling: messages stored in the transaction of what happened, for every endpoint that wants their type."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.resources import Resources
from game.webhooks.out import delivery_store as store
from game.webhooks.out.delivery_store import Told
from game.webhooks.out.rules import Data, MessageType

MESSAGES_MAX: Final = 10_000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a campaign, to a player or (None) to what `about` names.

    Messages of one player, or about one thing, arrive in the order in which they were told. `data` names no
    person; the player's `subject` is put there when the message is sent.
    """

    campaign_id: str
    type: MessageType
    player_id: UUID | None = None
    about: str = ""
    data: Data


async def tell(conn: Connection, resources: Resources, messages: Sequence[Message]) -> None:
    """Store messages, at most MESSAGES_MAX, in the caller's transaction, for whoever wants them."""
    assert len(messages) <= MESSAGES_MAX, "a batch has a limit"
    if not messages or not await store.is_wanted(
        conn, campaign_ids={m.campaign_id for m in messages}, types={m.type for m in messages}
    ):
        return
    told = [
        Told(
            campaign_id=message.campaign_id,
            message_id=resources.new_id(),
            type=message.type,
            player_id=message.player_id,
            lane=_lane(message),
            data={"campaign": message.campaign_id, **message.data},
        )
        for message in messages
    ]
    await store.tell(conn, told, now_ms=resources.clock())


def _lane(message: Message) -> str:
    if message.player_id is not None:
        return f"player:{message.player_id}"
    assert message.about, "a message is about somebody or something"
    return f"{message.campaign_id}:{message.about}"
