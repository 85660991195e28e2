"""What a player shares with others by codes: a gift and a group."""

from typing import Any

from tests.support.stage import Guest


async def shared(ann: Guest) -> dict[str, str]:
    """A gift of a chance, and a group with a code; their names."""
    campaign = f"/campaigns/{ann.campaign_id}/me"
    made = await _made(ann, f"{campaign}/gifts", {"kind": "chances", "amount": 1})
    group = await _made(ann, "/me/groups", {"name": "Acme's", "nickname": "ann"})
    invited = await _made(ann, f"/me/groups/{group['id']}/invitations", {})
    return {
        "gift_id": made["gift"]["id"],
        "gift_code": made["code"],
        "group_id": group["id"],
        "member_id": group["members"][0]["id"],
        "group_code": invited["code"],
    }


async def _made(ann: Guest, path: str, body: Any) -> Any:
    answer = await ann.send("POST", path, body, **{"Idempotency-Key": path})
    assert answer.status_code == 201, answer.text
    return answer.json()
