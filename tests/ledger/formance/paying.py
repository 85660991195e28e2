"""Operations of a player and a shop, sent through the adapter."""

import asyncio

from ledger_client import Applied, Lane, Leg, Operation, Outcome, encode
from ledger_client.adapters import FormanceLedger
from ledger_client.operations import ISSUER
from tests.ledger.serving import START_MS

ANN, SHOP, FUNDS = "player:ann", "house:c", "campaign:c:budget"
LIFETIME_MS = 60_000


def operation(operation_id: str, *legs: tuple[str, str, int]) -> Operation:
    """Legs are (debit, credit, amount)."""
    return Operation(
        operation_id,
        START_MS + LIFETIME_MS,
        tuple(Leg(debit, credit, amount, "test") for debit, credit, amount in legs),
        "test",
    )


PAY = operation("pay", (ANN, SHOP, 20))


async def send(ledger: FormanceLedger, what: Operation, *, seconds: float = 10.0) -> Outcome:
    """Apply it."""
    return await ledger.apply(
        operation_id=what.id,
        body=encode(what),
        lane=Lane.PLAY,
        subject=what.legs[0].debit,
        deadline=asyncio.get_running_loop().time() + seconds,
    )


async def fund(ledger: FormanceLedger, amount: int, *, name: str = "fund") -> None:
    """Give Ann points."""
    assert isinstance(await send(ledger, operation(name, (ISSUER, ANN, amount))), Applied)
