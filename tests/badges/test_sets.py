"""Sets of badges over HTTP: how they are defined, what players make of them, and what they are told."""

import asyncio
from typing import Any

import pytest

from tests.badges.album import BADGE, BADGES, Album, badge_set, wheel
from tests.campaigns.office import Office

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"guarantee_draws": None}, "no_guaranteed_path"),
        ({"guarantee_draws": 7}, "no_guaranteed_path"),
        ({"badges": ["ox", "ox"]}, "rule_broken"),
        ({"badges": ["ox", "pig"]}, "rule_broken"),
        ({"prize": badge_set()["prize"] | {"kind": "voucher"}}, "rule_broken"),
        ({"prize": badge_set()["prize"] | {"kind": "goods"}}, "rule_broken"),
        ({"redeem_until": "2026-01-01T00:00:00Z"}, "rule_broken"),
    ],
)
async def test_set_that_breaks_a_rule_is_refused(office: Office, changes: dict[str, Any], code: str) -> None:
    """Seven draws for each of three badges are more than the 20 that a player may take."""
    album = await Album.drafted(office)
    answer = await office.send("PUT", f"/{album.campaign_id}/sets/spring", badge_set(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_badge_is_in_one_set(office: Office) -> None:
    """Else nobody could say which badges are spare; a set that is removed frees its badges and its points."""
    album = await Album.drafted(office)
    await album.write("sets/spring", badge_set())
    refused = await office.send("PUT", f"/{album.campaign_id}/sets/autumn", badge_set())
    assert (refused.status_code, refused.json()["rule"]) == (422, "in no other set")
    removed = await office.send("DELETE", f"/{album.campaign_id}/sets/spring")
    assert removed.status_code == 204
    await album.write("sets/autumn", badge_set())
    promised = await office.resources.pool.fetchval("SELECT sum(points) FROM promise")
    assert promised == 500 + 10 * 50 + 5


async def test_launch_demands_what_the_set_can_pay(office: Office) -> None:
    """One point less than prizes, alternatives and conversions together is too little."""
    album = await Album.drafted(office)
    await album.write("sets/spring", badge_set())
    await office.post(f"/{album.campaign_id}/pools", wheel())
    office.ledger.fund(f"campaign:{album.campaign_id}:budget", 1_004)
    refused = await office.send("POST", f"/{album.campaign_id}/launch")
    assert refused.json()["code"] == "underfunded"


async def test_set_is_frozen_by_the_launch(album: Album) -> None:
    """What was published stays as it was."""
    for path, body in (("sets/spring", badge_set()), ("badges/ox", BADGE)):
        answer = await album.office.send("PUT", f"/{album.campaign_id}/{path}", body)
        assert answer.json()["code"] == "campaign_state"
    removed = await album.office.send("DELETE", f"/{album.campaign_id}/sets/spring")
    assert removed.json()["code"] == "campaign_state"


async def test_player_sees_set_and_exact_odds(album: Album) -> None:
    """The row that has run out counts for the one that it pays; no luck brings the rat."""
    await album.give("ann", "ox", "ox", "rat")
    mine = await album.mine("ann")
    assert (mine["held"], mine["missing"], mine["spare"]) == (
        {"ox": 2, "rat": 1, "tiger": 0},
        ["tiger"],
        {"ox": 1},
    )
    assert mine["draws_at_most"] == 4
    assert {kind: reason["code"] for kind, reason in mine["refused"].items()} == {
        "exchange": "wrong_price",
        "claim": "no_claim_yet",
        "redeem": "set_incomplete",
        "gift": "not_offered",
    }
    (odds,) = mine["odds"]
    one, ten, _ = odds["within"]
    assert odds["expected_draws"]["fraction"] == "6/1"
    assert one["alone"] == {"fraction": "1/6", "decimal": "0.166666666667"}
    assert ten["alone"]["fraction"] == "50700551/60466176"
    assert one["exchanged"]["fraction"] == "1/2"


async def test_reasons_have_their_numbers(album: Album) -> None:
    """So an app says how much is lacking without asking for what is refused."""
    await album.give("ann", "ox")
    refused = (await album.mine("ann"))["refused"]
    assert refused["claim"]["numbers"] == {"guarantee_draws": 4, "draws": 0, "claims": 0}
    assert refused["redeem"]["numbers"] == {"missing": ["rat", "tiger"]}
    assert refused["exchange"]["numbers"] == {"price": 2, "offered": 0}


async def test_the_next_reward(album: Album) -> None:
    """The prize while there is one, then the alternative, in the end nothing."""
    ask = "UPDATE badge_set SET prize_left = $1, alternative_left = $2"
    for left, reward in (((1, 1), 500), ((0, 1), 50), ((0, 0), None)):
        await album.office.resources.pool.execute(ask, *left)
        found = (await album.mine("ann"))["next_reward"]
        assert (found and found["amount"]) == reward


async def test_what_has_not_changed_is_not_sent(album: Album) -> None:
    """An app may ask as often as it likes."""
    path = f"/v1/campaigns/{album.campaign_id}/me/badges"
    headers = album.office.issuer.headers("ann")
    tag = (await album.office.client.get(path, headers=headers)).headers["etag"]
    same = await album.office.client.get(path, headers=headers | {"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    await album.give("ann", "ox")
    other = await album.office.client.get(path, headers=headers | {"If-None-Match": tag})
    assert other.status_code == 200


async def test_manager_sees_odds_of_a_newcomer(album: Album) -> None:
    """Luck alone cannot complete a set whose badge has run out."""
    answer = await album.office.send("GET", f"/{album.campaign_id}/sets")
    (odds,) = answer.json()["sets"][0]["odds"]
    assert odds["expected_draws"] is None
    assert odds["within"][2]["alone"]["fraction"] == "0/1"


async def test_exchange_happens_once_for_each_key(album: Album) -> None:
    """Asked again it answers the same; another question under the key is refused; one badge stays."""
    await album.give("ann", "ox", "ox", "ox")
    first = await album.trade("ann", "k", kind="exchange", wanted="tiger", spend=["ox", "ox"])
    again = await album.trade("ann", "k", kind="exchange", wanted="tiger", spend=["ox", "ox"])
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    other = await album.trade("ann", "k", kind="exchange", wanted="rat", spend=["ox", "ox"])
    assert other.json()["code"] == "idempotency_mismatch"
    assert (await album.mine("ann"))["held"] == {"ox": 1, "rat": 0, "tiger": 1}


async def test_spare_badges_are_spent_once(album: Album) -> None:
    """Of exchanges and conversions of the same badges at once one alone happens."""
    await album.give("ann", "ox", "ox", "ox")
    answers = await asyncio.gather(
        *(
            album.trade("ann", f"k{wanted}", kind="exchange", wanted=wanted, spend=["ox", "ox"])
            for wanted in ("rat", "tiger")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sum((await album.mine("ann"))["held"].values()) == 2


async def test_two_race_for_the_last_unit(album: Album) -> None:
    """One gets the prize, the other the published alternative; the same key again pays nobody again."""
    for subject in ("ann", "bob"):
        await album.give(subject, *BADGES)
    for _ in range(2):
        answers = await asyncio.gather(*(album.trade(who, "k", kind="redeem") for who in ("ann", "bob")))
        assert sorted(answer.json()["amount"] for answer in answers) == [50, 500]
    assert sorted(map(album.balance, ("ann", "bob"))) == [50, 500]
    left = (await album.mine("ann"))["left"]
    assert (left["prize"], left["alternative"]) == (0, 9)


async def test_what_is_sold_out_costs_no_badge(album: Album) -> None:
    """The second conversion is refused, and the badge stays."""
    await album.give("ann", "ox", "ox", "ox")
    assert (await album.trade("ann", "k1", kind="convert", badge="ox")).json()["amount"] == 5
    refused = await album.trade("ann", "k2", kind="convert", badge="ox")
    assert refused.json()["code"] == "set_sold_out"
    assert (await album.mine("ann"))["held"]["ox"] == 2


async def test_missing_badge_is_claimed_after_enough_draws(album: Album) -> None:
    """Every fourth draw earns one, however the draws fell."""
    await album.settle_draws("ann", 7)
    assert (await album.trade("ann", "k1", kind="claim", wanted="rat")).status_code == 200
    refused = await album.trade("ann", "k2", kind="claim", wanted="ox")
    assert refused.json()["code"] == "no_claim_yet"
    mine = await album.mine("ann")
    assert (mine["held"]["rat"], mine["draws_at_most"]) == (1, 5)


@pytest.mark.parametrize(
    ("prize", "kind"),
    [({"kind": "voucher", "voucher_batch": "tea"}, "voucher"), ({"kind": "goods"}, "goods")],
)
async def test_prize_may_be_a_voucher_or_goods(office: Office, prize: dict[str, Any], kind: str) -> None:
    """Redeemed, it stands among the player's prizes."""
    album = await Album.opened(office, prize=badge_set()["prize"] | {"amount": 1} | prize)
    await album.give("ann", *BADGES)
    done = (await album.trade("ann", "k", kind="redeem")).json()
    answer = await office.client.get(f"/v1/prizes/{done['id']}", headers=office.issuer.headers("ann"))
    assert (answer.json()["kind"], answer.json()["state"]) == (kind, "granted")


async def test_time_ends_for_badges(album: Album) -> None:
    """After the published moment nothing is redeemed."""
    await album.give("ann", *BADGES)
    clock: Any = album.office.resources.clock
    clock.advance(400 * 86_400_000)
    refused = await album.trade("ann", "k", kind="redeem")
    assert refused.json()["code"] == "set_closed"
