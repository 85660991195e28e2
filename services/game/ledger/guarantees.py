"""Whether the ledger guarantees what plays need (docs/decisions/0008-adapters.md)."""

import asyncio
from typing import Final

from game.settings import Settings
from ledger_client import Options
from ledger_client.adapters import open_ledger

ASK_SECONDS: Final = 1.0


async def lacking(settings: Settings) -> tuple[str, ...]:
    """The guarantees that are needed and not given.

    Raises `LedgerUnreachable`, `LedgerBug` or TimeoutError when the ledger does not say within a second.
    """
    ledger = open_ledger(settings.ledger_url, settings.ledger_token, Options())
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return (await ledger.capabilities()).lacking
    finally:
        await ledger.close()
