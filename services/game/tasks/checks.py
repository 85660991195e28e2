"""Whether a task may be saved: each refusal names the field and the rule. Pure."""

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError

from game.campaigns.checks import broken
from game.campaigns.drafts import MAX_CHANCES
from game.errors import Conflict, Exhausted, Invalid
from game.instants import to_ms
from game.scores.rules import Wanted, progress_of
from game.tasks.channels import CHANNEL, SHARE, folded
from game.tasks.drafts import RewardDraft, TaskDraft, terms_of
from game.tasks.praise import ARTICLE, says_how_good
from game.tasks.rules import TASKS_MAX, Filter, in_order
from game.webhooks.declaring import (
    REVERSED,
    Attribute,
    Attributes,
    BooleanAttribute,
    EnumAttribute,
    IntegerAttribute,
)


def check_task(
    task_id: str,
    draft: TaskDraft,
    *,
    others: Mapping[str, TaskDraft],
    attributes: Attributes | None,
    forbidden: Collection[str],
) -> None:
    """Raise a refusal unless the task may stand beside the campaign's others.

    `attributes` are those of its event type, None where that is not declared; `forbidden` the share channels,
    folded.
    """
    if len(others) >= TASKS_MAX:
        raise Exhausted("too_many_tasks", f"A campaign has at most {TASKS_MAX} tasks.", limit=TASKS_MAX)
    check_events(
        draft.event_type,
        draft.filters,
        sum_of=draft.sum_of,
        attributes=attributes,
        forbidden=forbidden,
    )
    _check_times(draft)
    check_reward(draft.reward, draft.times_overall, at="$")
    _check_prerequisites(task_id, draft, others)


def check_removal(task_id: str, others: Mapping[str, TaskDraft], *, ranked: Wanted) -> None:
    """Raise Conflict `task_needed` while a task has this one as a prerequisite, or a board ranks by it."""
    needing = sorted(name for name, draft in others.items() if task_id in draft.prerequisites)
    if needing:
        raise Conflict("task_needed", "Other tasks have it as a prerequisite.", tasks=needing)
    if progress_of(task_id) in ranked.ranked:
        raise Conflict("task_needed", "A board ranks by it.", tasks=[])


def check_events(
    event_type: str,
    filters: Sequence[Filter],
    *,
    sum_of: str | None,
    attributes: Attributes | None,
    forbidden: Collection[str],
) -> None:
    """Raise Invalid unless events of a type may count, where they pass the filters.

    `attributes` are those of the type, None where that is not declared; `forbidden` the share
    channels, folded.
    """
    if attributes is None or event_type.endswith(REVERSED):
        raise broken("$.event_type", "a declared event type")
    _check_praise(event_type, [*(each.attribute for each in filters), *([sum_of] if sum_of else ())])
    for index, each in enumerate(filters):
        _check_filter(each, attributes, at=f"$.filters[{index}]")
    if sum_of is not None and not isinstance(attributes.get(sum_of), IntegerAttribute):
        raise broken("$.sum_of", "a whole number that the event type has")
    if event_type == SHARE and forbidden:
        _check_channels(filters, forbidden)


def _check_praise(event_type: str, looked_at: Collection[str]) -> None:
    if any(says_how_good(each, event_type=event_type) for each in looked_at):
        raise Invalid(
            "rating_filter",
            "A task does not look at how good a review is: that would be paying for praise.",
            field="$.filters",
            rule="no filter on a rating and no sum of ratings",
            article=ARTICLE,
        )


def _check_filter(wanted: Filter, attributes: Attributes, *, at: str) -> None:
    attribute = attributes.get(wanted.attribute)
    if attribute is None:
        raise broken(f"{at}.attribute", "an attribute of the event type", known=sorted(attributes))
    is_bound = wanted.kind in ("at_least", "at_most")
    if is_bound and not (isinstance(attribute, IntegerAttribute) and len(wanted.values) == 1):
        raise broken(f"{at}.values", "one whole number, of an attribute that is one")
    if not all(_is_value(value, attribute) for value in wanted.values):
        raise broken(f"{at}.values", "values that the attribute can have")


