"""Anchor, seat, play, uncover: what players are told, and what they can check of it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from game.fair.entries import SeatEntry, decode, leaf_hash
from game.fair.note import open_note
from game.fair.receipt import Evidence, verify_draw, verify_receipt
from tests.support.pools import cards, pool, row, wheel
from tests.support.stage import DAY_MS, SEED, Guest, Stage
from tests.support.tokens import Issuer

Guests = Callable[[str, str], Guest]


async def played(guest: Guest, pool_id: str, key: str, count: int = 1, pay_with: str = "points") -> Any:
    """A play that is settled at once."""
    answer = await guest.play(pool_id, key, count, pay_with)
    assert (answer.status_code, answer.json().get("state")) == (201, "settled"), answer.text
    return answer.json()


@pytest.mark.asyncio
async def test_an_anchor_is_promised_before_the_seed_is_chosen(stage: Stage, guest: Guests) -> None:
    """The offer is signed, asking again offers the same, and the seat that follows has this anchor."""
    campaign_id = await stage.launch(wheel())
    ann = guest(campaign_id, "ann")
    first = (await ann.anchor("wheel")).json()
    assert (await ann.anchor("wheel")).json() == first
    verifier = await stage.verifier(campaign_id)
    lines = open_note(first["offer"].encode(), verifier).decode().splitlines()
    assert lines == [f"{verifier.name}/anchors", *(first[k] for k in ("pool_hash", "seat", "tag", "anchor"))]
    opened = (await ann.seat("wheel")).json()
    entry = verify_receipt(opened["receipt"], opened["entry"].encode(), verifier).entry
    assert isinstance(entry, SeatEntry)
    assert (entry.id, entry.tag, entry.anchor) == (first["seat"], first["tag"], first["anchor"])
    assert (entry.seed, entry.pool_hash) == (SEED, first["pool_hash"])
    assert not first["logged"]


@pytest.mark.asyncio
async def test_players_who_look_at_once_see_their_own(stage: Stage, guest: Guests) -> None:
    """Each their own seat, and what they have taken."""
    campaign_id = await stage.launch(wheel(), limits={"total": 9})
    guests = [guest(campaign_id, name) for name in ("ann", "bob", "cat")]
    for count, each in enumerate(guests):
        stage.fund(each.subject, 100)
        if count:
            await each.sit("wheel")
            await played(each, "wheel", "key", count)
    pages = await asyncio.gather(*(each.send("GET", f"/campaigns/{campaign_id}") for each in guests))
    own = [page.json()["you"] for page in pages]
    assert [you["total"]["used"] for you in own] == [0, 1, 2]
    seats = [you["pools"][0]["seat"] for you in own]
    assert [seat and seat["draws_left"] for seat in seats] == [None, 23, 22]
    assert seats[1]["seat_id"] != seats[2]["seat_id"]


@pytest.mark.asyncio
async def test_a_seat_that_is_asked_for_again_is_the_same(stage: Stage, guest: Guests) -> None:
    """The same seed gives the same entry; a client that lost the answer loses nothing."""
    ann = guest(await stage.launch(wheel()), "ann")
    await ann.anchor("wheel")
    first, second = [(await ann.seat("wheel")).json() for _ in range(2)]
    assert (first["seat"], first["entry"]) == (second["seat"], second["entry"])


@pytest.mark.asyncio
async def test_a_wheel_play_is_told_and_proven(stage: Stage, guest: Guests) -> None:
    """Every draw's receipt holds, its chain leads to the anchor, and its row is where X leads."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 500)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    play = await played(ann, "wheel", "key", 10)
    assert (play["price_points"], play["balance_points"], play["count"]) == (100, 400, 10)
    verifier = await stage.verifier(campaign_id)
    pool_entry = await stage.evidence(campaign_id, play["pool_entry_index"])
    seat = await stage.evidence(campaign_id, play["seat"]["entry_index"])
    for nth, draw in enumerate(play["draws"], start=1):
        own = Evidence(draw["entry"].encode(), draw["receipt"])
        proven = verify_draw(pool=pool_entry, seat=seat, beacon=None, draw=own, verifier=verifier)
        assert (draw["ticket"], draw["n"], proven.row) == (nth, nth, draw["outcome"]["row"])
        assert draw["leaf_hash"] == leaf_hash(own.entry).hex()
        assert draw["face"].keys() == {"segment", "segments", "angle_millidegrees"}
        assert draw["entry_index"] == json.loads(draw["entry"])["i"]


