"""What managers and players do with badges that are exported."""

from typing import Any

import httpx

from tests.badges.album import Album

ISSUER = {"name": "Acme Tea", "url": "https://acme.example", "email": "badges@acme.example"}


class Wallet:
    """An album whose badges are exported."""

    def __init__(self, album: Album) -> None:
        self.album = album
        self.office = album.office

    @property
    def path(self) -> str:
        """Where a player's badges are."""
        return f"/v1/campaigns/{self.album.campaign_id}/me/badges"

    async def manage(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        """Ask for something of the brand's issuer as its manager."""
        return await self.office.client.request(
            method,
            f"/v1/manage/badge-issuer{path}",
            headers=self.office.issuer.headers("mia", "manager"),
            json=body,
        )

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """Name who issues, which must succeed; the answer."""
        answer = await self.manage("PUT", body=ISSUER | changes)
        assert answer.status_code == 200, answer.text
        named: dict[str, Any] = answer.json()
        return named

    async def awarded(self, subject: str = "ann", badge: str = "ox") -> str:
        """Give a player a badge; the award's id."""
        before = {each["id"] for each in await self.awards(subject)}
        await self.album.give(subject, badge)
        [award] = {each["id"] for each in await self.awards(subject)} - before
        return str(award)

    async def awards(self, subject: str = "ann") -> list[dict[str, Any]]:
        """A player's awards, newest first."""
        answer = await self.office.client.get(
            f"{self.path}/awards", headers=self.office.issuer.headers(subject)
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["awards"]
        return found

    async def ask(self, award: str, *, subject: str = "ann", **said: Any) -> httpx.Response:
        """Ask for a credential, in English unless said otherwise."""
        return await self.office.client.post(
            f"{self.path}/{award}/credential",
            headers=self.office.issuer.headers(subject),
            json={"language": "en"} | said,
        )

    async def exported(self, award: str, **said: Any) -> str:
        """A credential that must be given; its JWT."""
        answer = await self.ask(award, **said)
        assert answer.status_code == 200, answer.text
        jwt: str = answer.json()["jwt"]
        return jwt
