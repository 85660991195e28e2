"""What players are told of their plays, and uncovering tickets, for all who ask meanwhile."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from game import telemetry
from game.audit.proofs import Tree, receipts_in
from game.batch import Batcher
from game.campaigns.rules import Game, PoolTerms
from game.campaigns.service import pool_terms
from game.errors import Conflict, Invalid, NotFound, Refusal
from game.plays.drawing import Drawn
from game.plays.rules import Play
from game.plays.store import PlayerKey
from game.plays.telling_store import Found, TicketKey, find_told, uncover
from game.plays.views import Face, PlayView, draw_views, play_view, seat_view
from game.resources import Resources
from game.scores.service import uncovered

# With ten draws each, what one batch computes without a pause takes tens of milliseconds.
ASKS_PER_BATCH: Final = 64
WAITING_MAX: Final = 4_096


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A play that its player wants to be told, and which of its tickets to uncover before that."""

    campaign_id: str
    play_id: UUID
    player_id: UUID
    tickets: Sequence[int] = ()

    @property
    def key(self) -> PlayerKey:
        """The play's."""
        return self.campaign_id, self.play_id


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is told: a play of whoever asks, its pool's terms, and its draws as they are shown then."""

    found: Found
    terms: PoolTerms
    draws: Sequence[Drawn]


class Teller:
    """Tells the plays that one process is asked for, as the database has them."""

    def __init__(self, resources: Resources, *, faces: Mapping[Game, Face]) -> None:
        self._resources = resources
        self._faces = faces
        self._asks: Batcher[Ask, PlayView] = Batcher(
            self._answer, batch_limit=ASKS_PER_BATCH, waiting_limit=WAITING_MAX
        )

    async def tell(self, ask: Ask) -> PlayView:
        """A play; its receipts are those of the moment at which it had settled.

        NotFound for one that is not the player's. Tickets that are uncovered already stay so.
        """
        return await self._asks.submit(ask)

    async def _answer(self, batch: Sequence[Ask]) -> Sequence[PlayView | Refusal]:
        telemetry.BATCHES.labels("tell").observe(len(batch))
        async with self._resources.pool.acquire() as conn:
            found = await find_told(conn, {ask.key for ask in batch})
        now_ms = self._resources.clock()
        cases = [await self._case(ask, found.get(ask.key), now_ms=now_ms) for ask in batch]
        told = [case for case in cases if isinstance(case, _Case)]
        await self._uncover(_changed(told), now_ms=now_ms)
        receipts = await receipts_in(self._resources, _wanted(told))
        return [self._view(case, receipts) if isinstance(case, _Case) else case for case in cases]

    async def _case(self, ask: Ask, found: Found | None, *, now_ms: int) -> _Case | Refusal:
        if found is None or found.play.player_id != ask.player_id:
            return no_such_play()
        terms = await pool_terms(self._resources, campaign_id=ask.campaign_id, pool_id=found.play.pool_id)
        refusal = _why_not(found.play, terms, ask.tickets) if ask.tickets else None
        shown = [
            msgspec.structs.replace(each, uncovered_ms=now_ms)
            if each.uncovered_ms is None and each.nth in ask.tickets
            else each
            for each in found.draws
        ]
        return refusal or _Case(found=found, terms=terms, draws=shown)

    async def _uncover(self, tickets: Collection[TicketKey], *, now_ms: int) -> None:
        if tickets:
            async with self._resources.pool.acquire() as conn, conn.transaction():
                entries = await uncover(conn, tickets, now_ms=now_ms)
                for campaign_id in sorted(entries):
                    await uncovered(conn, self._resources, entries[campaign_id], campaign_id=campaign_id)

    def _view(self, case: _Case, receipts: Mapping[Tree, Mapping[int, str]]) -> PlayView:
        play, seat, tag = case.found.play, case.found.seat, case.found.tag
        proofs = {} if play.log_size is None else receipts[play.campaign_id, play.log_size]
        draws = draw_views(case.terms, case.draws, proofs, self._faces[case.terms.game])
        view = None if seat is None or tag is None else seat_view(seat, tag)
        return play_view(case.terms, play, view, draws)


def no_such_play() -> NotFound:
    """The refusal of whoever asks for a play that is not there, or not theirs."""
    return NotFound("play_not_found", "There is no such play of yours.")


def _why_not(play: Play, terms: PoolTerms, tickets: Sequence[int]) -> Refusal | None:
    if terms.game != "scratch":
        return Conflict("not_a_scratch_card", "This play has no tickets to uncover.")
    if play.state != "settled":
        return Conflict("not_settled", "The play has no tickets yet.", state=play.state)
    if max(tickets) > play.draws:
        return Invalid(
            "no_such_ticket", f"The play has {play.draws} tickets.", tickets=play.draws, asked=max(tickets)
        )
    return None


def _changed(cases: Sequence[_Case]) -> set[TicketKey]:
    return {
        (case.found.play.campaign_id, case.found.play.play_id, shown.nth)
        for case in cases
        for was, shown in zip(case.found.draws, case.draws, strict=True)
        if shown is not was
    }


def _wanted(cases: Sequence[_Case]) -> dict[Tree, set[int]]:
    wanted: defaultdict[Tree, set[int]] = defaultdict(set)
    for case in cases:
        if (size := case.found.play.log_size) is not None:
            wanted[case.found.play.campaign_id, size].update(each.entry_index for each in case.draws)
    return wanted
