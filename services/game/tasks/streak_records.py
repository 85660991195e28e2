"""Streaks as they are stored: defined, and as far as players have come."""

from collections.abc import Mapping
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from game.prizes.reward_rules import RewardKey
from game.tasks.rules import Terms
from game.tasks.streak_drafts import MilestoneDraft, StreakDraft

ReachState = Literal["rewarded", "capped", "withdrawn"]


class Defined(msgspec.Struct, frozen=True, kw_only=True):
    """A streak of a campaign: as it was written, and which events count."""

    draft: StreakDraft
    terms: Terms

    @property
    def streak_id(self) -> str:
        """Its id, unique in the campaign."""
        return self.terms.task_id

    @property
    def milestones(self) -> Mapping[int, MilestoneDraft]:
        """Its milestones by their days."""
        return {each.days: each for each in self.draft.milestones}


class StreakKey(msgspec.Struct, frozen=True, order=True):
    """A player's part in a streak."""

    campaign_id: str
    player_id: UUID
    streak_id: str


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The day on which an event counts for a streak."""

    key: StreakKey
    event_id: UUID
    day: date


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """A player's days of a streak: with events that stand, and repaired for points."""

    checked: frozenset[date]
    repaired: frozenset[date]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone of a player's. `has_place`: under the cap over all players; it is kept when withdrawn."""

    key: StreakKey
    days: int
    generation: int
    state: ReachState
    has_place: bool

    @property
    def reward(self) -> RewardKey:
        """What names its reward."""
        return reward_key(self.key, str(self.days), self.generation)


def reward_key(key: StreakKey, what: str, generation: int) -> RewardKey:
    """What names a reward of a streak for ever."""
    source = f"streak:{key.streak_id}:{what}" + (f".{generation}" if generation > 1 else "")
    return RewardKey(campaign_id=key.campaign_id, player_id=key.player_id, source=source)
