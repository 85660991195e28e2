"""What must hold of everything that is counted: chances, reservations, limits and standings."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from tests.invariants.facts import RELEASED, Facts
from tests.invariants.rows import Play


def chances_add_up(facts: Facts) -> Iterator[str]:
    """What is gone from a lot was used, taken back or given away; a draw paid with a chance used one."""
    gone = {
        (lot.campaign_id, lot.lot_id): lot.granted - lot.units_left - lot.taken_back - lot.given_away
        for lot in facts.rows.lots
    }
    used = Counter[tuple[str, object]]()
    by_play = Counter[object]()
    for use in facts.rows.uses:
        used[use.campaign_id, use.lot_id] += use.units
        by_play[use.play_id] += use.units
    yield from (
        f"{gone[lot]} of the lot {lot} are gone, {used[lot]} were used"
        for lot in gone
        if gone[lot] != used[lot]
    )
    for play in facts.rows.plays:
        due = play.draws if play.paid_with == "chance" else 0
        if by_play[play.play_id] != due:
            yield f"{play.wire_id} used {by_play[play.play_id]} chances, not {due}"


def chances_won_are_lots(facts: Facts) -> Iterator[str]:
    """Chances that a draw won are one lot of its player, and such lots were won."""
    won = Counter(
        (grant.campaign_id, grant.player_id, f"draw:{grant.entry_index}", grant.amount)
        for grant in facts.rows.grants
        if grant.kind == "chances"
    )
    lots = Counter(
        (lot.campaign_id, lot.player_id, lot.source, lot.granted)
        for lot in facts.rows.lots
        if lot.source.startswith("draw:")
    )
    yield from (f"{each} was won, and is no lot" for each in won - lots)
    yield from (f"{each} is a lot, and was not won" for each in lots - won)


class _Reserved(msgspec.Struct, frozen=True):
    """Draws that plays have reserved; one in review may have given its own back."""

    kept: Counter[object]
    in_review: Counter[object]

    def fits(self, key: object, draws: int) -> bool:
        return self.kept[key] <= draws <= self.kept[key] + self.in_review[key]


def _reserved(plays: tuple[Play, ...]) -> _Reserved:
    """By pool, player and seat, each within its campaign."""
    reserved = _Reserved(Counter(), Counter())
    for play in plays:
        if play.state not in RELEASED:
            counts = reserved.in_review if play.state == "review" else reserved.kept
            for owner in (play.pool_id, play.player_id, play.seat_id):
                counts[play.campaign_id, owner] += play.draws
    return reserved


def reservations_are_the_plays(facts: Facts) -> Iterator[str]:
    """Pools, players and seats have as many draws reserved as their plays have that were not released."""
    reserved = _reserved(facts.rows.plays)
    for pool in facts.rows.pools:
        if not reserved.fits((pool.campaign_id, pool.pool_id), pool.draws_reserved):
            yield f"the pool {pool.pool_id} of {pool.campaign_id} has {pool.draws_reserved} draws reserved"
    for each in facts.rows.participations:
        if not reserved.fits((each.campaign_id, each.player_id), each.draws_total):
            yield f"the player {each.player_id} has {each.draws_total} draws in {each.campaign_id}"
    for seat in facts.rows.seats:
        if not reserved.fits((seat.campaign_id, seat.seat_id), seat.draws_reserved):
            yield f"the seat {seat.seat_id.hex()} has {seat.draws_reserved} draws reserved"


def draws_taken_are_those_made(facts: Facts) -> Iterator[str]:
    """Seats and standings count the draws that were made."""
    lineages = {(pool.campaign_id, pool.pool_id): pool.lineage_id for pool in facts.rows.pools}
    of_seat, of_line = Counter[tuple[str, bytes]](), Counter[tuple[object, ...]]()
    for draw in facts.rows.draws:
        play = facts.plays[draw.play_id]
        of_seat[draw.campaign_id, draw.seat_id] += 1
        of_line[draw.campaign_id, lineages[play.campaign_id, play.pool_id], play.player_id] += 1
    for seat in facts.rows.seats:
        if seat.draws_taken != (made := of_seat[seat.campaign_id, seat.seat_id]):
            yield f"the seat {seat.seat_id.hex()} counts {seat.draws_taken} draws, {made} were made"
    for each in facts.rows.standings:
        if each.draws != (made := of_line[each.campaign_id, each.lineage_id, each.player_id]):
            yield f"{each.player_id} stands at {each.draws} draws in {each.lineage_id}, {made} were made"


COUNTS = (chances_add_up, chances_won_are_lots, reservations_are_the_plays, draws_taken_are_those_made)
