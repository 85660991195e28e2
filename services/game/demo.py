"""The demonstration brand of the embedded run."""

from typing import Any

from game.settings import Settings


async def load(settings: Settings, *, issuer: str, jwks: dict[str, Any]) -> None:
    """Bring the brand and its campaigns into the running service's database, where they are not there yet."""