def _is_value(value: int | str | bool, attribute: Attribute) -> bool:
    match attribute:
        case BooleanAttribute():
            return isinstance(value, bool)
        case IntegerAttribute():
            return type(value) is int and attribute.least <= value <= attribute.most
        case EnumAttribute():
            return value in attribute.values
        case _:
            return isinstance(value, str) and 1 <= len(value) <= attribute.max_length


def _check_times(draft: TaskDraft) -> None:
    if draft.window == "once" and (draft.times_per_window, draft.times_per_player) != (1, 1):
        raise broken("$.times_per_window", "once is once")
    if draft.times_per_window > draft.times_per_player:
        raise broken("$.times_per_window", "no more than times_per_player")
    if (draft.window == "week") != (draft.week_starts is not None):
        raise broken("$.week_starts", "the first day of the week, of weekly tasks only")
    if draft.opens is not None and draft.closes is not None and draft.opens >= draft.closes:
        raise broken("$.closes", "later than it opens")


def check_schedule(draft: TaskDraft, *, opens_ms: int, closes_ms: int) -> None:
    """Raise Invalid unless a task is open at some time while its campaign is."""
    terms = terms_of("-", draft, opens_ms=opens_ms, closes_ms=closes_ms)
    if terms.opens_ms >= terms.closes_ms or terms.closes_ms <= opens_ms:
        raise broken("$.closes", "while the campaign is open", opens_ms=opens_ms, closes_ms=closes_ms)


def _check_channels(filters: Sequence[Filter], forbidden: Collection[str]) -> None:
    named = {
        folded(str(value))
        for each in filters
        if each.attribute == CHANNEL and each.kind == "is"
        for value in each.values
    }
    if not named:
        raise _channel_refused("name the channels that count: the brand forbids some", sorted(forbidden))
    if found := sorted(named & set(forbidden)):
        raise _channel_refused("no channel that the brand forbids", found)


def check_reward(reward: RewardDraft, times_overall: int | None, *, at: str) -> None:
    """Raise Invalid unless a reward may be given so often; `at` is what both are fields of."""
    if (reward.kind in ("voucher", "badge")) != (reward.item is not None):
        raise broken(f"{at}.reward.item", "the batch of a voucher, the id of a badge; of nothing else")
    if (reward.kind == "chances") != (reward.expires_at is not None):
        raise broken(f"{at}.reward.expires_at", "until when chances are good; of nothing else")
    if reward.amount > _amount_max(reward):
        raise broken(f"{at}.reward.amount", f"at most {_amount_max(reward)} of {reward.kind}")
    if reward.kind in ("points", "voucher") and times_overall is None:
        raise broken(f"{at}.times_overall", "a bound on points and vouchers: the launch demands them")


def _amount_max(reward: RewardDraft) -> int:
    return {"points": reward.amount, "chances": MAX_CHANCES}.get(reward.kind, 1)


def _check_prerequisites(task_id: str, draft: TaskDraft, others: Mapping[str, TaskDraft]) -> None:
    if unknown := sorted(set(draft.prerequisites) - others.keys() - {task_id}):
        raise broken("$.prerequisites", "tasks of the campaign", unknown=unknown)
    everything = {**others, task_id: draft}
    try:
        in_order({name: terms_of(name, each, opens_ms=0, closes_ms=0) for name, each in everything.items()})
    except CycleError as error:
        raise broken("$.prerequisites", "in no circle", circle=error.args[1]) from None


def check_expiry(reward: RewardDraft, *, closes_ms: int, at: str) -> None:
    """Raise Invalid where chances would expire before the last of them can be earned."""
    if reward.expires_at is not None and to_ms(reward.expires_at) < closes_ms:
        raise broken(f"{at}.reward.expires_at", "no earlier than the campaign closes", closes_ms=closes_ms)


def _channel_refused(rule: str, channels: list[str]) -> Invalid:
    return Invalid("forbidden_channel", rule, field="$.filters", rule=rule, channels=channels)
