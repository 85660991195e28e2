"""A hostile manager, who wants players worse off and the audit passed."""

from typing import Any

import msgspec
import pytest

from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import replace_pool
from game.errors import Invalid
from tests.support.pools import cards, wheel
from tests.support.stage import MANAGER, Stage

CHEAPER: list[tuple[int, dict[str, Any], str]] = [
    (0, {"kind": "nothing", "amount": 0}, "kind"),
    (0, {"kind": "points", "amount": 1}, "kind"),
    (0, {"value_fen": 99}, "value_fen"),
    (2, {"amount": 1}, "amount"),
    (3, {"amount": 24}, "amount"),
    (3, {"kind": "chances"}, "kind"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("row", "changes", "field"), CHEAPER)
async def test_a_replacement_pays_no_less(
    backstage: Stage, row: int, changes: dict[str, Any], field: str
) -> None:
    """The log has only the rows' ids, so that a prize behind the same id could be made a lesser one."""
    campaign_id = await backstage.launch(wheel())
    draft = msgspec.convert(with_prize(wheel("next"), row, changes), PoolDraft)
    with pytest.raises(Invalid) as refused:
        await replace_pool(backstage.resources, MANAGER, draft, campaign_id=campaign_id, pool_id="wheel")
    assert refused.value.numbers["field"] == f"$.rows[{row}].prize.{field}"


@pytest.mark.asyncio
async def test_a_replacement_may_pay_more(backstage: Stage) -> None:
    """More points, and a prize where there was none."""
    campaign_id = await backstage.launch(cards())
    richer = with_prize(cards("next"), 0, {"amount": 101})
    richer = with_prize(richer, 2, {"kind": "points", "amount": 1})
    draft = msgspec.convert(richer, PoolDraft)
    assert await replace_pool(backstage.resources, MANAGER, draft, campaign_id=campaign_id, pool_id="cards")


def with_prize(pool: dict[str, Any], row: int, changes: dict[str, Any]) -> dict[str, Any]:
    """The pool with another prize behind a row."""
    rows = [dict(each) for each in pool["rows"]]
    rows[row]["prize"] = rows[row]["prize"] | changes
    return pool | {"rows": rows}
