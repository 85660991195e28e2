"""Making drafts public: their secrets, their rules, their entries in the log."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from game.audit.service import Head, append, next_t_ms
from game.audit.verifier import keep_verifier
from game.campaigns import pool_store
from game.campaigns.access import Desk
from game.campaigns.checks import check_table
from game.campaigns.document import rules_document
from game.campaigns.drafts import Publication, pool_entry
from game.campaigns.records import Pool, Published
from game.campaigns.service import secret_purpose
from game.fair.draw import commit
from game.fair.entries import encode

SECRET_BYTES = 32


def prepared(
    work: Desk, head: Head, pools: Sequence[Pool], *, terms: Mapping[str, Any], replaces: Pool | None
) -> list[Published]:
    """What the pools become when they are appended to the log at this head, each with a fresh secret.

    `terms` are those of what features promise, which each pool publishes with its own.
    """
    t_ms = next_t_ms(head, work.resources.clock())
    return [
        _prepared(work, pool, terms, index=index, t_ms=t_ms, replaces=replaces)
        for index, pool in enumerate(pools, start=head.size)
    ]


async def publish(work: Desk, head: Head, published: Sequence[Published], *, accepting: bool) -> None:
    """Append pools to the log, whose head the caller has locked, and make them live."""
    await keep_verifier(work.conn)
    entries, last_t_ms = [pool.entry for pool in published], published[-1].table.t
    await append(work.conn, head=head, entries=entries, last_t_ms=last_t_ms)
    await pool_store.publish_pools(
        work.conn, published, campaign_id=work.campaign.campaign_id, accepting=accepting
    )


def _prepared(
    work: Desk, pool: Pool, terms: Mapping[str, Any], *, index: int, t_ms: int, replaces: Pool | None
) -> Published:
    campaign, resources = work.campaign, work.resources
    opens_ms = max(t_ms, campaign.opens_ms)
    secret = resources.entropy(SECRET_BYTES)
    rules = rules_document(campaign, pool.draft, terms, opens_ms=opens_ms)
    publication = Publication(
        index=index,
        t_ms=t_ms,
        opens_ms=opens_ms,
        closes_ms=campaign.closes_ms,
        commit=commit(secret),
        rules=hashlib.sha256(rules).digest(),
        replaces=replaces.entry_index if replaces else None,
    )
    table = pool_entry(pool.draft, publication)
    check_table(table, at="$")
    purpose = secret_purpose(campaign_id=campaign.campaign_id, pool_id=pool.pool_id)
    return Published(
        pool_id=pool.pool_id,
        opens_ms=opens_ms,
        closes_ms=campaign.closes_ms,
        table=table,
        entry=encode(table),
        entry_index=index,
        rules=rules,
        secret_sealed=resources.seal(secret, purpose),
    )
