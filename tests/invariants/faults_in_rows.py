"""Faults of our own rows: draws, stock, prizes, counts, and what is left lying about."""

from tests.invariants import counts, flight, outcomes
from tests.invariants.answers import receipts_hold, shown_is_as_logged
from tests.invariants.plants import trips
from tests.invariants.scene import Scene

_LAST_DRAW = "(SELECT max(entry_index) FROM draw)"
_GOODS = "SELECT grant_id FROM prize_grant WHERE kind = 'goods' ORDER BY grant_id LIMIT 1"


@trips(outcomes.logs_verify, receipts_hold)
async def the_log_was_rewritten(scene: Scene) -> None:
    """An entry that no draw depends on says something else; players hold receipts of what was there."""
    await scene.execute(
        "UPDATE log_entry SET entry = convert_to(regexp_replace(convert_from(entry, 'UTF8'),"
        " '\"seed\":\"0', '\"seed\":\"1'), 'UTF8') WHERE entry_index ="
        " (SELECT entry_index FROM seat WHERE draws_taken = 0 AND seed <> '' AND round IS NULL)"
    )


@trips(outcomes.logs_verify)
async def the_head_is_of_another_log(scene: Scene) -> None:
    """Nothing else was touched."""
    await scene.execute("UPDATE log SET frontier = overlay(frontier PLACING '\\x00' FROM 1)")


@trips(outcomes.draws_are_one_plays_each)
async def a_play_counts_too_few_draws(scene: Scene) -> None:
    """It is settled, and one of its draws does not count."""
    await scene.lift("play", "play_drawn")
    await scene.play("drawn = 1", f"play:{scene.single.play_id}")


@trips(
    outcomes.draws_are_one_plays_each,
    outcomes.won_and_left_are_published,
    outcomes.winners_have_one_grant,
    counts.draws_taken_are_those_made,
    shown_is_as_logged,
)
async def a_draw_was_lost(scene: Scene) -> None:
    """The log has it, and no play."""
    await scene.lift("prize_grant", "prize_grant_campaign_id_entry_index_fkey")
    await scene.execute(f"DELETE FROM draw WHERE entry_index = {_LAST_DRAW}")


@trips(outcomes.draws_are_one_plays_each, shown_is_as_logged)
async def a_draw_is_anothers(scene: Scene) -> None:
    """The first draw of a play belongs to another play of the same pool."""
    await scene.execute(
        "UPDATE draw SET play_id = (SELECT play_id FROM play WHERE idempotency_key = 'key-6'), nth = 3"
        " WHERE nth = 1 AND play_id = (SELECT play_id FROM play WHERE idempotency_key = 'key-5')"
    )


@trips(
    outcomes.draws_are_one_plays_each,
    outcomes.won_and_left_are_published,
    outcomes.winners_have_one_grant,
    counts.draws_taken_are_those_made,
)
async def a_draw_has_two_plays(scene: Scene) -> None:
    """One entry is the outcome of two plays."""
    await scene.lift("prize_grant", "prize_grant_campaign_id_entry_index_fkey")
    for constraint in ("draw_pkey", "draw_of_seat", "draw_of_play"):
        await scene.lift("draw", constraint)
    scene.told.clear()
    await scene.execute(
        "INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)"
        " SELECT campaign_id, entry_index, play_id, nth + 1, seat_id, n, row_ordinal FROM draw"
        f" WHERE entry_index = {_LAST_DRAW}"
    )


@trips(outcomes.draws_are_as_logged)
async def a_draw_has_another_number(scene: Scene) -> None:
    """It is another draw of its seat; nobody was told yet."""
    scene.told.clear()
    await scene.execute(f"UPDATE draw SET n = 200 WHERE entry_index = {_LAST_DRAW}")


@trips(outcomes.stock_is_the_replays, outcomes.won_and_left_are_published)
async def a_unit_was_taken_without_a_draw(scene: Scene) -> None:
    """Left and won make up the stock still."""
    await scene.execute(
        "UPDATE pool_row SET units_left = units_left - 1, units_won = units_won + 1"
        " WHERE (pool_id, row_id) = ('cards', 'thanks')"
    )


@trips(outcomes.stock_is_the_replays, outcomes.won_and_left_are_published)
async def a_unit_was_found(scene: Scene) -> None:
    """More is left than there was."""
    await scene.lift("pool_row", "pool_row_units")
    await scene.execute(
        "UPDATE pool_row SET units_left = units_left + 1 WHERE (pool_id, row_id) = ('cards', 'tea')"
    )


@trips(outcomes.won_and_left_are_published)
async def a_win_was_counted_twice(scene: Scene) -> None:
    """Of a row without a stock."""
    await scene.execute(
        "UPDATE pool_row SET units_won = units_won + 1 WHERE (pool_id, row_id) = ('wheel', 'thanks')"
    )


@trips(outcomes.winners_have_one_grant)
async def a_prize_was_not_granted(scene: Scene) -> None:
    """The phone was won."""
    await scene.execute(f"DELETE FROM prize_grant WHERE grant_id = ({_GOODS})")


@trips(outcomes.winners_have_one_grant)
async def a_prize_was_granted_twice(scene: Scene) -> None:
    """One phone was won."""
    await scene.lift("prize_grant", "prize_grant_once")
    await scene.execute(
        "INSERT INTO prize_grant (campaign_id, grant_id, player_id, entry_index, pool_id, row_ordinal, kind,"
        " amount, granted_ms) SELECT campaign_id, gen_random_uuid(), player_id, entry_index, pool_id,"
        f" row_ordinal, kind, amount, granted_ms FROM prize_grant WHERE grant_id = ({_GOODS})"
    )


