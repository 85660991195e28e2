"""A campaign that is live, staged over HTTP, with a play and a prize of somebody in it."""

from importlib.resources import files
from typing import Any

import httpx
import msgspec

from game.instants import to_datetime
from game.resources import system_clock
from ledger_client import budget, player
from ledger_client.testing import FakeLedger

DAY_MS = 24 * 3_600_000
BUDGET_POINTS = 100_000_000
PLAYER_POINTS = 1_000_000
DRAWS = 10


class World:
    """Calls of somebody who may do everything, against a service whose ledger is in memory."""

    def __init__(self, url: str, headers: dict[str, str], ledger: FakeLedger) -> None:
        self.url = url
        self.headers = headers
        self.ledger = ledger
        self.ids: dict[str, str] = {}

    def stage(self, *, subject: str) -> None:
        """Launch the demonstration's wheel, and play until there is a prize; `ids` has what there is then."""
        self.ledger.fund(player(subject), PLAYER_POINTS)
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=30) as client:
            self._launch(client)
            self._play(client)

    def _launch(self, client: httpx.Client) -> None:
        demonstration = msgspec.json.decode(files("game").joinpath("demo.json").read_bytes())[0]
        now_ms = system_clock()
        schedule = {
            "opens": to_datetime(now_ms).isoformat(),
            "closes": to_datetime(now_ms + DAY_MS).isoformat(),
            "time_zone": "Asia/Shanghai",
        }
        draft = demonstration["campaign"] | {"schedule": schedule}
        campaign_id = sent(client.post("/v1/manage/campaigns", json=draft))["campaign_id"]
        self.ledger.fund(budget(campaign_id), BUDGET_POINTS)
        managed = f"/v1/manage/campaigns/{campaign_id}"
        sent(client.post(f"{managed}/pools", json=demonstration["pool"]))
        for batch, count in demonstration["vouchers"].items():
            codes = [f"{batch}-{number}" for number in range(count)]
            sent(client.post(f"{managed}/vouchers", json={"voucher_batch": batch, "codes": codes}))
        sent(client.post(f"{managed}/launch"))
        self.ids |= {"campaign_id": campaign_id, "pool_id": demonstration["pool"]["pool_id"]}

    def _play(self, client: httpx.Client) -> None:
        campaign = f"/v1/campaigns/{self.ids['campaign_id']}"
        pool = f"{campaign}/pools/{self.ids['pool_id']}"
        sent(client.post(f"{pool}/anchors"))
        sent(client.post(f"{pool}/seats", json={"seed": "00" * 16}))
        play = sent(
            client.post(
                f"{pool}/plays",
                json={"count": DRAWS, "pay_with": "points"},
                headers={"Idempotency-Key": "the-first"},
            )
        )
        prizes = sent(client.get(f"{campaign}/me/prizes"))["prizes"]
        self.ids |= {"play_id": play["id"], "prize_id": prizes[0]["id"]}


def sent(answer: httpx.Response) -> Any:
    """The body of an answer that must be a success."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json()
