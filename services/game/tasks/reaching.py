"""Giving players the milestones that their streaks have come to, and taking back those that they have not."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

import msgspec

from game.db.connection import Connection
from game.prizes.rewards import Reward, RewardKey
from game.resources import Resources
from game.tasks import repair_store, risk_store
from game.tasks import store as known_store
from game.tasks import streak_store as store
from game.tasks.days import Zones, exists, within
from game.tasks.drafts import RewardDraft
from game.tasks.handing import Handed, reward_of
from game.tasks.records import Published
from game.tasks.repair_rules import Repair
from game.tasks.risk_rules import EXPIRING_MS, Risk, risk_of
from game.tasks.streak_drafts import MilestoneDraft
from game.tasks.streak_records import Days, Defined, Reach, StreakKey, reward_key
from game.tasks.streak_store import CapKey
from game.tasks.streaks import Streak, milestones_reached, streak

Campaigns = Mapping[str, Published]


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """All days of a player's streak, and what they come to; `standing` is None where none is checked."""

    key: StreakKey
    defined: Defined
    days: Days
    repairs: Sequence[Repair]
    zones: Zones
    standing: Streak | None

    @property
    def milestones(self) -> list[int]:
        """The milestones that were reached."""
        return milestones_reached(self.standing, self.defined.milestones) if self.standing else []

    @property
    def risk(self) -> Risk | None:
        """The run that is about to break."""
        return risk_of(self.key, self.standing, self.days, self.zones) if self.standing else None


async def reached(
    conn: Connection, resources: Resources, moved: Collection[StreakKey], campaigns: Campaigns
) -> Handed:
    """Store which milestones locked players have come to by all of their days, and which no more.

    It answers the rewards that this gives and takes. `moved` are the streaks with a day more or less.
    """
    if not moved:
        return Handed(given=(), taken=(), heads=frozenset())
    now_ms = resources.clock()
    folds = await _folds(conn, sorted(moved), campaigns)
    await _watch(conn, folds, now_ms=now_ms)
    there = await store.reaches_of(conn, moved)
    made = await _placed(conn, [each for fold in folds for each in _lacking(fold, there[fold.key])])
    gone = [each for fold in folds for each in _extra(fold, there[fold.key])]
    withdrawn = [msgspec.structs.replace(each, state="withdrawn") for each in gone]
    await store.save_reaches(conn, [*made, *withdrawn], now_ms=now_ms)
    changed = [refund for fold in folds for refund in _refunds(fold)]
    await repair_store.save_refunds(conn, changed)
    return _handed(resources, made, gone, changed, campaigns)


async def _folds(conn: Connection, keys: Sequence[StreakKey], campaigns: Campaigns) -> list[Fold]:
    checked = await store.checked_days(conn, keys)
    repairs = await repair_store.paid_repairs(conn, keys)
    chosen = await known_store.zones_of(conn, {key.player_id for key in keys})
    return [
        _fold(
            key,
            campaigns[key.campaign_id],
            days_of(checked[key], repairs[key]),
            repairs[key],
            within(chosen.get(key.player_id, ()), campaigns[key.campaign_id].time_zone),
        )
        for key in keys
    ]


def _fold(key: StreakKey, campaign: Published, days: Days, repairs: Sequence[Repair], zones: Zones) -> Fold:
    defined = campaign.streaks[key.streak_id]
    standing = folded(defined, days, zones) if days.checked else None
    return Fold(key=key, defined=defined, days=days, repairs=repairs, zones=zones, standing=standing)


async def _watch(conn: Connection, folds: Sequence[Fold], *, now_ms: int) -> None:
    """Keep what the streaks risk by now; what is over is not told."""
    risks = [risk for fold in folds if (risk := fold.risk)]
    kept = [risk for risk in risks if (risk.tell_ms or 0) + EXPIRING_MS > now_ms]
    await risk_store.save_risks(conn, kept)
    await risk_store.calm(conn, {fold.key for fold in folds} - {risk.key for risk in kept})