@trips(outcomes.winners_have_one_grant)
async def a_prize_was_granted_to_another(scene: Scene) -> None:
    """Bob did not win the phone."""
    await scene.execute(
        "UPDATE prize_grant SET player_id = (SELECT player_id FROM player WHERE subject = 'bob')"
        f" WHERE grant_id = ({_GOODS})"
    )


@trips(outcomes.vouchers_are_given_once)
async def a_voucher_has_two_codes(scene: Scene) -> None:
    """A free code was given for it too."""
    await scene.lift("voucher", "voucher_granted_once")
    await scene.execute(
        "UPDATE voucher SET grant_id = $1 WHERE code ="
        " (SELECT max(code) FROM voucher WHERE grant_id IS NULL)",
        await scene.grant_of("voucher"),
    )


@trips(outcomes.vouchers_are_given_once)
async def a_voucher_has_no_code(scene: Scene) -> None:
    """Though there are free ones."""
    await scene.execute(
        "UPDATE voucher SET grant_id = NULL WHERE grant_id = $1", await scene.grant_of("voucher")
    )


@trips(outcomes.vouchers_are_given_once)
async def a_code_was_given_for_points(scene: Scene) -> None:
    """The prize was no voucher."""
    await scene.execute(
        "UPDATE voucher SET grant_id = $1 WHERE code ="
        " (SELECT max(code) FROM voucher WHERE grant_id IS NULL)",
        await scene.grant_of("points"),
    )


@trips(counts.chances_add_up)
async def a_chance_came_back(scene: Scene) -> None:
    """It was used, and is there again."""
    await scene.execute(
        "UPDATE chance_lot SET units_left = units_left + 1 WHERE lot_id IN (SELECT lot_id FROM chance_use)"
    )


@trips(counts.chances_add_up)
async def a_play_was_free_for_nothing(scene: Scene) -> None:
    """It used no chances."""
    await scene.execute("DELETE FROM chance_use")


@trips(counts.chances_won_are_lots)
async def won_chances_were_lost(scene: Scene) -> None:
    """The winner has none."""
    await scene.execute("DELETE FROM chance_lot WHERE source LIKE 'draw:%'")


@trips(counts.chances_won_are_lots)
async def won_chances_were_doubled(scene: Scene) -> None:
    """The winner has more than that."""
    await scene.execute(
        "UPDATE chance_lot SET granted = 2 * granted, units_left = units_left + granted"
        " WHERE source LIKE 'draw:%'"
    )


@trips(counts.reservations_are_the_plays)
async def a_pool_has_a_draw_reserved_for_nobody(scene: Scene) -> None:
    """A play that was released gave nothing back."""
    await scene.execute("UPDATE pool SET draws_reserved = draws_reserved + 1 WHERE pool_id = 'wheel'")


@trips(counts.reservations_are_the_plays)
async def a_player_has_played_more_than_counts(scene: Scene) -> None:
    """The limit lets one more through."""
    await scene.execute(
        "UPDATE participation SET draws_total = draws_total - 1 WHERE player_id ="
        " (SELECT player_id FROM player WHERE subject = 'ann')"
    )


@trips(counts.reservations_are_the_plays)
async def a_seat_has_a_draw_reserved_for_nobody(scene: Scene) -> None:
    """It would never be used up."""
    await scene.execute(
        "UPDATE seat SET draws_reserved = draws_reserved + 1 WHERE pool_id = 'cards' AND draws_taken > 0"
    )


@trips(counts.draws_taken_are_those_made)
async def a_seat_forgot_a_draw(scene: Scene) -> None:
    """The next one would have its number."""
    await scene.execute(
        "UPDATE seat SET draws_taken = draws_taken - 1 WHERE pool_id = 'cards' AND draws_taken > 0"
    )


@trips(counts.draws_taken_are_those_made)
async def a_standing_counts_too_much(scene: Scene) -> None:
    """The guarantee would come too early."""
    await scene.execute("UPDATE standing SET draws = draws + 1 WHERE lineage_id = 'cards' AND draws > 0")


@trips(flight.no_play_is_in_flight)
async def a_play_was_left_unpaid(scene: Scene) -> None:
    """Nobody asks the ledger."""
    await scene.play("state = 'resolving'", scene.waiting)


@trips(flight.no_play_is_in_flight)
async def a_paid_play_was_left(scene: Scene) -> None:
    """Its round is in the log, and nobody draws it."""
    await scene.execute(
        "UPDATE beacon_round SET entry_index = 0, signature = decode(repeat('00', 48), 'hex')"
    )


@trips(flight.no_operation_is_due)
async def a_credit_was_left(scene: Scene) -> None:
    """The points may or may not have arrived: nobody asks."""
    await scene.operation("state = 'due', ledger_seq = NULL", scene.last_credit)


@trips(flight.no_play_is_in_review)
async def a_play_needs_a_person(scene: Scene) -> None:
    """Something contradicts itself."""
    await scene.play("state = 'review'", scene.waiting)


@trips(flight.no_break_is_open)
async def a_break_is_open(scene: Scene) -> None:
    """Reconciliation has found something."""
    await scene.execute(
        "INSERT INTO ledger_break (kind, operation_id, campaign_id, points, says, found_ms)"
        " VALUES ('ours_only', 'x', $1, 1, 'gone', 1)",
        scene.campaign_id,
    )
