"""Every route, called by somebody of another brand who has every role there."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.auth import Role
from game.players import player_id_of
from tests.attack.routes import Route, routes
from tests.attack.rows import (
    AWARD,
    BADGE_SET,
    BADGES,
    BOARD,
    BREAK,
    COMPLETION,
    CREDIT,
    DELIVERY,
    EVENT,
    FIT_ALERT,
    PACK,
    STREAK,
    TASK,
)
from tests.attack.sharing import shared
from tests.badges.album import BADGE, badge_set
from tests.boards.hall import board
from tests.support.pools import wheel
from tests.support.service import ManualClock
from tests.support.stage import Guest, Stage, player
from tests.support.tokens import Issuer
from tests.tasks.diary import streak
from tests.tasks.shop import task
from tests.webhooks.senders import Office, Sender

Guests = Callable[[str, str], Guest]
Places = Mapping[str, str]
DRAFT = {"schedule": {"opens": "2030-01-01T00:00:00Z", "closes": "2030-01-02T00:00:00Z", "time_zone": "UTC"}}
TEXT = {"zh": "a", "en": "a"}
CAMPAIGN = {**DRAFT, "name": TEXT, "rules": TEXT, "limits": {}}
ISSUER = {"name": "Tea", "url": "https://tea.example"}
ENDPOINT = {"url": "https://acme.example/hook", "types": ["play.review"]}
ACME_TYPE = {"attributes": {"acme_number": {"kind": "integer"}}}
ALERTS = {"alerts": [{"kind": "voucher", "item": "tea", "threshold": 0}]}
REASON = {"reason": "x"}
TOKYO = {"time_zone": "Asia/Tokyo"}
BODIES: dict[str, Any] = {
    "badgesTrade": {"kind": "redeem"},
    "campaignsAddPool": wheel("next"),
    "campaignsChances": {"subject": "ann", "count": 1, "expires_at": "2026-10-01T00:00:00Z", "source": "x"},
    "campaignsEdit": {"version": 1, "campaign": CAMPAIGN},
    "campaignsReplacePool": wheel("next"),
    "campaignsVouchers": {"voucher_batch": "tea", "codes": ["X"]},
    "credentialsExport": {"language": "en"},
    "evidencePacksAsk": {},
    "fitAlertsAcknowledge": REASON,
    "giftsGive": {"kind": "chances", "amount": 1},
    "groupsCallMe": {"nickname": "x"},
    "groupsInvite": {},
    "groupsRename": {"name": "x"},
    "managedBadgesSaveBadge": BADGE,
    "managedBadgesSaveSet": badge_set(),
    "managedStreaksSave": streak(),
    "managedBoardsSave": board(),
    "managedTasksSave": task(),
    "pastEventsApprove": {"digest": "00" * 32},
    "pastEventsDryRun": {"since": "2026-09-01T00:00:00Z", "until": "2026-09-30T00:00:00Z"},
    "reconciliationAcknowledge": {"points": 5, **REASON},
    "reviewsCancel": REASON,
    "reviewsSettle": REASON,
    "scratchUncover": {"tickets": [1]},
    "seatsPlay": {"count": 1, "pay_with": "points"},
    "seatsSeat": {"seed": "00" * 16},
    "stockAlertsSave": ALERTS,
    "streaksRepair": {"day": "2026-09-24"},
    "taskReviewsApprove": {"generation": 1},
    "taskReviewsReject": {"generation": 1, **REASON},
    "tasksAppeal": {"text": "x"},
    "webhookEndpointsReplaySince": {"since": "2026-09-01T00:00:00Z"},
    "webhookSourcesAddKey": {"kind": "secret"},
    "webhookSourcesExpireKey": {"expires_at": None},
}
# The ids among what paths name: who sees one of them sees another brand's thing.
IDS = (
    "campaign_id", "play_id", "prize_id", "key_id", "endpoint_id", "event_id", "message_id",
    "completion_id", "gift_id", "award_id",
)  # fmt: skip
# What a stranger has in a campaign that is not there is nothing.
OWN = ("/me/plays", "/me/prizes")
# These name nothing that is there: they write, by a name, what the caller's own brand then has.
OWN_BRAND: dict[str, Any] = {
    "badgeIssuerSave": ISSUER,
    "campaignsCreate": CAMPAIGN,
    "eventTypesSave": {"attributes": {}},
    "eventsRedriveAll": {"type": None},
    "groupsCreate": {"name": "Bolts", "nickname": "ann"},
    "taskSettingsSetChannels": {"forbidden": ["bolt-moments"]},
    "taskSettingsSetSegments": {"segments": ["bolt-gold"]},
    "timeZonesChoose": TOKYO,
    "webhookEndpointsCreate": ENDPOINT | {"url": "https://bolt.example/hook"},
    "webhookSourcesSave": {"title": "Bolt's shop"},
}
# These open by a code what the first brand has.
BY_CODE = {"giftsRedeem", "groupsJoin"}
# Who takes a pack is written down, and there are no witnesses: the first brand asks for neither here.
UNASKED = {"evidencePacksDownload", "logCosigned"}
# These look at no token; whoever sends events shows a signature.
TOKENLESS = {"webhooksReceive", "operationsLive", "operationsReady", "verifiersVersion"}
# These end whoever asks, or is named, in the caller's own brand (tests/erasure).
ENDING = {"erasuresMine", "erasuresTheirs"}
# The first brand's rows that the application leaves alone while nobody asks for anything.
ROWS = {
    **dict.fromkeys(
        (
            "badge_issuer", "event", "event_type", "group_invitation", "group_member", "player_group",
            "player_segment", "share_channel", "webhook_delivery", "webhook_endpoint", "webhook_key",
            "webhook_source",
        ),
        "brand_id = 'acme'",
    ),
    **dict.fromkeys(
        (
            "badge", "badge_award", "badge_credential", "badge_set", "badge_trade", "board", "board_season",
            "campaign_change", "chance_lot", "fit_alert", "gift", "play_decision", "reward", "stock_alert",
            "streak", "streak_milestone", "streak_repair", "task", "task_completion", "task_credit",
        ),
        "campaign_id = (SELECT campaign_id FROM campaign WHERE brand_id = 'acme')",
    ),
    "break_acknowledgement": "true",
    "player_zone": "player_id IN (SELECT player_id FROM player WHERE brand_id = 'acme')",
}  # fmt: skip


class Stranger:
    """Somebody of the brand `bolt` who has the name of a player of `acme`, and every role."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self.headers = issuer.headers("ann", *ROLES) | {"Idempotency-Key": "key"}

    async def ask(self, route: Route, places: Places, bodies: Mapping[str, Any]) -> httpx.Response:
        """Call a route about the first brand's things, with a body that it would take."""
        assert route.id in bodies or not route.has_body, f"{route.id} needs a body here"
        path = route.path.format(**places)
        return await self.client.request(route.method, path, json=bodies.get(route.id), headers=self.headers)