@pytest.mark.asyncio
async def test_retry_and_lookup_give_the_same_bytes(stage: Stage, guest: Guests) -> None:
    """Receipts included, and however much the log has grown since."""
    ann = guest(await stage.launch(wheel()), "ann")
    stage.fund("ann", 500)
    await ann.sit("wheel")
    first = await ann.play("wheel", "key", 3)
    await played(ann, "wheel", "later", 5)
    again = await ann.play("wheel", "key", 3)
    read = await ann.read(first.json()["id"])
    assert first.content == again.content == read.content
    assert (first.status_code, again.status_code, read.status_code) == (201, 201, 200)
    assert stage.balance("ann") >= 500 - 80


@pytest.mark.asyncio
async def test_a_retry_is_answered_whatever_has_happened_since(stage: Stage, guest: Guests) -> None:
    """Limits, pauses, the end and the close refuse new plays, not the answer to an old one."""
    ann = guest(await stage.launch(wheel(draws_cap=3), limits={"total": 3}), "ann")
    stage.fund("ann", 30)
    await ann.sit("wheel")
    first = await ann.play("wheel", "key", 3)
    stage.ledger.reachable = False
    for happens in (stage.turn("pause", ann.campaign_id), stage.turn("end", ann.campaign_id)):
        await happens
        assert (await ann.play("wheel", "key", 3)).content == first.content
    stage.clock.advance(10 * DAY_MS)
    assert (await ann.play("wheel", "key", 3)).content == first.content


@pytest.mark.asyncio
async def test_ten_draws_are_one_debit(stage: Stage, guest: Guests) -> None:
    """Ten draws in one request are one play, one operation and ten consecutive numbers."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    play = await played(ann, "wheel", "key", 10)
    assert [draw["n"] for draw in play["draws"]] == list(range(1, 11))
    debits = [body for id_, body in stage.ledger.received if id_ == f"play:{play['id']}"]
    assert len(debits) == 1
    assert stage.ledger.balances[f"house:{campaign_id}"] == 100


@pytest.mark.asyncio
async def test_a_scratch_card_stays_covered_until_it_is_uncovered(stage: Stage, guest: Guests) -> None:
    """The covered card commits to its outcome and hides it; what is uncovered is that and stays so."""
    campaign_id = await stage.launch(cards())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("cards")
    covered = await played(ann, "cards", "key", 3)
    hidden = [(draw["outcome"], draw["face"], draw["entry"]) for draw in covered["draws"]]
    assert hidden == [(None, None, None)] * 3
    once = (await ann.scratch(covered["id"], 2)).json()
    assert [draw["entry"] is None for draw in once["draws"]] == [True, False, True]
    times = "SELECT uncovered_ms FROM draw ORDER BY nth"
    uncovered_ms = stage.clock()
    stage.clock.advance(1_000)
    await ann.scratch(covered["id"], 1, 2, 3)
    assert (await stage.resources.pool.fetch(times))[1]["uncovered_ms"] == uncovered_ms
    stage.clock.advance(1_000)
    answers = [await ann.scratch(covered["id"], 3, 1), await ann.read(covered["id"])]
    assert answers[0].content == answers[1].content
    uncovered = answers[0].json()
    verifier = await stage.verifier(campaign_id)
    for before, after in zip(covered["draws"], uncovered["draws"], strict=True):
        assert leaf_hash(after["entry"].encode()).hex() == before["leaf_hash"]
        assert before["receipt"] == after["receipt"]
        verify_receipt(before["receipt"], after["entry"].encode(), verifier)
        assert json.loads(after["entry"])["row"] == after["outcome"]["row"]
        assert len(after["face"]["symbols"]) == 9


@pytest.mark.asyncio
async def test_chances_pay_for_draws_oldest_expiry_first(stage: Stage, guest: Guests) -> None:
    """No point is taken; the lot that expires first is emptied first, and one that has expired is gone."""
    campaign_id = await stage.launch(wheel())
    for count, lasts_ms in ((1, 1_000), (2, 90_000), (4, 60_000)):
        await stage.grant(campaign_id, "ann", count, lasts_ms=lasts_ms)
    stage.clock.advance(1_000)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    play = await played(ann, "wheel", "key", 5, "chance")
    assert (play["price_points"], play["balance_points"]) == (0, None)
    assert stage.ledger.balances[f"house:{campaign_id}"] == 0
    left = await stage.resources.pool.fetch(
        "SELECT units_left FROM chance_lot WHERE source LIKE 'manager:%' ORDER BY expires_ms"
    )
    assert [lot["units_left"] for lot in left] == [1, 0, 1]
    again = await ann.play("wheel", "key", 5, "chance")
    assert again.json() == play


@pytest.mark.asyncio
async def test_a_free_pool_asks_nothing_of_the_ledger(stage: Stage, guest: Guests) -> None:
    """Without a price a play is settled even while the ledger is away."""
    ann = guest(await stage.launch(pool("free", row("thanks", weight=1), price_points=0)), "ann")
    await ann.sit("free")
    stage.ledger.reachable = False
    play = await played(ann, "free", "key", 2)
    assert (play["price_points"], stage.ledger.received) == (0, [])


@pytest.mark.asyncio
async def test_a_used_seat_is_followed_by_the_next(stage: Stage, guest: Guests) -> None:
    """Once its draws are made there is a new anchor; numbers begin again, the pseudonym stays."""
    ann = guest(await stage.launch(wheel(seat_draws=2)), "ann")
    stage.fund("ann", 100)
    seats, numbers = [], []
    for key in ("one", "two"):
        await ann.sit("wheel")
        play = await played(ann, "wheel", key, 2)
        seats.append(play["seat"])
        numbers.append([draw["n"] for draw in play["draws"]])
    assert numbers == [[1, 2], [1, 2]]
    assert seats[0]["tag"] == seats[1]["tag"]
    assert seats[0]["id"] != seats[1]["id"]


@pytest.mark.asyncio
async def test_the_history_is_paged_newest_first(stage: Stage, guest: Guests) -> None:
    """The cursor leads from page to page to the end; other players' plays are not in it."""
    campaign_id = await stage.launch(wheel())
    for subject in ("ann", "bob"):
        stage.fund(subject, 100)
        await guest(campaign_id, subject).sit("wheel")
    ann = guest(campaign_id, "ann")
    made = []
    for number in range(5):
        stage.clock.advance(1)
        made.append((await played(ann, "wheel", f"key-{number}"))["id"])
        await played(guest(campaign_id, "bob"), "wheel", f"key-{number}")
    pages, cursor = [], ""
    while True:
        page = (await ann.send("GET", f"/campaigns/{campaign_id}/me/plays?limit=2{cursor}")).json()
        pages.append([play["id"] for play in page["plays"]])
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"
    assert pages == [made[:-3:-1], made[2:0:-1], made[:1]]


