"""Where players were left by their last plays, so that one who comes alone need not be read before."""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from game.db.connection import CONFLICTS
from game.plays.accept import Driven, accept_again, accept_batch
from game.plays.accept_store import player_key
from game.plays.rules import Asked, Play, Standpoint
from game.plays.store import PlayerKey
from game.recent import Recent
from game.resources import Resources

PLAYERS_KEPT: Final = 4_096
# Where other processes accept plays of the same players, what one remembers is often old.
DOUBT_MS: Final = 60_000

log = structlog.get_logger()


class _Left(msgspec.Struct, frozen=True):
    pool_id: str
    idempotency_key: str
    at: Standpoint


class Recalling:
    """Accepts the plays of one process. What it remembers is not relied upon: what has changed is read."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._left: Recent[PlayerKey, _Left] = Recent(limit=PLAYERS_KEPT)
        self._trusted_from_ms = 0

    async def accept(self, batch: Sequence[Asked]) -> Sequence[Driven | BaseException]:
        """Each play as it is stored now, or the Refusal that says why nothing was stored of it."""
        alone = await self._again(batch[0]) if len(batch) == 1 else None
        answers = [alone] if alone is not None else await accept_batch(self._resources, batch)
        for asked, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Driven) and answer.after is not None:
                left = _Left(asked.terms.pool_id, asked.idempotency_key, answer.after)
                self._left.put(player_key(asked), left)
        return answers

    def forget(self, play: Play) -> None:
        """What a play had reserved is free again."""
        self._left.drop((play.campaign_id, play.player_id))

    async def _again(self, asked: Asked) -> Driven | None:
        """The play, if nothing has changed since the player's last one; None: nothing is stored."""
        left = self._left.get(player_key(asked))
        if left is None or not _is_like(asked, left) or self._resources.clock() < self._trusted_from_ms:
            return None
        try:
            answer = await accept_again(self._resources, asked, at=left.at)
        except CONFLICTS:
            self._trusted_from_ms = self._resources.clock() + DOUBT_MS
            log.info("plays.recalled_in_vain", doubt_ms=DOUBT_MS)
            return None
        return answer if isinstance(answer, Driven) else None


def _is_like(asked: Asked, left: _Left) -> bool:
    """Whether it is remembered what a play is judged by. Chances and sealed plays that wait are not."""
    is_plain = asked.paid_with == "points" and not asked.terms.is_sealed
    return is_plain and left.pool_id == asked.terms.pool_id and left.idempotency_key != asked.idempotency_key