ROLES = [role.value for role in Role]


async def rows(stage: Stage) -> dict[str, list[str]]:
    """What the first brand has, to the letter."""
    return {
        table: [
            row["text"]
            for row in await stage.resources.pool.fetch(
                f"SELECT t::text AS text FROM {table} AS t WHERE {which} ORDER BY text"
            )
        ]
        for table, which in ROWS.items()
    }


async def _received(stage: Stage, office: Office) -> dict[str, str]:
    """A source with a key, an event type, an endpoint, an event and a message; their names."""
    pool, new_id, now_ms = stage.resources.pool, stage.resources.new_id, stage.clock()
    await office.done("PUT", "webhook-sources/shop", {"title": "Acme's shop"})
    key = await office.key("shop")
    await office.done("PUT", "event-types/shop.visited", ACME_TYPE)
    await office.done("PUT", "share-channels", {"forbidden": ["acme-moments"]})
    await office.done("PUT", "players/ann/segments", {"segments": ["acme-gold"]})
    await office.done("PUT", "badge-issuer", ISSUER)
    endpoint = await office.done("POST", "webhook-endpoints", ENDPOINT)
    event_id, message_id = new_id(), new_id()
    await pool.execute(EVENT, event_id, await player_id_of(stage.resources, player("ann")), now_ms)
    await office.client.put("/v1/me/time-zone", json=TOKYO, headers=office.issuer.headers("ann"))
    await pool.execute(DELIVERY, endpoint["endpoint_id"], message_id, now_ms)
    return {
        "brand_id": "acme", "version": "1", "number": "0", "language": "en",
        "source": "shop", "key_id": key["key_id"], "name": "shop.visited", "subject": "ann",
        "endpoint_id": endpoint["endpoint_id"], "event_id": str(event_id), "message_id": str(message_id),
    }  # fmt: skip


