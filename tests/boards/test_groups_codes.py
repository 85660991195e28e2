"""Codes of groups: good for so many and so long, and found out by nobody."""

import asyncio

import httpx
import pytest

from game.boards.groups.rules import DAY_MS, INVITATIONS_MAX
from game.resources import Resources
from tests.boards.group_family import Family
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio


@pytest.fixture
def family(client: httpx.AsyncClient, issuer: Issuer, resources: Resources, clock: ManualClock) -> Family:
    """Players of the brand `acme`."""
    return Family(client, issuer, resources, clock)


async def test_the_same_key_answers_with_the_same_code(family: Family) -> None:
    """For other terms it is refused; nothing of the code stands in the database."""
    group_id = await family.made("ann")
    first, again = [await family.invite("ann", group_id, "k", uses=2, days=3) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json()["uses"] == 2
    other = await family.invite("ann", group_id, "k", uses=3, days=3)
    assert other.json()["code"] == "idempotency_mismatch"
    stored = await family.resources.pool.fetchval("SELECT i::text FROM group_invitation AS i")
    for text in (first.json()["code"], first.json()["code"].replace("-", "")):
        assert text not in stored
        assert text.encode().hex() not in stored


async def test_a_code_is_used_up(family: Family) -> None:
    """By so many who were not in the group; who is in it already uses nothing up."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id, uses=2)
    statuses = [(await family.join(subject, code)).status_code for subject in ("ann", "bob", "bob", "cy")]
    assert statuses == [200] * 4
    assert (await family.join("dee", code)).json()["code"] == "code_not_found"


async def test_a_code_is_good_for_some_time(family: Family) -> None:
    """And not a millisecond longer."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id, uses=2, days=1)
    family.clock.advance(DAY_MS - 1)
    assert (await family.join("bob", code)).status_code == 200
    family.clock.advance(1)
    assert (await family.join("cy", code)).status_code == 404


async def test_codes_that_are_not_good_are_told_apart_by_nobody(family: Family, other_issuer: Issuer) -> None:
    """Wrong, none at all, used up, withdrawn, or of another brand: the same answer to the letter."""
    group_id = await family.made("ann")
    used, withdrawn = [await family.code("ann", group_id) for _ in range(2)]
    await family.join("bob", used)
    stranger = Family(family.client, other_issuer, family.resources, family.clock)
    answers = [await stranger.join("cy", withdrawn)]
    assert (await family.send("ann", "DELETE", f"groups/{group_id}/invitations")).status_code == 204
    answers += [await family.join("cy", code) for code in (used, withdrawn, "0" * 20, "x")]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert (answers[0].status_code, answers[0].json()["code"]) == (404, "code_not_found")


async def test_a_group_has_so_many_open_codes(family: Family) -> None:
    """Those that are used up or over make room."""
    group_id = await family.made("ann")
    codes = [await family.code("ann", group_id, days=1) for _ in range(INVITATIONS_MAX)]
    refused = await family.invite("ann", group_id, "more")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_invitations")
    await family.join("bob", codes[0])
    await family.code("ann", group_id, days=1)
    family.clock.advance(DAY_MS)
    for _ in range(INVITATIONS_MAX):
        await family.code("ann", group_id)


async def test_of_many_who_join_at_once_so_many_come_in(family: Family) -> None:
    """As the code is good for."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id, uses=3)
    answers = await asyncio.gather(*(family.join(f"m-{nth}", code) for nth in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [404] * 9
    assert len((await family.mine("ann"))[0]["members"]) == 4


async def test_one_who_joins_twice_at_once_is_in_once(family: Family) -> None:
    """Both answers are the group, and the code is used once."""
    group_id = await family.made("ann")
    code = await family.code("ann", group_id, uses=2)
    answers = await asyncio.gather(*(family.join("bob", code) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert await family.resources.pool.fetchval("SELECT uses_left FROM group_invitation") == 1
