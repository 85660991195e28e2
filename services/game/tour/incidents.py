"""What goes wrong for players, and what they are told."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from game.plays.rules import DRAWS_MAX
from game.plays.views import PlayView
from game.prizes.api import GrantView
from game.tour.client import Answer, play
from game.tour.guests import Made, Seated, prizes_of


class Incident(msgspec.Struct, frozen=True):
    """What was tried, what came of it in words, and whether that is what should have come of it."""

    tried: str
    came: str
    expected: bool


async def same_key(made: Made) -> Incident:
    """A retry gets the first answer, byte for byte."""
    first, again = [
        await play(made.guest.client, made.place.pool, count=made.view.count, key=made.key) for _ in range(2)
    ]
    same = first.body == again.body and first.read(PlayView, status=201) == made.view
    came = f"{again.status}, {'the same' if same else 'other'} {len(again.body)} bytes"
    return Incident("the same play again", came, expected=same)


async def other_body(made: Made) -> Incident:
    """A key cannot be used for two things."""
    answer = await play(
        made.guest.client, made.place.pool, count=made.view.count % DRAWS_MAX + 1, key=made.key
    )
    return problem("its key, another body", answer, code="idempotency_mismatch")


async def over_limit(seated: Seated) -> Incident:
    """A limit is refused with its numbers before anything is stored."""
    answer = await play(seated.guest.client, seated.place.pool, count=2, key="tour-over-limit")
    return problem("two draws past the limit", answer, code="limit_total")


def problem(tried: str, answer: Answer, *, code: str) -> Incident:
    """What should be refused with a code, and is told with its numbers."""
    told = msgspec.json.decode(answer.body, type=dict[str, Any])
    known = ("type", "title", "status", "code", "detail", "rule")
    numbers = ", ".join(f"{name} {value}" for name, value in told.items() if name not in known)
    came = f"{answer.status} {told.get('code')}" + (f" ({numbers})" if numbers else "")
    return Incident(tried, came, expected=told.get("code") == code)


async def too_poor(seated: Seated) -> tuple[Incident, Made]:
    """Who cannot pay is told how much is missing, and nothing is drawn."""
    made = await seated.play_once("tour-too-poor", count=1)
    refusal, view = made.view.refusal, made.view
    numbers = (seated.guest.start_points, seated.place.price_points)
    told = refusal is not None and (refusal.have, refusal.need) == numbers
    came = f"{view.state}: " + (f"have {refusal.have}, need {refusal.need}" if refusal else "no reason")
    expected = view.state == "rejected" and told and not view.draws
    return Incident("a draw without the points", came, expected=expected), made


async def redeem(made: Iterable[Made]) -> Incident:
    """The code of the first voucher that was won: asked for twice, it is the same, and it is ours."""
    winner = next(play for play in made if any(_is_voucher(draw.outcome) for draw in play.view.draws))
    prizes = await prizes_of(winner.guest, winner.place.campaign_id)
    voucher = next(prize for prize in prizes if prize.kind == "voucher")
    path = f"/v1/prizes/{voucher.id}/redeem"
    codes = [(await winner.guest.client.post(path)).read(GrantView, status=200).code for _ in range(2)]
    expected = voucher.code is None and codes[0] == codes[1] and codes[0] in winner.place.codes
    return Incident("a voucher", f"redeemed, code {codes[0]}", expected=expected)


def _is_voucher(outcome: Any) -> bool:
    return outcome is not None and outcome.kind == "voucher"


def unexpected(incidents: Sequence[Incident]) -> list[str]:
    """Those that came out otherwise than they should."""
    return [f"{incident.tried}: {incident.came}" for incident in incidents if not incident.expected]
