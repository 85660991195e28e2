"""Whether a play is accepted, and what that reserves."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from game.campaigns.rules import Participation, PoolState
from game.errors import Refusal
from game.plays.rules import (
    Accepted,
    Asked,
    Lot,
    Seat,
    Seated,
    SeatWanted,
    Standpoint,
    accept,
    give_back,
    mismatch,
    reserve,
    same_request,
)
from tests.plays.book import BEACON, CAMPAIGN, CLOSES_MS, OPENS_MS, PLAYERS, TTL_MS, table, terms_of

ANN = PLAYERS[0]
NOW_MS = OPENS_MS + 1_000
ROWS = [{"id": "mug", "weight": 1, "stock": 5, "else": "nothing"}, {"id": "nothing", "weight": 9}]
SEEDED = terms_of(table("main", ROWS, seat_draws=12))
WITH_BEACON = terms_of(table("main", ROWS, seat_draws=12, beacon=BEACON))
SEALED = terms_of(table("main", ROWS, seat_draws=1, beacon=BEACON))
TODAY = date(2026, 9, 21)  # at NOW_MS in Shanghai
SEAT = Seat(
    campaign_id=CAMPAIGN,
    seat_id=bytes(16),
    pool_id="main",
    player_id=ANN,
    state="live",
    anchor=bytes(32),
    seed=bytes(16),
    entry_index=1,
    leaf_hash=bytes(32),
    round=None,
    seat_draws=12,
    draws_reserved=2,
    draws_taken=1,
)
ASKED = Asked(
    terms=SEEDED,
    play_id=UUID(int=77),
    player_id=ANN,
    account="player:acme.ann",
    idempotency_key="key-1",
    draws=3,
    paid_with="points",
)
STANDPOINT = Standpoint(
    pool=PoolState(campaign_state="live", state="live", accepting=True, draws_reserved=40, draws_cap=None),
    taken=Participation(draws_total=9, day=TODAY, draws_today=4),
    seat=SEAT,
    lots=(),
)


def asked(**changes: Any) -> Asked:
    """What Ann asks for: three draws for points."""
    return msgspec.structs.replace(ASKED, **changes)


def standpoint(**changes: Any) -> Standpoint:
    """What a play is judged against: an open pool, Ann's seat with ten draws left, no chances."""
    return msgspec.structs.replace(STANDPOINT, **changes)


def seat(**changes: Any) -> Seat:
    """Ann's seat."""
    return msgspec.structs.replace(SEAT, **changes)


def accepted(
    play: Asked = ASKED, at: Standpoint = STANDPOINT, *, now_ms: int = NOW_MS, ledger_available: bool = True
) -> Accepted:
    """The play, which is accepted."""
    return accept(play, at, now_ms=now_ms, operation_ttl_ms=TTL_MS, ledger_available=ledger_available)


def refused(
    play: Asked = ASKED, at: Standpoint = STANDPOINT, *, now_ms: int = NOW_MS, ledger_available: bool = True
) -> tuple[int, str, dict[str, Any]]:
    """Status, code and numbers of the refusal."""
    with pytest.raises(Refusal) as caught:
        accepted(play, at, now_ms=now_ms, ledger_available=ledger_available)
    return caught.value.status, caught.value.code, caught.value.numbers


def lot(number: int, units: int, expires_ms: int = CLOSES_MS) -> Lot:
    """Chances of Ann's."""
    return Lot(
        campaign_id=CAMPAIGN, lot_id=UUID(int=number), player_id=ANN, units_left=units, expires_ms=expires_ms
    )


def test_a_play_for_points_waits_for_its_debit() -> None:
    """It costs its price for every draw, and names the seat that its draws come from."""
    play = accepted().play
    assert (play.state, play.price_points, play.draws, play.drawn) == ("funding", 30, 3, 0)
    assert (play.seat_id, play.day, play.accepted_ms) == (SEAT.seat_id, TODAY, NOW_MS)
    assert play.apply_before_ms == NOW_MS + TTL_MS
    assert (play.finished_ms, play.balance_points, play.refusal, play.log_size) == (None, None, None, None)


def test_a_play_reserves_what_it_will_take() -> None:
    """Draws of the pool, of the limits and of the seat are spoken for at once."""
    after = accepted().after
    assert after.pool.draws_reserved == 43
    assert after.taken == Participation(draws_total=12, day=TODAY, draws_today=7)
    assert after.seat == seat(draws_reserved=5)


