"""Whether log, ledger, database and players agree on every play: nothing lost, nothing twice."""

from collections.abc import Sequence

import msgspec

from game.ledger.reconcile import reconcile_now
from game.tour.guests import Made, uncover_all
from game.tour.stage import Place
from tests.crash.bets import HEAL_SECONDS, People
from tests.invariants.check import assert_hold
from tests.invariants.told import Heard
from tests.torment.aftermath import quiet

_PLAYS = """
SELECT campaign_id || '-' || replace(play_id::text, '-', '') AS id FROM play
WHERE campaign_id = ANY ($1::text[]) ORDER BY id
"""


async def assert_all_agree(people: People, places: Sequence[Place], made: Sequence[Made]) -> None:
    """Once all has come to rest, hold campaigns in which nothing else was played to the invariants."""
    uncovered = await uncover_all(play for play in made if _has_cards(play))
    await quiet(people, seconds=HEAL_SECONDS)
    await reconcile_now(people.resources, "recent")
    resources, campaign_ids = people.resources, [place.campaign_id for place in places]
    stored = [row["id"] for row in await resources.pool.fetch(_PLAYS, campaign_ids)]
    assert stored == sorted(play.view.id for play in made)
    heard = _heard([*made, *uncovered])
    await assert_hold(resources.pool, resources.ledger, campaign_ids=campaign_ids, told=heard)


def _has_cards(made: Made) -> bool:
    return made.view.game == "scratch" and made.view.state == "settled"


def _heard(made: Sequence[Made]) -> Heard:
    heard = Heard()
    for play in made:
        view = msgspec.json.decode(msgspec.json.encode(play.view))
        heard.hear(view, subject=play.guest.name, key=play.key)
    return heard
