"""Groups of friends and family over HTTP."""

from uuid import UUID

import httpx
import pytest

from game.boards.groups.rules import GROUPS_MAX, MEMBERS_MAX
from game.boards.groups.service import members_of
from game.errors import NotFound
from game.resources import Resources
from tests.boards.group_family import Family
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio


@pytest.fixture
def family(client: httpx.AsyncClient, issuer: Issuer, resources: Resources, clock: ManualClock) -> Family:
    """Players of the brand `acme`."""
    return Family(client, issuer, resources, clock)


async def test_a_group_has_its_maker(family: Family) -> None:
    """Once for each key; what the key made is not made anew of another body."""
    first, again = [await family.make("ann", "k", name="一家人", nickname="妈妈") for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json()["name"] == "一家人"
    (member,) = first.json()["members"]
    assert (member["nickname"], member["is_me"], member["is_owner"]) == ("妈妈", True, True)
    other = await family.make("ann", "k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert len(await family.mine("ann")) == 1


@pytest.mark.parametrize("text", ["", " Mum", "Mum ", "a\tb", "a\u202eb", "a\u200bb", "x" * 31])
async def test_names_that_cannot_be_shown(family: Family, text: str) -> None:
    """Nothing that hides, turns round or breaks what others see; nothing that is too long."""
    group_id = await family.made("ann")
    for answer in (
        await family.make("ann", "k", name=text),
        await family.make("ann", "k", nickname=text),
        await family.send("ann", "PUT", f"groups/{group_id}", {"name": text}),
        await family.send("ann", "PUT", f"groups/{group_id}/nickname", {"nickname": text}),
        await family.join("bob", await family.code("ann", group_id), text or " "),
    ):
        assert answer.status_code == 422, answer.text


async def test_others_join_with_a_code(family: Family) -> None:
    """However it is typed; all see all, in the order in which they came."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id)
    family.clock.advance(1)
    joined = await family.join("bob", code.lower().replace("-", " "), "Dad")
    assert (joined.status_code, joined.json()["id"]) == (200, group_id)
    for subject in ("ann", "bob"):
        (group,) = await family.mine(subject)
        assert [each["nickname"] for each in group["members"]] == ["ann", "Dad"]
        assert [each["is_me"] for each in group["members"]] == [subject == "ann", subject == "bob"]
        assert [each["is_owner"] for each in group["members"]] == [True, False]


async def test_what_has_not_changed_is_not_sent(family: Family) -> None:
    """Until somebody chooses another name."""
    group_id = await family.together("ann", "bob")
    answer = await family.send("ann", "GET", "groups")
    tag = {"If-None-Match": answer.headers["etag"]}
    assert (await family.send("ann", "GET", "groups", **tag)).status_code == 304
    await family.send("bob", "PUT", f"groups/{group_id}/nickname", {"nickname": "Dad"})
    assert (await family.send("ann", "GET", "groups", **tag)).status_code == 200


async def test_names_change(family: Family) -> None:
    """That of the group by its owner, a nickname by whoever has it."""
    group_id = await family.together("ann", "bob")
    renamed = await family.send("ann", "PUT", f"groups/{group_id}", {"name": "Clan"})
    called = await family.send("bob", "PUT", f"groups/{group_id}/nickname", {"nickname": "Dad"})
    assert (renamed.status_code, called.status_code) == (204, 204)
    (group,) = await family.mine("bob")
    assert (group["name"], [each["nickname"] for each in group["members"]]) == ("Clan", ["ann", "Dad"])


async def test_only_the_owner_does_what_owners_do(family: Family) -> None:
    """Members are told so; to strangers the group is not there."""
    group_id = await family.together("ann", "bob", "cy")
    of_cy = await family.member("ann", group_id, "cy")
    for subject, status, code in (("bob", 403, "not_the_owner"), ("eve", 404, "group_not_found")):
        for answer in (
            await family.send(subject, "PUT", f"groups/{group_id}", {"name": "Mine"}),
            await family.send(subject, "DELETE", f"groups/{group_id}"),
            await family.send(subject, "DELETE", f"groups/{group_id}/invitations"),
            await family.send(subject, "DELETE", f"groups/{group_id}/members/{of_cy}"),
            await family.invite(subject, group_id, "k"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (
        await family.send("eve", "PUT", f"groups/{group_id}/nickname", {"nickname": "E"})
    ).status_code == 404
    assert len((await family.mine("ann"))[0]["members"]) == 3


async def test_a_group_that_its_owner_leaves(family: Family) -> None:
    """It goes to whoever came first of those who stay; when the last has left it is gone."""
    group_id = await family.together("ann", "bob", "cy")
    for leaving, owner in (("ann", "bob"), ("bob", "cy")):
        me = await family.member(leaving, group_id, leaving)
        left = await family.send(leaving, "DELETE", f"groups/{group_id}/members/{me}")
        assert left.status_code == 204
        assert await family.mine(leaving) == []
        (group,) = await family.mine("cy")
        assert [each["nickname"] for each in group["members"] if each["is_owner"]] == [owner]
    me = await family.member("cy", group_id, "cy")
    await family.send("cy", "DELETE", f"groups/{group_id}/members/{me}")
    assert await family.resources.pool.fetchval("SELECT count(*) FROM player_group") == 0


async def test_who_is_removed_does_not_come_back(family: Family) -> None:
    """By a code that they may know; a member who is not there is not found."""
    group_id = await family.together("ann", "bob")
    code = await family.code("ann", group_id, uses=5)
    of_bob = await family.member("ann", group_id, "bob")
    removed = [await family.send("ann", "DELETE", f"groups/{group_id}/members/{of_bob}") for _ in range(2)]
    assert [answer.status_code for answer in removed] == [204, 404]
    assert removed[1].json()["code"] == "member_not_found"
    assert (await family.join("bob", code)).json()["code"] == "code_not_found"
    assert await family.mine("bob") == []


async def test_who_leaves_may_come_back(family: Family) -> None:
    """Codes stay good, since nobody was sent away."""
    group_id = await family.together("ann", "bob")
    code = await family.code("ann", group_id)
    me = await family.member("bob", group_id, "bob")
    await family.send("bob", "DELETE", f"groups/{group_id}/members/{me}")
    assert (await family.join("bob", code)).status_code == 200


async def test_a_group_that_is_deleted_is_gone(family: Family) -> None:
    """For all, with its codes; the key that made it is not remembered."""
    group_id = await family.together("ann", "bob")
    code = await family.code("ann", group_id)
    assert (await family.send("ann", "DELETE", f"groups/{group_id}")).status_code == 204
    assert (await family.mine("ann"), await family.mine("bob")) == ([], [])
    assert (await family.join("cy", code)).status_code == 404
    assert (await family.send("ann", "DELETE", f"groups/{group_id}")).status_code == 404


async def test_somebody_is_in_so_many_groups(family: Family) -> None:
    """One more is neither made nor joined, until one is left."""
    first, *_ = [await family.made("ann") for _ in range(GROUPS_MAX)]
    refused = await family.make("ann", "more")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_groups")
    assert (refused.json()["limit"], refused.json()["used"]) == (GROUPS_MAX, GROUPS_MAX)
    code = await family.code("bob", await family.made("bob"))
    assert (await family.join("ann", code)).json()["code"] == "too_many_groups"
    await family.send("ann", "DELETE", f"groups/{first}")
    assert (await family.join("ann", code)).status_code == 200


async def test_a_group_has_so_many_members(family: Family) -> None:
    """Who comes then is told so, and the code stays good for when somebody leaves."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id, uses=MEMBERS_MAX)
    for nth in range(MEMBERS_MAX - 1):
        assert (await family.join(f"m-{nth}", code)).status_code == 200
    for _ in range(2):
        refused = await family.join("late", code)
        assert (refused.status_code, refused.json()["code"]) == (409, "group_full")
    me = await family.member("m-0", group_id, "m-0")
    await family.send("m-0", "DELETE", f"groups/{group_id}/members/{me}")
    assert (await family.join("late", code)).status_code == 200


async def test_boards_ask_who_is_in_a_group(family: Family) -> None:
    """Members are told; to others, and to another brand, it is not there."""
    group_id = UUID(await family.together("ann", "bob"))
    ann, bob, eve = [await family.player_id(subject) for subject in ("ann", "bob", "eve")]
    async with family.resources.pool.acquire() as conn:
        found = await members_of(conn, brand_id="acme", group_id=group_id, player_id=bob)
        assert [(each.player_id, each.nickname) for each in found] == [(ann, "ann"), (bob, "bob")]
        for brand_id, player_id in (("acme", eve), ("bolt", bob)):
            with pytest.raises(NotFound):
                await members_of(conn, brand_id=brand_id, group_id=group_id, player_id=player_id)


async def test_who_is_erased_leaves_no_name(family: Family) -> None:
    """A member's nickname goes with the player, and an owner's group with its owner."""
    await family.together("ann", "bob")
    pool = family.resources.pool
    await pool.execute("DELETE FROM player WHERE player_id = $1", await family.player_id("bob"))
    (group,) = await family.mine("ann")
    assert [each["nickname"] for each in group["members"]] == ["ann"]
    await pool.execute("DELETE FROM player WHERE player_id = $1", await family.player_id("ann"))
    for table in ("player_group", "group_member", "group_invitation"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_who_left_a_group_leaves_no_name(family: Family) -> None:
    """Whose group it was: not even what was asked for with the key, which makes no other group either."""
    await family.make("ann", "k", nickname="Annie")
    (group,) = await family.mine("ann")
    await family.join("bob", await family.code("ann", group["id"]))
    me = await family.member("ann", group["id"], "Annie")
    await family.send("ann", "DELETE", f"groups/{group['id']}/members/{me}")
    told = "SELECT count(*) FROM player_group AS g WHERE g::text LIKE '%Annie%'"
    assert await family.resources.pool.fetchval(told) == 0
    again = await family.make("ann", "k", nickname="Annie")
    assert (again.status_code, again.json()["code"]) == (404, "group_not_found")