def days_of(checked: frozenset[date], repairs: Iterable[Repair]) -> Days:
    """A player's days by what stands on them."""
    return Days(checked=checked, repaired=frozenset(repair.day for repair in repairs))


def _refunds(fold: Fold) -> list[Repair]:
    """The repairs of which the refund changes: due while the day is checked by an event as well, else not."""
    return [
        msgspec.structs.replace(
            each, is_refunded=not each.is_refunded, refunds=each.refunds + (not each.is_refunded)
        )
        for each in fold.repairs
        if each.is_refunded != (each.day in fold.days.checked)
    ]


def folded(defined: Defined, days: Days, zones: Zones) -> Streak:
    """A streak as far as its days go: what comes after the last of them changes no run."""
    last = max(days.checked | days.repaired)
    return streak(
        defined.draft.policy,
        checked=days.checked,
        repaired=days.repaired,
        today=last,
        exists=partial(exists, zones),
    )


def _lacking(fold: Fold, there: Mapping[int, Reach]) -> list[Reach]:
    """What is to be made, or to be made anew, before it is known whether there is a place for it."""
    return [
        Reach(
            key=fold.key,
            days=days,
            generation=was.generation + 1 if was else 1,
            state="capped",
            has_place=bool(was and was.has_place),
        )
        for days in fold.milestones
        if (was := there.get(days)) is None or was.state == "withdrawn"
    ]


def _extra(fold: Fold, there: Mapping[int, Reach]) -> list[Reach]:
    return [each for days, each in there.items() if days not in fold.milestones and each.state != "withdrawn"]


async def _placed(conn: Connection, due: Sequence[Reach]) -> list[Reach]:
    """What is due, rewarded where it has a place under the cap over all players; the first come first."""
    free = await store.lock_milestones(conn, {_cap(each) for each in due if not each.has_place})
    taken: Counter[CapKey] = Counter()
    placed = []
    for each in due:
        cap = _cap(each)
        has_place = each.has_place or cap not in free or taken[cap] < free[cap]
        taken[cap] += has_place and not each.has_place and cap in free
        state = "rewarded" if has_place else "capped"
        placed.append(msgspec.structs.replace(each, state=state, has_place=has_place))
    await store.take_milestones(conn, +taken)
    return placed


def _handed(
    resources: Resources,
    made: Sequence[Reach],
    gone: Sequence[Reach],
    changed: Sequence[Repair],
    campaigns: Campaigns,
) -> Handed:
    rewarded = [each for each in made if each.state == "rewarded"]
    unearned = [each for each in gone if each.state == "rewarded"]
    return Handed(
        given=[
            *(reward_of(resources, each.reward, _milestone(each, campaigns).reward) for each in rewarded),
            *(_refund(resources, each) for each in changed if each.is_refunded),
        ],
        taken=[
            *(each.reward for each in unearned),
            *(_refund_key(each) for each in changed if not each.is_refunded),
        ],
        heads=frozenset(
            each.key.campaign_id
            for each in [*rewarded, *unearned]
            if _milestone(each, campaigns).reward.kind == "voucher"
        ),
    )


def _refund(resources: Resources, repair: Repair) -> Reward:
    points = RewardDraft(kind="points", amount=repair.price_points)
    return reward_of(resources, _refund_key(repair), points)


def _refund_key(repair: Repair) -> RewardKey:
    return reward_key(repair.key, f"repair-{repair.day:%Y%m%d}", repair.refunds)


def _cap(reach: Reach) -> CapKey:
    return reach.key.campaign_id, reach.key.streak_id, reach.days


def _milestone(reach: Reach, campaigns: Campaigns) -> MilestoneDraft:
    return _defined(reach.key, campaigns).milestones[reach.days]


def _defined(key: StreakKey, campaigns: Campaigns) -> Defined:
    return campaigns[key.campaign_id].streaks[key.streak_id]
