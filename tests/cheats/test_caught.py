"""Each cheat is caught by whoever looks: a replay, the auditor's file, the monitor, or the player alone."""

from pathlib import Path

import pytest

from game.fit.refused import fit_refused
from game.monitor.views import FitView
from game.plays.views import AnchorView, SeatedView
from game.tour.guests import Guest, Made, Seated
from game.tour.stage import Place
from tests.cheats.crooked import KNOWN_SEED
from tests.cheats.watching import alerted, alone, audited, cheated, numbers, own_findings
from tests.crash.bets import People

pytestmark = pytest.mark.asyncio(loop_scope="package")

# A minute more than a campaign lasts.
DURATION_MS = 30 * 86_400_000 + 60_000
PLAYS = 6
REFUSED = 16
SEATS = 20


async def played(seated: Seated, plays: int = PLAYS) -> list[Made]:
    """Plays of ten draws each."""
    return [await seated.play_once(f"play-{nth}", count=10) for nth in range(plays)]


async def test_a_skewed_table(people: People, tmp_path: Path) -> None:
    """The first draw that should have won is the proof, for everybody: the same entry, the same reason."""
    place = await cheated(people, "skewed")
    (ann,) = await people.seated(place, "ann")
    made = await played(ann)
    report = await audited(people, place)
    assert (report.verdict, report.check) == ("BAD", 7)
    assert report.says == "wrong row lose, the replay says win"
    status, said = await alone(people, place, tmp_path)
    assert status == 1
    assert said.startswith(f"BAD check 7 at entry {report.entry}")
    alert = await alerted(people, place, "proof")
    assert (alert["entry_index"], alert["says"]) == (report.entry, "wrong row lose, X leads to win")
    own = [finding for each in made for finding in own_findings(each)]
    assert (own[0].check, own[0].entry) == (7, report.entry)


async def test_a_winner_that_is_drawn_again(people: People, tmp_path: Path) -> None:
    """The number that was thrown away is missing: in the log, in the chain and in the player's receipts."""
    place = await cheated(people, "rerolled")
    (ann,) = await people.seated(place, "ann")
    made = await played(ann, plays=3)
    report = await audited(people, place)
    assert (report.verdict, report.check) == ("BAD", 6)
    assert report.says is not None
    assert report.says.startswith("n is ")
    status, said = await alone(people, place, tmp_path)
    assert status == 1
    assert said.startswith(f"BAD check 6 at entry {report.entry}")
    alert = await alerted(people, place, "proof")
    assert (alert["entry_index"], alert["says"]) == (report.entry, "broken chain")
    told = [n for each in made for n in numbers(each)]
    assert told != list(range(1, len(told) + 1))


async def test_seats_that_were_chosen_for_players_whose_seed_is_known(people: People) -> None:
    """The log is in order, and no receipt shows it: only the odds do, and the monitor while it happens."""
    place = await cheated(people, "ground", seat_draws=4)
    guest = await people.guest(f"{place.campaign_id}.ann")
    for nth in range(SEATS):
        seated = await sat_with_known_seed(guest, place)
        made = await seated.play_once(f"play-{nth}", count=4)
        assert own_findings(made) == []
    alert = await alerted(people, place, "settled")
    assert alert["evidence_log10"] > 6.4
    report = await audited(people, place)
    assert report.verdict == "OK"
    draws = 4 * SEATS
    assert f"pool wheel: row win is 0 of {draws} drawn draws at 10/40" in report.warnings


async def sat_with_known_seed(guest: Guest, place: Place) -> Seated:
    """A seat as an app takes it that chooses nothing."""
    (await guest.client.post(f"{place.pool}/anchors")).read(AnchorView, status=201)
    answer = await guest.client.post(f"{place.pool}/seats", {"seed": KNOWN_SEED.hex()})
    return Seated(guest, place, answer.read(SeatedView, status=201))


async def test_winners_that_are_refused_once(people: People) -> None:
    """A replay finds nothing, as each draw is right in the end: but refused plays win, and others do not."""
    place = await cheated(people, "discouraged", seat_draws=256)
    (ann,) = await people.seated(place, "ann")
    states: list[str] = []
    while states.count("rejected") < REFUSED or states[-1] == "rejected":
        states.append((await ann.play_once(f"play-{len(states)}", count=1)).view.state)
    alert = await alerted(people, place, "refused")
    assert alert["draws"] <= REFUSED
    assert (await audited(people, place)).verdict == "OK"
    refused, settled = await drawn_in(people, place, "refused", "settled")
    assert fit_refused(refused, settled).p < 1e-6


async def drawn_in(people: People, place: Place, *series: str) -> list[list[int]]:
    """What everybody sees of these series of a pool: how often each row was picked."""
    view = (await people.anybody.get(f"{place.pool}/fit")).read(FitView, status=200)
    return [
        [row.picked for row in each.rows] for name in series for each in view.series if each.series == name
    ]


async def test_suppressed_winners(people: People, tmp_path: Path) -> None:
    """Whoever would win hears of an error, until the close: the draws that nobody took are all winners."""
    place = await cheated(people, "suppressed")
    for seated in await people.seated(place, *(f"guest-{nth}" for nth in range(REFUSED))):
        await played_until_refused(seated)
    assert (await audited(people, place)).verdict == "OK"
    await people.site.stop_service()
    await people.site.start_later(ms=DURATION_MS)
    alert = await alerted(people, place, "untaken")
    assert alert["draws"] == REFUSED
    report = await audited(people, place)
    says = f"pool wheel: row win is {REFUSED} of {REFUSED} next draws at 10/40"
    assert (report.verdict, says in report.warnings) == ("OK", True)
    status, said = await alone(people, place, tmp_path)
    assert status == 0
    assert f"WARNING pool wheel: row win: {REFUSED} of {REFUSED} next draws" in said


async def played_until_refused(seated: Seated) -> None:
    """One draw at a time; one that is refused is refused again."""
    statuses = [201]
    while statuses[-1] == 201:
        key = f"play-{len(statuses)}"
        statuses.append(await status_of(seated, key))
    assert [statuses[-1], await status_of(seated, key)] == [503, 503], statuses


async def status_of(seated: Seated, key: str) -> int:
    """How a draw was answered."""
    body = {"count": 1, "pay_with": "points"}
    return (await seated.guest.client.post(f"{seated.place.pool}/plays", body, key=key)).status
