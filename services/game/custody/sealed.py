"""All columns that hold sealed values. A test compares them with the schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from game.audit.service import key_purpose as log_key_purpose
from game.boards.groups.inviting import code_purpose as group_code_purpose
from game.campaigns.service import secret_purpose as pool_secret_purpose
from game.credentials.issuing import key_purpose as issuer_key_purpose
from game.gifts.giving import code_purpose as gift_code_purpose
from game.webhooks.out.endpoints import secret_purpose as endpoint_purpose
from game.webhooks.trust import key_purpose as source_key_purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values, the primary key of its table, and what a row's value is bound to.

    `is_noted`: that somebody opens such a value is noted (game/readings.py).
    """

    table: str
    column: str
    key: tuple[str, ...]
    purpose: Callable[[Mapping[str, Any]], str]
    is_noted: bool = False

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def _endpoint(row: Mapping[str, Any]) -> str:
    return endpoint_purpose(row["endpoint_id"])


_ENDPOINT_KEY = ("brand_id", "endpoint_id")

SEALED = (
    SealedColumn(
        table="pool",
        column="secret_sealed",
        key=("campaign_id", "pool_id"),
        purpose=lambda row: pool_secret_purpose(campaign_id=row["campaign_id"], pool_id=row["pool_id"]),
        is_noted=True,
    ),
    SealedColumn(
        table="log",
        column="key_sealed",
        key=("campaign_id",),
        purpose=lambda row: log_key_purpose(row["campaign_id"]),
        is_noted=True,
    ),
    SealedColumn(
        table="badge_issuer",
        column="key_sealed",
        key=("brand_id", "version"),
        purpose=lambda row: issuer_key_purpose(row["brand_id"], row["version"]),
    ),
    SealedColumn(
        table="gift",
        column="code_sealed",
        key=("campaign_id", "gift_id"),
        purpose=lambda row: gift_code_purpose(row["campaign_id"], row["gift_id"]),
    ),
    SealedColumn(
        table="group_invitation",
        column="code_sealed",
        key=("brand_id", "group_id", "invitation_id"),
        purpose=lambda row: group_code_purpose(row["brand_id"], row["group_id"], row["invitation_id"]),
    ),
    SealedColumn(
        table="webhook_key",
        column="sealed",
        key=("brand_id", "source", "key_id"),
        purpose=lambda row: source_key_purpose(row["key_id"]),
    ),
    SealedColumn(table="webhook_endpoint", column="sealed", key=_ENDPOINT_KEY, purpose=_endpoint),
    SealedColumn(table="webhook_endpoint", column="sealed_before", key=_ENDPOINT_KEY, purpose=_endpoint),
)
