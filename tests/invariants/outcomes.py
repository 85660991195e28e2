"""What must hold of draws: each stands in a log that verifies, belongs to one play, and gave what it won."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from tests.invariants.facts import Facts
from tests.invariants.rows import Draw, Grant


def logs_verify(facts: Facts) -> Iterator[str]:
    """An auditor finds nothing."""
    for campaign_id, report in facts.reports.items():
        if report.verdict != "OK":
            yield f"{campaign_id}: check {report.check}, entry {report.entry}: {report.says}"


def draws_are_one_plays_each(facts: Facts) -> Iterator[str]:
    """The draws in the log are those of plays, each of one; a play has as many as it says."""
    logged = {(e.campaign_id, e.entry_index) for e in facts.rows.entries if b'"k":"draw"' in e.entry}
    owned = Counter((draw.campaign_id, draw.entry_index) for draw in facts.rows.draws)
    for place in sorted(logged ^ owned.keys()):
        yield f"{place} is a draw of {owned[place]} plays; in the log: {place in logged}"
    yield from (f"{place} belongs to {times} plays" for place, times in owned.items() if times > 1)
    for play in facts.rows.plays:
        tickets = [draw.nth for draw in facts.draws.get(play.play_id, [])]
        due = play.draws if play.state == "settled" else play.drawn
        if tickets != list(range(1, due + 1)) or play.drawn != due:
            yield f"{play.wire_id} is {play.state} with {play.drawn} of {play.draws} draws; it has {tickets}"


def draws_are_as_logged(facts: Facts) -> Iterator[str]:
    """A draw's row, number and seat are those of its entry."""
    seats = {(seat.campaign_id, seat.seat_id): seat.entry_index for seat in facts.rows.seats}
    for draw in facts.rows.draws:
        entry = _decoded(facts, draw.campaign_id, draw.entry_index)
        prize = facts.prize_of(draw)
        held = (seats.get((draw.campaign_id, draw.seat_id)), draw.n, prize and prize.row_id)
        if entry is not None and held != (entry.get("seat"), entry.get("n"), entry.get("row")):
            yield f"the draw at {draw.entry_index} is held for {held}, the log says {entry}"


def stock_is_the_replays(facts: Facts) -> Iterator[str]:
    """What is left of each row is what a replay of the log leaves."""
    for campaign_id, report in facts.reports.items():
        for pool in report.pools:
            prizes = [
                each
                for each in facts.rows.prizes
                if (each.campaign_id, each.pool_id) == (campaign_id, pool.id)
            ]
            left, replayed = [each.units_left for each in prizes], [row.left for row in pool.rows]
            if left != replayed:
                yield f"{pool.id} of {campaign_id} has {left} left, the log {replayed}"


def won_and_left_are_published(facts: Facts) -> Iterator[str]:
    """Units won are the draws that paid the row; with those left they are the stock that was published."""
    won = Counter((d.campaign_id, facts.plays[d.play_id].pool_id, d.row_ordinal) for d in facts.rows.draws)
    for pool in facts.rows.pools:
        entry = _decoded(facts, pool.campaign_id, pool.entry_index) or {"rows": ()}
        for ordinal, published in enumerate(entry["rows"]):
            place = (pool.campaign_id, pool.pool_id, ordinal)
            prize, stock = facts.prizes[place], published.get("stock", published.get("count"))
            if prize.units_won != won[place]:
                yield f"{place}: {prize.units_won} units are held for won, {won[place]} were"
            if stock is not None and (prize.units_left or 0) + prize.units_won != stock:
                yield f"{place}: {prize.units_left} left and {prize.units_won} won are not {stock}"


def _decoded(facts: Facts, campaign_id: str, index: int) -> dict[str, Any] | None:
    """An entry of a log; None where it is missing or broken, which others say."""
    try:
        entry: dict[str, Any] = msgspec.json.decode(facts.log.get((campaign_id, index), b""))
    except msgspec.DecodeError:
        return None
    return entry


def winners_have_one_grant(facts: Facts) -> Iterator[str]:
    """Each draw that won has one grant, of what its row pays, to its player; no other grant is there."""
    due = Counter(won for draw in facts.rows.draws if (won := _won(facts, draw)) is not None)
    held = Counter(_held(grant) for grant in facts.rows.grants)
    yield from (f"{won} was won, and not granted" for won in due - held)
    yield from (f"{won} was granted, and not won" for won in held - due)


def _won(facts: Facts, draw: Draw) -> tuple[object, ...] | None:
    prize, play = facts.prize_of(draw), facts.plays[draw.play_id]
    if prize is None or prize.kind == "nothing":
        return None
    place = (draw.campaign_id, draw.entry_index, prize.pool_id, prize.ordinal)
    return (*place, prize.kind, prize.amount, play.player_id)


def _held(grant: Grant) -> tuple[object, ...]:
    place = (grant.campaign_id, grant.entry_index, grant.pool_id, grant.row_ordinal)
    return (*place, grant.kind, grant.amount, grant.player_id)


def vouchers_are_given_once(facts: Facts) -> Iterator[str]:
    """Each voucher that was won has one code of its batch, unless none is left; no other code is given."""
    given: Counter[tuple[str, UUID | None]] = Counter(
        (each.campaign_id, each.grant_id or each.reward_id) for each in facts.rows.vouchers
    )
    free = {
        (each.campaign_id, each.voucher_batch)
        for each in facts.rows.vouchers
        if each.grant_id is None and each.reward_id is None
    }
    batches: dict[tuple[str, UUID | None], str | None] = {}
    for grant in facts.rows.grants:
        if grant.kind == "voucher":
            prize = facts.prizes[grant.campaign_id, grant.pool_id, grant.row_ordinal]
            batches[grant.campaign_id, grant.grant_id] = prize.voucher_batch
    for reward in facts.rows.rewards:
        if reward.kind == "voucher" and reward.due and not reward.recovered:
            batches[reward.campaign_id, reward.reward_id] = reward.item
    for key, batch in batches.items():
        if given[key] > 1 or (given[key] == 0 and (key[0], batch) in free):
            yield f"the grant {key} has {given[key]} codes of {batch}"
    for voucher in facts.rows.vouchers:
        key = (voucher.campaign_id, voucher.grant_id or voucher.reward_id)
        if key[1] and batches.get(key) != voucher.voucher_batch:
            yield f"the code {voucher.code} of {voucher.voucher_batch} went to {key}"


OUTCOMES = (
    logs_verify,
    draws_are_one_plays_each,
    draws_are_as_logged,
    stock_is_the_replays,
    won_and_left_are_published,
    winners_have_one_grant,
    vouchers_are_given_once,
)
