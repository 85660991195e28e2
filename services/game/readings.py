"""Who has opened a secret: noted before it is opened, in a table to which rows can only be added.

Secrets stay in the memory of a process, so one that was opened is noted once for each process that holds it.
"""

import os
import socket
from typing import Literal

import structlog

from game.db.statements import load
from game.resources import Resources

ReadingPurpose = Literal["draw", "close", "sign", "rotate"]

_SQL = load("game")

log = structlog.get_logger()


async def record_reading(
    resources: Resources, *, campaign_id: str, pool_id: str | None, purpose: ReadingPurpose
) -> None:
    """Note that this process opens the secret of a pool, or (None) the key of the campaign's log.

    Committed when it returns; on a connection of its own, so never ask from within a transaction.
    """
    process = f"{socket.gethostname()}:{os.getpid()}"
    log.info("secret.read", campaign_id=campaign_id, pool_id=pool_id, purpose=purpose, process=process)
    await resources.pool.execute(
        _SQL.insert_reading, campaign_id, resources.new_id(), pool_id, purpose, process, resources.clock()
    )