@pytest.mark.asyncio
async def test_a_history_that_has_not_changed_is_not_sent(stage: Stage, guest: Guests) -> None:
    """An app may ask as often as it likes; it hears of the next play."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    await played(ann, "wheel", "one")
    path = f"/campaigns/{campaign_id}/me/plays"
    tag = (await ann.send("GET", path)).headers["etag"]
    same = await ann.send("GET", path, **{"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    await played(ann, "wheel", "two")
    assert (await ann.send("GET", path, **{"If-None-Match": tag})).status_code == 200


@pytest.mark.asyncio
async def test_a_play_is_its_players_own(
    stage: Stage, guest: Guests, app_client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """To anybody else it is not there: not to read, not to uncover, not in another brand's name."""
    campaign_id = await stage.launch(cards())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("cards")
    play_id = (await played(ann, "cards", "key"))["id"]
    for stranger in (guest(campaign_id, "bob"), Guest(app_client, other_issuer, campaign_id, "ann")):
        for answer in (await stranger.read(play_id), await stranger.scratch(play_id, 1)):
            assert (answer.status_code, answer.json()["code"]) == (404, "play_not_found")
    for play_id in ("nonsense", f"{campaign_id}-{'0' * 32}", f"{'x' * 12}-{'0' * 32}"):
        assert (await ann.read(play_id)).json()["code"] == "play_not_found"


@pytest.mark.asyncio
async def test_another_brands_pool_is_not_there(
    stage: Stage, app_client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """No anchor, no seat, no play with another brand's token; the answer is that of a pool that is not."""
    campaign_id = await stage.launch(wheel())
    stranger = Guest(app_client, other_issuer, campaign_id, "ann")
    before = await stage.counts()
    answers = [
        await stranger.anchor("wheel"),
        await stranger.seat("wheel"),
        await stranger.play("wheel", "k"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "pool_not_found")}
    assert await stage.counts() == before


@pytest.mark.asyncio
async def test_the_log_says_what_was_told(stage: Stage, guest: Guests) -> None:
    """The entries that a player was given are the log's, byte for byte."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    for draw in (await played(ann, "wheel", "key", 3))["draws"]:
        logged = await stage.evidence(campaign_id, draw["entry_index"])
        assert logged.entry.decode() == draw["entry"]
        assert decode(logged.entry).i == draw["entry_index"]