def test_a_new_day_starts_its_own_count() -> None:
    """Yesterday's draws count in all, and not against today's limit."""
    taken = Participation(draws_total=9, day=TODAY - timedelta(days=1), draws_today=4)
    assert accepted(at=standpoint(taken=taken)).after.taken == Participation(
        draws_total=12, day=TODAY, draws_today=3
    )


def test_the_day_is_the_campaigns_own() -> None:
    """It starts at midnight in the campaign's time zone, eight hours before UTC's."""
    after_midnight_ms = NOW_MS + 2 * 3_600_000
    assert accepted(now_ms=after_midnight_ms).play.day == TODAY + timedelta(days=1)


def test_no_day_comes_back() -> None:
    """A process whose clock is behind counts into the day that has begun for another one."""
    tomorrow = TODAY + timedelta(days=1)
    made = accepted(at=standpoint(taken=Participation(draws_total=9, day=tomorrow, draws_today=4)))
    assert (made.play.day, made.after.taken.draws_today) == (tomorrow, 7)


def test_a_free_pool_needs_no_debit() -> None:
    """A price of 0 is paid at once, ledger or not."""
    free = terms_of(table("main", ROWS, seat_draws=12, price=0))
    play = accepted(asked(terms=free), ledger_available=False).play
    assert (play.state, play.price_points) == ("paid", 0)


def test_nothing_is_charged_at_the_close_or_later() -> None:
    """A debit can be applied until the close at most, however long it may take otherwise."""
    now_ms = CLOSES_MS - 10
    assert accepted(now_ms=now_ms).play.apply_before_ms == CLOSES_MS


def test_a_ledger_that_is_away_refuses_what_costs_points() -> None:
    """Asked before anything is stored; a chance is played all the same."""
    assert refused(ledger_available=False)[:2] == (503, "ledger_unavailable")
    with_chance = asked(paid_with="chance", draws=1)
    at = standpoint(lots=(lot(1, 1),))
    assert accepted(with_chance, at, ledger_available=False).play.state == "paid"


def test_the_campaigns_rules_come_first() -> None:
    """What the campaign refuses is refused with its own reason, whatever else is wrong."""
    limited = asked(terms=msgspec.structs.replace(SEEDED, limit_per_day=6))
    at = standpoint(seat=None)
    assert refused(limited, at, ledger_available=False) == (
        409,
        "limit_per_day",
        {"limit": 6, "used": 4, "asked": 3},
    )


def test_chances_are_used_oldest_expiry_first() -> None:
    """The lots come in the order of their expiry; each is emptied before the next is touched."""
    at = standpoint(lots=(lot(1, 2, NOW_MS + 1), lot(2, 5, NOW_MS + 2), lot(3, 1, NOW_MS + 3)))
    made = accepted(asked(paid_with="chance"), at)
    assert made.uses == ((UUID(int=1), 2), (UUID(int=2), 1))
    assert [left.units_left for left in made.after.lots] == [0, 4, 1]
    assert (made.play.state, made.play.price_points) == ("paid", 0)


def test_an_empty_lot_is_passed_over() -> None:
    """A lot that another play of the same batch has emptied gives nothing and is not written down."""
    at = standpoint(lots=(lot(1, 0), lot(2, 3)))
    assert accepted(asked(paid_with="chance"), at).uses == ((UUID(int=2), 3),)


def test_too_few_chances_tell_how_many_there_are() -> None:
    """What is missing is not made up for with points."""
    at = standpoint(lots=(lot(1, 1), lot(2, 1)))
    assert refused(asked(paid_with="chance"), at) == (409, "too_few_chances", {"have": 2, "need": 3})


@pytest.mark.parametrize("sitting", [None, seat(state="offered", seed=None, entry_index=None)])
def test_without_a_beacon_the_player_takes_a_seat_first(sitting: Seat | None) -> None:
    """An anchor that is only offered is no seat yet."""
    assert refused(at=standpoint(seat=sitting)) == (409, "seat_required", {})


def test_with_a_beacon_the_service_opens_the_seat() -> None:
    """The refusal is of a kind of its own, which the service answers by opening one."""
    with pytest.raises(SeatWanted):
        accepted(asked(terms=WITH_BEACON), standpoint(seat=None))