async def _furnished(stage: Stage, office: Office, campaign_id: str) -> dict[str, str]:
    """A task that ann has completed, badges, alerts and a break; their names."""
    pool, new_id, now_ms = stage.resources.pool, stage.resources.new_id, stage.clock()
    completion_id, credit_id, award_id = new_id(), new_id(), new_id()
    ann = await player_id_of(stage.resources, player("ann"))
    await pool.execute(TASK, campaign_id, json.dumps(task()))
    await pool.execute(STREAK, campaign_id, json.dumps(streak()))
    await pool.execute(COMPLETION, campaign_id, completion_id, ann, now_ms)
    await pool.execute(CREDIT, campaign_id, credit_id, now_ms)
    await pool.execute(BADGES, campaign_id)
    await pool.execute(AWARD, campaign_id, award_id, ann)
    await pool.execute(BADGE_SET, campaign_id, json.dumps(badge_set()))
    await pool.execute(BOARD, campaign_id, json.dumps(board()), now_ms + 1)
    await office.done("PUT", f"campaigns/{campaign_id}/stock-alerts", ALERTS)
    await pool.execute(FIT_ALERT, campaign_id, now_ms)
    await pool.execute(PACK, campaign_id, now_ms)
    break_id = await pool.fetchval(BREAK, campaign_id, now_ms)
    return {
        "pack_id": "first",
        "task_id": "buy", "streak_id": "daily", "month": "2026-09",
        "completion_id": str(completion_id), "credit_id": str(credit_id), "badge_id": "tiger",
        "award_id": str(award_id), "set_id": "spring", "board_id": "best", "series": "proof",
        "break_id": str(break_id),
    }  # fmt: skip


@pytest.fixture
def stranger(app_client: httpx.AsyncClient, other_issuer: Issuer) -> Stranger:
    """Whoever asks."""
    return Stranger(app_client, other_issuer)


@pytest_asyncio.fixture
async def places(stage: Stage, guest: Guests) -> Places:
    """What paths name: things that the brand `acme` has."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 1_000)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    play_id = (await ann.play("wheel", "key", 10)).json()["id"]
    prize_id = (await ann.send("GET", f"/campaigns/{campaign_id}/me/prizes")).json()["prizes"][0]["id"]
    office = Office(ann.client, ann.issuer, stage.clock)
    await stage.grant(campaign_id, "ann", 1)
    return {
        "brand": "acme", "operator": "acme.test", "campaign_id": campaign_id, "pool_id": "wheel",
        "play_id": play_id, "prize_id": prize_id, "asked_id": f"play:{play_id}", "index": "0",
        "tile": "0/000.p/1",
        **await shared(ann), **await _received(stage, office), **await _furnished(stage, office, campaign_id),
    }  # fmt: skip


@pytest.mark.asyncio
async def test_to_another_brand_nothing_is_there(
    stage: Stage, app: Litestar, places: Places, issuer: Issuer, stranger: Stranger
) -> None:
    """Each route that names what a brand has answers 404 to another, and nothing of it changes."""
    insider = issuer.headers("ann", *ROLES)
    bodies = BODIES | {
        "giftsRedeem": {"code": places["gift_code"]},
        "groupsJoin": {"code": places["group_code"], "nickname": "x"},
    }
    before = (await stage.counts(), await rows(stage))
    asked, skipped = set(), {*OWN_BRAND, *TOKENLESS, *ENDING}
    for route in routes(app):
        if ("{" not in route.path and route.id not in bodies) or route.id in skipped:
            continue
        answer = await stranger.ask(route, places, bodies)
        if route.path.endswith(OWN):
            assert [value for value in answer.json().values() if value] == [], route
        else:
            assert answer.status_code == 404, (route, answer.text)
        if route.method == "get" and route.id not in UNASKED:
            there = await stranger.client.get(route.path.format(**places), headers=insider)
            assert there.status_code == 200, (route, there.text)
        asked.add(route.id)
    assert asked >= bodies.keys()
    assert (await stage.counts(), await rows(stage)) == before


@pytest.mark.asyncio
async def test_lists_and_settings_are_of_the_callers_own_brand(
    stage: Stage, app: Litestar, places: Places, stranger: Stranger
) -> None:
    """Each route that names nothing, or makes what it names, works, and another brand's is not in it."""
    secrets = ("acme", "Acme", *(places[name] for name in IDS))
    await stranger.client.put("/v1/manage/badge-issuer", json=ISSUER, headers=stranger.headers)
    before = (await stage.counts(), await rows(stage))
    asked = set()
    for route in routes(app):
        if route.id in TOKENLESS | BY_CODE | ENDING or ("{" in route.path and route.id not in OWN_BRAND):
            continue
        answer = await stranger.ask(route, places, OWN_BRAND)
        assert answer.is_success, (route, answer.text)
        assert [each for each in secrets if each in answer.text] == [], (route, answer.text)
        asked.add(route.id)
    assert asked >= OWN_BRAND.keys()
    assert (await stage.counts(), await rows(stage)) == before


@pytest.mark.asyncio
async def test_another_brands_key_signs_nothing(
    stage: Stage, places: Places, stranger: Stranger, other_issuer: Issuer, clock: ManualClock
) -> None:
    """An event for a brand's source, signed by another's source of the same name, is refused with 401."""
    own = await Office(stranger.client, other_issuer, clock).sender(places["source"])
    before = await rows(stage)
    stolen = Sender(stranger.client, clock, path="/v1/webhooks/acme.shop", key=own.key)
    assert (await stolen.send()).status_code == 401
    assert await rows(stage) == before
    assert (await own.send()).status_code == 202
