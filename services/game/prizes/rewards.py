"""What is given for anything but a draw: exactly once for each source, and taken back where it must be."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar
from uuid import UUID

from game.audit.service import lock_head
from game.db.connection import Connection
from game.ledger import service as outbox
from game.ledger.rules import Credit, reward_of
from game.prizes import reward_store, store
from game.prizes.awards import awarded
from game.prizes.codes import give_codes
from game.prizes.returning import advance
from game.prizes.reward_rules import Close, Reward, RewardKey, RewardKind, withheld
from game.prizes.reward_store import Given
from game.prizes.store import Award, ChanceLot, Wanted
from game.resources import Resources
from game.scores.service import badges_changed
from game.webhooks.out.outbox import tell

__all__ = ["REWARDS_MAX", "Reward", "RewardKey", "RewardKind", "give", "take_back"]

REWARDS_MAX: Final = 1_000


class _OfCampaign(Protocol):
    @property
    def campaign_id(self) -> str: ...


T = TypeVar("T", bound=_OfCampaign)


async def give(conn: Connection, resources: Resources, rewards: Sequence[Reward]) -> list[Credit]:
    """Give rewards, at most REWARDS_MAX, in the caller's transaction; a source gives a player once.

    Answers the credits to send after the commit (`ledger.service.send`); unsent ones leave by the sweeper.
    What the player owes of the same is withheld. Vouchers take the lock of the log's head: give them before
    anything that comes after it in the order of locks.
    """
    assert len(rewards) <= REWARDS_MAX, "a batch has a limit"
    return [
        credit
        for campaign_id, theirs in _by_campaign(rewards)
        for credit in await _give(conn, resources, theirs, campaign_id=campaign_id)
    ]


async def take_back(conn: Connection, resources: Resources, sources: Sequence[RewardKey]) -> list[Credit]:
    """Take rewards back, at most REWARDS_MAX, in the caller's transaction, each once.

    What is unspent comes back: chances, codes that nobody has seen, badges that are held. Points are asked
    for in the ledger, once they have arrived there; answers the returns to send after the commit. What is
    spent is owed from then on, and withheld of later rewards. Vouchers: as with `give`.
    """
    assert len(sources) <= REWARDS_MAX, "a batch has a limit"
    return [
        credit
        for campaign_id, theirs in _by_campaign(sources)
        for credit in await _take_back(conn, resources, theirs, campaign_id=campaign_id)
    ]


async def _give(
    conn: Connection, resources: Resources, rewards: Sequence[Reward], *, campaign_id: str
) -> list[Credit]:
    now_ms = resources.clock()
    if any(reward.kind == "voucher" for reward in rewards):
        await lock_head(conn, campaign_id=campaign_id)
    new = await reward_store.add_rewards(conn, rewards, campaign_id=campaign_id, now_ms=now_ms)
    kept = withheld(new, await reward_store.lock_debts(conn, new, campaign_id=campaign_id))
    await reward_store.withhold(conn, new, kept, campaign_id=campaign_id)
    due = [(reward, part) for reward in new if (part := reward.amount - kept.get(reward.reward_id, 0))]
    awards = await _hand_out(conn, due, now_ms=now_ms)
    gaining = {each.player_id for each in awards}
    await badges_changed(conn, resources, gaining, campaign_id=campaign_id)
    credits_due = await _credits(conn, [(reward, part) for reward, part in due if reward.kind == "points"])
    await outbox.enqueue(conn, credits_due, next_attempt_ms=now_ms + outbox.RESEND_AFTER_MS)
    await tell(conn, resources, list(map(awarded, awards)))
    return credits_due


async def _hand_out(conn: Connection, due: Sequence[tuple[Reward, int]], *, now_ms: int) -> list[Award]:
    """Give chances, codes and badges, so much of each reward; the badges."""
    lots = [
        ChanceLot(r.campaign_id, r.reward_id, r.player_id, f"reward:{r.source}", units, r.expires_ms)
        for r, units in due
        if r.expires_ms is not None
    ]
    await store.add_lots(conn, lots)
    items = [(r, r.item) for r, _ in due if r.item is not None]
    codes = [
        Wanted(campaign_id=r.campaign_id, grant_id=None, reward_id=r.reward_id, voucher_batch=batch)
        for r, batch in items
        if r.kind == "voucher"
    ]
    await give_codes(conn, codes)
    awards = [
        Award(r.campaign_id, r.reward_id, r.player_id, badge, r.source)
        for r, badge in items
        if r.kind == "badge"
    ]
    await store.add_awards(conn, awards, now_ms=now_ms)
    return awards


async def _credits(conn: Connection, due: Sequence[tuple[Reward, int]]) -> list[Credit]:
    accounts = await store.accounts(conn, {reward.player_id for reward, _ in due}) if due else {}
    return [
        reward_of(
            campaign_id=reward.campaign_id,
            reward_id=reward.reward_id,
            account=accounts[reward.player_id],
            amount_points=points,
            ref=reward.source,
        )
        for reward, points in due
    ]


async def _take_back(
    conn: Connection, resources: Resources, sources: Sequence[RewardKey], *, campaign_id: str
) -> list[Credit]:
    now_ms = resources.clock()
    if await reward_store.any_voucher(conn, sources, campaign_id=campaign_id):
        await lock_head(conn, campaign_id=campaign_id)
    given = await reward_store.lock_given(conn, sources, campaign_id=campaign_id)
    back = await _recover(conn, given, campaign_id=campaign_id, now_ms=now_ms)
    closes = {
        (campaign_id, r.reward_id): Close(units, r.amount - units, None)
        for r in given
        if r.kind != "points"
        for units in [back.get(r.reward_id, 0)]
    }
    await reward_store.close(conn, closes, now_ms=now_ms)
    points = [reward.reward_id for reward in given if reward.kind == "points"]
    await reward_store.begin_returns(conn, points, campaign_id=campaign_id, now_ms=now_ms)
    keys = [(campaign_id, reward_id) for reward_id in points]
    advanced = await advance(conn, resources, keys, available={})
    losing = {r.player_id for r in given if r.kind == "badge"}
    await badges_changed(conn, resources, losing, campaign_id=campaign_id)
    return advanced.credits


async def _recover(
    conn: Connection, given: Sequence[Given], *, campaign_id: str, now_ms: int
) -> dict[UUID, int]:
    """What comes back at once: unused chances, codes that nobody has seen, badges that are held."""
    chances = [reward.reward_id for reward in given if reward.kind == "chances"]
    badges = [reward.reward_id for reward in given if reward.kind == "badge"]
    codes = [r.reward_id for r in given if r.kind == "voucher" and r.redeemed_ms is None and not r.withheld]
    await reward_store.free_codes(conn, codes, campaign_id=campaign_id)
    units = await reward_store.take_chances(conn, chances, campaign_id=campaign_id, now_ms=now_ms)
    reversed_ = await reward_store.reverse_awards(conn, badges, campaign_id=campaign_id, now_ms=now_ms)
    return {**units, **dict.fromkeys((*reversed_, *codes), 1)}


def _by_campaign(items: Sequence[T]) -> list[tuple[str, list[T]]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        found[item.campaign_id].append(item)
    return sorted(found.items())
