"""What managers and systems that may sign send to tasks, badges and webhooks: it breaks nothing."""

from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from game.instants import to_datetime
from game.webhooks.rules import NESTING_MAX
from tests.attack.test_http import BODIES, address, check
from tests.badges.album import BADGE, badge_set
from tests.campaigns.office import campaign
from tests.support.service import ManualClock
from tests.support.stage import Stage
from tests.support.tokens import Issuer
from tests.tasks.shop import task
from tests.webhooks.senders import Office

FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
MISSING: Final = "00000000-0000-0000-0000-000000000000"
# What is written under a name of the writer's choice.
NAMED: list[tuple[str, dict[str, Any]]] = [
    ("campaigns/{c}/tasks/buy", task()),
    ("campaigns/{c}/badges/ox", BADGE),
    ("campaigns/{c}/sets/spring", badge_set(redeem_until="2027-01-01T00:00:00Z")),
    ("players/ann/segments", {"segments": ["gold"]}),
    ("webhook-sources/till", {"title": "The till"}),
    ("event-types/rain.fell", {"attributes": {}}),
]
ROUTES: list[tuple[str, str]] = [
    ("PUT", "/v1/manage/campaigns/{c}/tasks/buy"), ("PUT", "/v1/manage/campaigns/{c}/badges/ox"),
    ("PUT", "/v1/manage/campaigns/{c}/sets/spring"), ("PUT", "/v1/manage/players/ann/segments"),
    ("PUT", "/v1/manage/share-channels"), ("PUT", "/v1/manage/webhook-sources/till"),
    ("PUT", "/v1/manage/event-types/rain.fell"), ("POST", "/v1/manage/webhook-sources/shop/keys"),
    ("POST", "/v1/manage/webhook-endpoints"), ("POST", "/v1/manage/dead-letters/redrive"),
    ("POST", f"/v1/manage/webhook-endpoints/{MISSING}/replay"),
    ("POST", "/v1/manage/campaigns/{c}/tasks/buy/dry-run"),
    ("POST", f"/v1/manage/campaigns/{{c}}/task-reviews/{MISSING}/approve"),
    ("POST", f"/v1/manage/campaigns/{{c}}/task-reviews/{MISSING}/reject"),
    ("POST", f"/v1/manage/campaigns/{{c}}/task-credits/{MISSING}/approve"),
    ("POST", f"/v1/campaigns/{{c}}/me/tasks/completions/{MISSING}/appeal"),
    ("POST", "/v1/campaigns/{c}/me/sets/spring/trades"), ("PUT", "/v1/me/time-zone"),
]  # fmt: skip


class Manager(Office):
    """Somebody who may do everything, with a campaign that is a draft."""

    campaign_id: str = ""

    async def send(self, method: str, path: str, content: bytes) -> httpx.Response:
        """Send bytes to an address just as it is written."""
        roles = ("player", "manager", "approver", "admin", "auditor")
        headers = self.issuer.headers("ann", *roles) | {"Idempotency-Key": "key"}
        url = address(path, self.campaign_id)
        answer = await self.client.send(
            httpx.Request(
                method, url, headers=headers | {"Content-Type": "application/json"}, content=content
            )
        )
        check(answer)
        return answer


@pytest_asyncio.fixture
async def manager(stage: Stage, app_client: httpx.AsyncClient, issuer: Issuer, clock: ManualClock) -> Manager:
    """The manager of a draft, with the source `shop`."""
    del stage
    made = Manager(app_client, issuer, clock)
    made.campaign_id = (await made.done("POST", "campaigns", campaign()))["campaign_id"]
    return made


@pytest.mark.asyncio
@pytest.mark.parametrize(("path", "body"), NAMED)
async def test_no_name_ends_with_a_line_break(manager: Manager, path: str, body: dict[str, Any]) -> None:
    """`$` of a pattern lets one pass in Python, and the database does not."""
    answer = await manager.ask("PUT", f"{path.format(c=manager.campaign_id)}%0A", body)
    check(answer)
    assert answer.status_code in (404, 422)


@pytest.mark.asyncio
async def test_bodies_of_features(manager: Manager) -> None:
    """Odd bodies to each route that reads one."""
    for method, path in ROUTES:
        for body in BODIES:
            await manager.send(method, path, body)


@pytest.mark.asyncio
@pytest.mark.parametrize("instant", [FIRST, LAST])
async def test_no_instant_is_outside_of_the_calendar(manager: Manager, instant: str) -> None:
    """Years from 1 to 9999 in UTC: what lies beyond could be stored and never be shown again."""
    await manager.sender()
    wanted = {"kind": "secret", "expires_at": instant}
    refused = await manager.ask("POST", "webhook-sources/shop/keys", wanted)
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_broken")
    check(await manager.ask("GET", "webhook-sources"))


@pytest.mark.asyncio
@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
async def test_a_replay_may_begin_at_any_time(manager: Manager, since: str) -> None:
    """Before the first message, or after the last one that there will ever be."""
    wanted = {"url": "https://hook.example/", "types": ["prize.won"]}
    made = await manager.done("POST", "webhook-endpoints", wanted)
    path = f"webhook-endpoints/{made['endpoint_id']}/replay"
    assert await manager.done("POST", path, {"since": since}) == {"replayed": 0, "next": None}


@pytest.mark.asyncio
@pytest.mark.parametrize(("levels", "status"), [(NESTING_MAX, 202), (NESTING_MAX + 1, 422), (930, 422)])
async def test_what_is_unknown_is_not_nested_deeply(manager: Manager, levels: int, status: int) -> None:
    """Else it would be stored by a shallow stack and break the list of events, which has a deeper one."""
    sender = await manager.sender()
    now = to_datetime(manager.clock()).isoformat()
    lists = "[" * (levels - 1) + "]" * (levels - 1)
    body = f'{{"type":"rain.fell","timestamp":"{now}","data":{{"n":{lists}}}}}'.encode()
    answer = await sender.post(body, sender.headers(body))
    assert answer.status_code == status, answer.text
    check(await manager.ask("GET", "events"))