def test_a_seat_gives_what_it_has_left() -> None:
    """As many draws as are not spoken for, and not one more."""
    assert accepted(at=standpoint(seat=seat(draws_reserved=9))).after.seat == seat(draws_reserved=12)
    assert refused(at=standpoint(seat=seat(draws_reserved=10))) == (
        409,
        "seat_draws_left",
        {"left": 2, "asked": 3},
    )


def test_a_sealed_draw_needs_no_seat_yet() -> None:
    """Its seat is logged once it is paid; a seat that is live meanwhile is left alone."""
    sealed_seat = seat(seat_draws=1, draws_reserved=1, draws_taken=0)
    made = accepted(asked(terms=SEALED, draws=1), standpoint(seat=sealed_seat))
    assert (made.play.seat_id, made.after.seat) == (None, sealed_seat)
    assert made.after.pool.draws_reserved == 41


def test_sealed_draws_are_made_one_at_a_time() -> None:
    """A play of several cannot be sealed."""
    assert refused(asked(terms=SEALED, draws=2)) == (422, "sealed_one_draw", {"asked": 2, "most": 1})


def test_a_sealed_draw_leaves_time_for_its_seat() -> None:
    """So close to the close that the paid draw might find no seat any more, none is sold."""
    margin_ms = 2 * TTL_MS
    sealed_play = asked(terms=SEALED, draws=1)
    assert accepted(sealed_play, now_ms=CLOSES_MS - margin_ms - 1).play.state == "funding"
    assert refused(sealed_play, now_ms=CLOSES_MS - margin_ms) == (
        409,
        "closes_too_soon",
        {"closes_ms": CLOSES_MS, "margin_ms": margin_ms},
    )


def test_the_plays_of_a_batch_see_each_other() -> None:
    """What one play takes is gone for the next: seat, limits, pool and chances."""
    at = standpoint(
        pool=msgspec.structs.replace(STANDPOINT.pool, draws_cap=48),
        lots=(lot(1, 4), lot(2, 2)),
    )
    first = accepted(asked(paid_with="chance"), at)
    second = accepted(asked(paid_with="chance"), first.after)
    assert second.uses == ((UUID(int=1), 1), (UUID(int=2), 2))
    assert second.after.seat == seat(draws_reserved=8)
    assert second.after.taken.draws_today == 10
    assert refused(asked(), second.after) == (409, "sold_out", {"left": 2, "asked": 3})


def test_the_same_request_is_told_by_pool_draws_and_payment() -> None:
    """A retry may come as a new play id; another pool, number or payment is another request."""
    play = accepted().play
    assert same_request(play, asked(play_id=UUID(int=78), account="player:acme.ann2"))
    other_pool = terms_of(table("other", ROWS))
    for other in (asked(draws=2), asked(paid_with="chance"), asked(terms=other_pool)):
        assert not same_request(play, other)
    assert (mismatch().status, mismatch().code) == (422, "idempotency_mismatch")


def test_what_was_never_charged_is_given_back() -> None:
    """Pool and limits are as they were before the play."""
    made = accepted()
    assert reserve(made.after.pool, -3) == STANDPOINT.pool
    assert give_back(made.after.taken, made.play) == STANDPOINT.taken


def test_yesterdays_play_gives_nothing_back_to_today() -> None:
    """A play that ends after midnight lowers the total and leaves today's count alone."""
    taken = Participation(draws_total=12, day=TODAY + timedelta(days=1), draws_today=2)
    assert give_back(taken, accepted().play) == Participation(
        draws_total=9, day=TODAY + timedelta(days=1), draws_today=2
    )


def test_a_play_is_finished_when_only_a_person_could_change_it() -> None:
    """No sweeper takes up a play in one of the four last states."""
    states: dict[Any, bool] = dict.fromkeys(("funding", "paid", "resolving"), False)
    states |= dict.fromkeys(("settled", "rejected", "cancelled", "review"), True)
    play = accepted().play
    assert {state: msgspec.structs.replace(play, state=state).is_finished for state in states} == states


def test_ids_and_newcomers() -> None:
    """The id on the wire names the campaign; who was never seated starts with as many zeros as rows."""
    assert accepted().play.wire_id == f"{CAMPAIGN}-{UUID(int=77).hex}"
    newcomer = Seated.newcomer("main", ANN, tag=bytes(16), rows=2)
    assert newcomer.standing.paid == newcomer.standing.last == (0, 0)
    assert SEAT.draws_left == 10
