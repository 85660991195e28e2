"""A board among friends and family: by nickname, and for nobody else."""

import pytest
import pytest_asyncio

from game.resources import Resources
from tests.boards.group_family import Family
from tests.boards.hall import Hall
from tests.support.service import ManualClock

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def family(hall: Hall, resources: Resources, clock: ManualClock) -> Family:
    """Players of the shop's brand, of whom some have bought."""
    await hall.saved()
    await hall.shop.launch()
    for subject in ("bob", "cat", "bob", "dan"):
        clock.advance(1_000)
        await hall.shop.bought(subject)
    await hall.counted()
    return Family(hall.shop.office.client, hall.shop.office.issuer, resources, clock)


async def test_members_are_ranked_among_themselves(hall: Hall, family: Family) -> None:
    """Others do not count, those without a score come last, and nobody's alias is told with the nickname."""
    group_id = await family.together("ann", "dan", "bob")
    seen = await hall.mine("dan", f"best/groups/{group_id}")
    told = [(each["nickname"], each["rank"], each["score"], each["is_me"]) for each in seen["members"]]
    assert told == [("bob", 1, 2, False), ("dan", 2, 1, True), ("ann", None, 0, False)]
    assert (seen["season"]["state"], "alias" in seen) == ("open", False)


async def test_a_group_is_there_for_its_members_alone(hall: Hall, family: Family) -> None:
    """To others it is not, nor is a board or season that is not there to members."""
    group_id = await family.together("ann", "bob")
    office, path = hall.shop.office, f"/v1/campaigns/{hall.shop.campaign_id}/me/boards"
    asked = {
        f"{path}/best/groups/{group_id}": ("cat", "group_not_found"),
        f"{path}/none/groups/{group_id}": ("ann", "board_not_found"),
        f"{path}/best/groups/{group_id}?season=2020-01-01": ("ann", "season_not_found"),
    }
    for where, (subject, code) in asked.items():
        answer = await office.client.get(where, headers=office.issuer.headers(subject))
        assert (answer.status_code, answer.json()["code"]) == (404, code)
