"""A manager at work, over HTTP, and the campaigns that tests start from."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec

from game.instants import to_datetime
from game.players import player_id_of
from game.resources import Resources
from ledger_client import Account, LedgerUnreachable
from ledger_client.testing import FakeLedger
from tests.support.service import STARTED_MS
from tests.support.tokens import Issuer

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OPENS_MS = STARTED_MS + HOUR_MS
CLOSES_MS = STARTED_MS + 10 * DAY_MS
NAME = {"zh": "转盘", "en": "Wheel"}
PATH = "/v1/manage/campaigns"


def rfc3339(ms: int) -> str:
    """An instant as it is written on the wire."""
    return to_datetime(ms).isoformat().replace("+00:00", "Z")


def campaign(**changes: Any) -> dict[str, Any]:
    """A campaign that is open from in an hour on, for ten days."""
    schedule = {"opens": rfc3339(OPENS_MS), "closes": rfc3339(CLOSES_MS), "time_zone": "Asia/Shanghai"}
    rules = {"zh": "规则", "en": "Rules"}
    return {
        "name": NAME,
        "rules": rules,
        "schedule": schedule,
        "limits": {"per_day": 5, "total": 20},
    } | changes


def prize(kind: str = "nothing", amount: int | None = None, **more: Any) -> dict[str, Any]:
    """What a row pays: one of it, unless said otherwise."""
    default = 0 if kind == "nothing" else 1
    value = {"value_fen": 100, "value_source": "list price", "value_date": "2026-09-01"}
    return {"kind": kind, "amount": default if amount is None else amount, "name": NAME} | value | more


def wheel(**changes: Any) -> dict[str, Any]:
    """A wheel of five phones, vouchers for ten, and points for the others: at most 1,000 draws."""
    rows = [
        {"id": "phone", "weight": 1, "stock": 5, "limit": 1, "else": "tea", "prize": prize("goods")},
        {
            "id": "tea",
            "weight": 9,
            "stock": 10,
            "else": "ten",
            "prize": prize("voucher", voucher_batch="tea"),
        },
        {"id": "ten", "weight": 90, "prize": prize("points", 10)},
        {"id": "thanks", "weight": 900, "prize": prize()},
    ]
    fields = {"pool_id": "main", "game": "wheel", "price_points": 50, "seat_draws": 32, "draws_cap": 1000}
    return fields | {"rows": rows} | changes


def cards(**changes: Any) -> dict[str, Any]:
    """A hundred scratch cards: one pays 500 points, nine pay 20."""
    rows = [
        {"id": "gold", "count": 1, "prize": prize("points", 500)},
        {"id": "silver", "count": 9, "prize": prize("points", 20)},
        {"id": "thanks", "count": 90, "prize": prize()},
    ]
    fields = {"pool_id": "cards", "game": "scratch", "price_points": 20, "seat_draws": 32}
    return fields | {"rows": rows} | changes


def with_row(table: dict[str, Any], index: int, **changes: Any) -> dict[str, Any]:
    """The table with some fields of a row changed; None removes a field."""
    rows = [dict(row) for row in table["rows"]]
    rows[index] |= changes
    kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return table | {"rows": kept}


class Someone(msgspec.Struct, frozen=True):
    """A subject of the brand `acme`."""

    subject: str
    brand_id: str = "acme"


async def _at_once() -> None:
    """Nothing happens."""


async def unreachable() -> None:
    """The ledger does not answer questions."""
    raise LedgerUnreachable("no answer")


class AskedLedger(FakeLedger):
    """A ledger in memory that does what a test wants before it answers what an account holds."""

    before_account: Callable[[], Awaitable[None]] = staticmethod(_at_once)

    async def account(self, account_id: str) -> Account:
        """The balance, after whatever the test does first."""
        await self.before_account()
        return await super().account(account_id)


class Office:
    """The manager `mia` of the brand `acme`."""

    def __init__(
        self, client: httpx.AsyncClient, issuer: Issuer, ledger: AskedLedger, resources: Resources
    ) -> None:
        self.client = client
        self.issuer = issuer
        self.ledger = ledger
        self.resources = resources

    async def send(self, method: str, path: str, body: Any = None, *, subject: str = "mia") -> httpx.Response:
        """Ask for something below the managers' path."""
        headers = self.issuer.headers(subject, "manager")
        return await self.client.request(method, PATH + path, json=body, headers=headers)

    async def post(self, path: str, body: Any = None) -> Any:
        """Ask for something that must succeed; the answer."""
        response = await self.send("POST", path, body)
        assert response.is_success, response.text
        return response.json()

    async def show(self, campaign_id: str) -> Any:
        """The campaign as its managers see it."""
        response = await self.send("GET", f"/{campaign_id}")
        assert response.status_code == 200, response.text
        return response.json()

    async def as_player(self, campaign_id: str, subject: str = "ann") -> Any:
        """The campaign as a player sees it."""
        headers = self.issuer.headers(subject)
        response = await self.client.get(f"/v1/campaigns/{campaign_id}", headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def draft(self, *pools: dict[str, Any], **changes: Any) -> str:
        """A draft with these pools, its budget not funded; its id."""
        made = await self.post("", campaign(**changes))
        for pool in pools:
            await self.post(f"/{made['campaign_id']}/pools", pool)
        return str(made["campaign_id"])

    async def funded(self, *pools: dict[str, Any], points: int = 20_000, **changes: Any) -> str:
        """A draft with these pools, 20 voucher codes and a budget; its id."""
        campaign_id = await self.draft(*pools, **changes)
        await self.add_codes(campaign_id, 20)
        self.ledger.fund(f"campaign:{campaign_id}:budget", points)
        return campaign_id

    async def add_codes(self, campaign_id: str, count: int) -> Any:
        """Upload voucher codes of the batch `tea`."""
        codes = [f"TEA-{number:04}" for number in range(count)]
        return await self.post(f"/{campaign_id}/vouchers", {"voucher_batch": "tea", "codes": codes})

    async def launched(self, *pools: dict[str, Any], points: int = 20_000, **changes: Any) -> str:
        """A live campaign with these pools; its id."""
        campaign_id = await self.funded(*pools, points=points, **changes)
        await self.post(f"/{campaign_id}/launch")
        return campaign_id

    async def entries(self, campaign_id: str) -> list[dict[str, Any]]:
        """The campaign's log."""
        rows = await self.resources.pool.fetch(
            "SELECT entry FROM log_entry WHERE campaign_id = $1 ORDER BY entry_index", campaign_id
        )
        return [msgspec.json.decode(row["entry"]) for row in rows]

    async def changes(self, campaign_id: str) -> list[dict[str, Any]]:
        """The campaign's change log."""
        response = await self.send("GET", f"/{campaign_id}/changes")
        assert response.status_code == 200, response.text
        found = response.json()["changes"]
        assert isinstance(found, list)
        return found

    async def start_play(self, campaign_id: str, pool_id: str, *, state: str = "funding") -> None:
        """Store a play that is not finished, as accepting one would."""
        player_id = await player_id_of(self.resources, Someone("ann"))
        await self.resources.pool.execute(
            "WITH reserved AS (UPDATE pool SET draws_reserved = draws_reserved + 1"
            " WHERE campaign_id = $1 AND pool_id = $4)"
            " INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest,"
            " state, draws, paid_with, price_points, day, accepted_ms, apply_before_ms, next_attempt_ms)"
            " VALUES ($1, $2, $3, $4, 'key', sha256('key'), $5, 1, 'points', 50, '2026-09-21', 1, 1, 1)",
            campaign_id, self.resources.new_id(), player_id, pool_id, state,
        )  # fmt: skip

    async def give_up_plays(self, campaign_id: str) -> None:
        """Release what is unfinished, as a refused debit would."""
        await self.resources.pool.execute(
            "WITH ended AS (UPDATE play SET state = 'cancelled', finished_ms = 2 WHERE campaign_id = $1"
            " AND state IN ('funding', 'resolving', 'review', 'paid'))"
            " UPDATE pool SET draws_reserved = 0 WHERE campaign_id = $1",
            campaign_id,
        )
