"""The ledger is stopped: only what has to be paid waits for it."""

import signal

import msgspec
import pytest

from game.plays.rules import LEDGER_AWAY_SECONDS
from game.plays.views import PlayView
from game.prizes.api import GrantView
from game.tour.guests import Seated, prizes_of, uncover_all
from tests.crash.accounts import assert_all_agree
from tests.crash.bets import WHEEL, Bet, People, cards, end_all, places_of, row
from tests.crash.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

# Seven cards, all of which are drawn.
FREE = cards(
    row("tea", "voucher", 1, count=1),
    row("mug", "goods", 1, count=1),
    row("again", "chances", 2, count=1),
    row("points-7", "points", 7, count=1),
    row("thanks", "nothing", 0, count=3),
    price_points=0,
)
CHANCE_DRAWS, FREE_DRAWS = 1, 6
PAID_PLAYS_MAX = 40
REFUSED = 5


class Problem(msgspec.Struct):
    """What a refused play is told."""

    code: str
    detail: str
    retry_after_seconds: int


async def test_free_plays_go_on(site: Site, people: People) -> None:
    """A play with a chance and one that costs nothing: lost, or won and granted at once; points are owed."""
    await site.start_service()
    (ann,) = await people.seated(await people.place(FREE), "ann")
    (eve,) = await people.seated(await people.place(WHEEL), "eve")
    await people.give_chances(ann, CHANCE_DRAWS)
    await site.ledger.end(signal.SIGKILL)
    _, doubted = await paid_in_vain(eve)
    free = [Bet(seated=ann, count=CHANCE_DRAWS, pay_with="chance"), Bet(seated=ann, count=FREE_DRAWS, turn=1)]
    made = await uncover_all([await bet.end() for bet in free])
    assert [play.view.state for play in made] == ["settled", "settled"]
    prizes = {prize.row: prize for prize in await prizes_of(ann.guest, ann.place.campaign_id)}
    states = {name: prize.state for name, prize in prizes.items()}
    assert states == {"tea": "granted", "mug": "granted", "again": "granted", "points-7": "paying"}
    assert await code_of(ann, prizes["tea"]) in ann.place.codes
    await site.start_ledger()
    await site.restart_later()
    await people.account_holds(ann.guest.account, ann.guest.start_points + 7)
    paid = await end_all(doubted)
    assert {play.view.state for play in paid} <= {"settled"}
    await assert_all_agree(people, places_of([*free, *doubted]), [*made, *paid])


async def test_paid_plays_are_refused_before_anything_is_stored(site: Site, people: People) -> None:
    """The refusal says that nothing was charged, and when to come back; the campaign stays there to see."""
    await site.start_service()
    (eve,) = await people.seated(await people.place(WHEEL), "eve")
    await site.ledger.end(signal.SIGKILL)
    refused, doubted = await paid_in_vain(eve)
    assert {problem.code for problem in refused} == {"ledger_unavailable"}
    assert all("you were not charged" in problem.detail for problem in refused)
    assert {problem.retry_after_seconds for problem in refused} == {LEDGER_AWAY_SECONDS}
    assert await stored(people, eve) == {bet.key for bet in doubted}
    campaign = f"/v1/campaigns/{eve.place.campaign_id}"
    for path in (campaign, f"{campaign}/log/checkpoint", f"{campaign}/me/prizes", f"{campaign}/me/plays"):
        (await eve.guest.client.get(path)).text()
    await site.start_ledger()
    made = await end_all(doubted)
    await site.restart_later()
    await assert_all_agree(people, places_of(doubted), made)


async def code_of(seated: Seated, prize: GrantView) -> str | None:
    """The code of a voucher, which its owner asks for."""
    answer = await seated.guest.client.post(f"/v1/prizes/{prize.id}/redeem")
    return answer.read(GrantView, status=200).code


async def paid_in_vain(seated: Seated) -> tuple[list[Problem], list[Bet]]:
    """Pay for plays until some were refused: what they were told, and the plays that were not.

    What is stored before the service knows that the ledger is away, or to find out whether it is back, is in
    doubt and not refused.
    """
    refused: list[Problem] = []
    doubted = []
    for turn in range(PAID_PLAYS_MAX):
        bet = Bet(seated=seated, count=1, turn=turn)
        answer = await bet.send()
        assert answer is not None
        if answer.status == 503:
            refused.append(msgspec.json.decode(answer.body, type=Problem))
        else:
            assert answer.read(PlayView, status=202).state == "resolving"
            doubted.append(bet)
        if len(refused) == REFUSED:
            return refused, doubted
    raise AssertionError(f"{len(doubted)} plays are in doubt, {len(refused)} were refused")


async def stored(people: People, seated: Seated) -> set[str]:
    """The keys of all plays in a campaign."""
    rows = await people.resources.pool.fetch(
        "SELECT idempotency_key FROM play WHERE campaign_id = $1", seated.place.campaign_id
    )
    return {row["idempotency_key"] for row in rows}
