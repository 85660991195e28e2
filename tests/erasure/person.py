"""Somebody who has done everything that leaves a trace, and where traces would be found."""

import httpx

from game.fair.receipt import Evidence
from game.ledger.reconcile import reconcile_now
from game.resources import Resources
from tests.attack.sharing import shared
from tests.support.stage import Guest, Stage
from tests.webhooks.senders import Office

SUBJECT = "zoe.of-lyon~1988"
# Who sends an event chooses its id, which tells copies apart; it goes with the event, after 35 days.
KEPT = {"event": "webhook_id"}
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""


async def live(stage: Stage, zoe: Guest) -> list[str]:
    """Plays of every kind and all that is beside them; the plays' ids."""
    office = Office(zoe.client, zoe.issuer, stage.clock)
    stage.fund(SUBJECT, 1_000)
    grant = {"subject": SUBJECT, "count": 3, "expires_at": "2026-10-01T00:00:00Z", "source": "x"}
    await office.done("POST", f"campaigns/{zoe.campaign_id}/chances", grant)
    for pool_id in ("wheel", "cards"):
        await zoe.sit(pool_id)
    plays = [
        await zoe.play("wheel", f"{SUBJECT}-1", 10),
        await zoe.play("wheel", f"{SUBJECT}-2", 1, "chance"),
        await zoe.play("cards", f"{SUBJECT}-3", 2),
    ]
    assert [each.status_code for each in plays] == [201] * 3, [each.text for each in plays]
    await shared(zoe)
    await zoe.send("PUT", "/me/time-zone", {"time_zone": "Europe/Paris"})
    await office.done("PUT", f"players/{SUBJECT}/segments", {"segments": ["gold"]})
    await _told(office)
    await reconcile_now(stage.resources, "full")
    return [each.json()["id"] for each in plays]


async def _told(office: Office) -> None:
    """Events of a known and of an unknown type."""
    sender = await office.sender("shop")
    await sender.sent(subject=SUBJECT, occurrence=f"order-of-{SUBJECT}")
    await sender.sent("tea.drunk", subject=SUBJECT, address=f"{SUBJECT}, Lyon")


async def traces(resources: Resources) -> dict[str, int]:
    """In which tables the subject stands, in any column, as text or as bytes; and in Redis."""
    found = {}
    for (table,) in await resources.pool.fetch(_TABLES):
        row = f"to_jsonb(t) - '{KEPT[table]}'" if table in KEPT else "to_jsonb(t)"
        found[table] = await resources.pool.fetchval(
            f"SELECT count(*) FROM {table} AS t WHERE strpos(({row})::text, $1) > 0"
            f" OR strpos(({row})::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0",
            SUBJECT,
        )
    keys = [key async for key in resources.redis.scan_iter()]
    # How often somebody has called lately is forgotten within seconds.
    found["redis"] = sum(SUBJECT.encode() in key for key in keys if not key.startswith(b"{rate}:"))
    return {place: count for place, count in found.items() if count}


async def asked(client: httpx.AsyncClient, headers: dict[str, str], subject: str = SUBJECT) -> httpx.Response:
    """Ask for an erasure as the brand."""
    return await client.post(f"/v1/manage/players/{subject}/erasure", headers=headers)


async def receipts(stage: Stage, campaign_id: str) -> list[Evidence]:
    """Each entry of the log with its receipt."""
    size = await stage.resources.pool.fetchval("SELECT size FROM log WHERE campaign_id = $1", campaign_id)
    return [await stage.evidence(campaign_id, index) for index in range(size)]
