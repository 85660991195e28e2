"""Whether a set may be saved, and the most that it can cost. Pure."""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from game.badges.drafts import SetDraft
from game.campaigns.checks import broken, check_draws
from game.campaigns.drafts import MAX_CHANCES
from game.campaigns.records import Campaign, Promise
from game.errors import Invalid
from game.instants import to_ms

AFTER_MS: Final = 366 * 86_400_000


def check_set(
    draft: SetDraft, campaign: Campaign, *, defined: Collection[str], taken: Mapping[str, str]
) -> None:
    """Raise Invalid unless a set may stand in a campaign.

    `defined` are the campaign's badges, `taken` says which of them are in which other sets.
    """
    for index, badge in enumerate(draft.badges):
        if badge in draft.badges[:index]:
            raise broken(f"$.badges[{index}]", "each badge once", badge=badge)
        if badge not in defined:
            raise broken(f"$.badges[{index}]", "a badge that is defined in the campaign", badge=badge)
        if badge in taken:
            raise broken(f"$.badges[{index}]", "in no other set", badge=badge, set=taken[badge])
    _check_prize(draft)
    until_ms = to_ms(draft.redeem_until)
    if not campaign.closes_ms <= until_ms <= campaign.closes_ms + AFTER_MS:
        rule = "from the campaign's close to a year after it"
        raise broken("$.redeem_until", rule, closes_ms=campaign.closes_ms)
    _check_guarantee(draft, campaign)


def promised(draft: SetDraft) -> Promise:
    """The most that a set can pay: all prizes, all alternatives, all conversions. And what it stands on."""
    prize, alternative, convert = draft.prize, draft.alternative, draft.convert
    points = prize.amount * prize.units if prize.kind == "points" else 0
    points += alternative.amount * alternative.units if alternative.kind == "points" else 0
    points += convert.points * convert.units if convert else 0
    return Promise(
        points=points,
        vouchers={prize.voucher_batch: prize.units} if prize.voucher_batch else {},
        draws=_guaranteed_after(draft),
        until_ms=to_ms(draft.redeem_until),
        terms=msgspec.to_builtins(draft),
    )


def _check_prize(draft: SetDraft) -> None:
    prize = draft.prize
    if (prize.kind == "voucher") != (prize.voucher_batch is not None):
        raise broken("$.prize.voucher_batch", "a voucher has a batch of codes, and nothing else has")
    if prize.kind != "points" and prize.amount != 1:
        raise broken("$.prize.amount", "vouchers and goods are given one at a time", amount=prize.amount)
    if draft.alternative.kind == "chances" and draft.alternative.amount > MAX_CHANCES:
        raise broken(
            "$.alternative.amount", f"at most {MAX_CHANCES} chances", amount=draft.alternative.amount
        )


def _check_guarantee(draft: SetDraft, campaign: Campaign) -> None:
    needed = _guaranteed_after(draft)
    if needed is None:
        raise Invalid(
            "no_guaranteed_path",
            "A player without any luck could never get there.",
            field="$.guarantee_draws",
            rule="a number of draws for each badge",
        )
    check_draws(needed, campaign, field="$.guarantee_draws", in_pools=None)


def _guaranteed_after(draft: SetDraft) -> int | None:
    """After how many draws a player without any luck has the set; None: never."""
    return None if draft.guarantee_draws is None else draft.guarantee_draws * len(draft.badges)
