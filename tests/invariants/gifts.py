"""What must hold of gifts: what is in one is its giver's no more, and arrives once or goes back."""

from collections import Counter
from collections.abc import Iterator

from tests.invariants.facts import Facts


def gifts_are_made_of_lots(facts: Facts) -> Iterator[str]:
    """A gift of chances has portions of its giver's lots, as good as these, that make up what it says."""
    lots = {(each.campaign_id, each.lot_id): each for each in facts.rows.lots}
    gifts = {(each.campaign_id, each.gift_id): each for each in facts.rows.gifts}
    held, lost = Counter[object](), Counter[object]()
    for each in facts.rows.portions:
        gift, lot = gifts[each.campaign_id, each.gift_id], lots[each.campaign_id, each.lot_id]
        held[gift.gift_id] += each.units
        lost[gift.gift_id] += each.units * each.is_taken_back
        if (lot.player_id, lot.expires_ms) != (gift.giver_id, each.expires_ms):
            yield f"the gift {gift.gift_id} has chances of the lot {lot}"
    for gift in facts.rows.gifts:
        due = (gift.amount, gift.taken_back) if gift.kind == "chances" else (0, 0)
        if (held[gift.gift_id], lost[gift.gift_id]) != due:
            yield f"{held[gift.gift_id]} chances were put into {gift}, {lost[gift.gift_id]} withdrawn"


def what_is_given_away_is_in_gifts(facts: Facts) -> Iterator[str]:
    """So many chances of a lot are given away as lie in open gifts and were redeemed."""
    gone = {(each.campaign_id, each.gift_id) for each in facts.rows.gifts if each.is_gone}
    due = Counter[tuple[str, object]]()
    for each in facts.rows.portions:
        if (each.campaign_id, each.gift_id) in gone and not each.is_taken_back:
            due[each.campaign_id, each.lot_id] += each.units
    for lot in facts.rows.lots:
        if lot.given_away != (units := due[lot.campaign_id, lot.lot_id]):
            yield f"{lot.given_away} of the lot {lot.lot_id} are given away, {units} are in gifts"


def gifts_arrive_once(facts: Facts) -> Iterator[str]:
    """What was redeemed is a reward of its recipient for each portion, as good as that; others arrive not."""
    due = Counter[tuple[object, ...]]()
    for gift in facts.rows.gifts:
        if gift.state == "redeemed" and gift.kind == "badge":
            due[gift.gift_id.hex, gift.recipient_id, "badge", 1, gift.badge_id, None] += 1
    redeemed = {each.gift_id: each for each in facts.rows.gifts if each.state == "redeemed"}
    for each in facts.rows.portions:
        if (taken := redeemed.get(each.gift_id)) and not each.is_taken_back:
            key = (taken.gift_id.hex, taken.recipient_id, "chances", each.units, None, each.expires_ms)
            due[key] += 1
    had = Counter[tuple[object, ...]](
        (each.source.split(":")[1], each.player_id, each.kind, each.amount, each.item, each.expires_ms)
        for each in facts.rows.rewards
        if each.source.startswith("gift:")
    )
    yield from (f"{each} was redeemed, and did not arrive" for each in due - had)
    yield from (f"{each} arrived, and was not redeemed" for each in had - due)


def badges_given_away_are_in_gifts(facts: Facts) -> Iterator[str]:
    """A badge is given away where it lies in an open gift of its player or was redeemed, and nowhere else."""
    due = Counter[tuple[object, ...]](
        (each.campaign_id, each.award_id, each.giver_id, each.badge_id)
        for each in facts.rows.gifts
        if each.kind == "badge" and each.is_gone
    )
    gone = Counter[tuple[object, ...]](
        (each.campaign_id, each.award_id, each.player_id, each.badge_id)
        for each in facts.rows.awards
        if each.state == "gifted"
    )
    yield from (f"{each} is in a gift, and the player's" for each in due - gone)
    yield from (f"{each} is given away, and in no gift" for each in gone - due)


GIFTS = (
    gifts_are_made_of_lots,
    what_is_given_away_is_in_gifts,
    gifts_arrive_once,
    badges_given_away_are_in_gifts,
)
