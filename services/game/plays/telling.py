"""What players are told of their plays, and uncovering tickets, for all who ask meanwhile."""

import asyncio
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

# With ten draws each and nothing kept, proofs of one batch take some ten milliseconds.
ASKS_PER_BATCH: Final = 32
UNCOVERS_PER_BATCH: Final = 64
WAITING_MAX: Final = 4_096
# Some times what a batch takes on a busy machine. Whoever waits for others' locks then waits alone,
PATIENCE_SECONDS: Final = 1.0
# so many at a time.
ALONE_AT_A_TIME: Final = 4


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


class _Read(msgspec.Struct, frozen=True):
    """A play of whoever asks, and the receipts of its draws by their index."""

    found: Found
    receipts: Mapping[int, str]


class _Held(Exception):
    """Somebody holds a ticket of the batch, or what it counts for: each has to wait alone."""


class Teller:
    """Tells the plays that one process is asked for, as the database has them.

    Looks wait for no lock, and not for those who uncover. What was done before a batch failed is not done
    again when it is repeated.
    """

    def __init__(self, resources: Resources, *, faces: Mapping[Game, Face]) -> None:
        self._resources = resources
        self._faces = faces
        self._looks: Batcher[Ask, _Read | None] = Batcher(
            self._read, batch_limit=ASKS_PER_BATCH, waiting_limit=WAITING_MAX
        )
        self._uncovers: Batcher[Collection[TicketKey], None] = Batcher(
            self._uncover_together, batch_limit=UNCOVERS_PER_BATCH, waiting_limit=WAITING_MAX
        )
        self._alone = asyncio.Semaphore(ALONE_AT_A_TIME)

    async def tell(self, ask: Ask) -> PlayView:
        """A play; its receipts are those of the moment at which it had settled.

        NotFound for one that is not the player's. Tickets that are uncovered already stay so.
        """
        read = await self._looks.submit(ask)
        if read is None:
            raise no_such_play()
        play, draws = read.found.play, read.found.draws
        terms = await pool_terms(self._resources, campaign_id=play.campaign_id, pool_id=play.pool_id)
        if ask.tickets:
            draws = await self._uncovered(read.found, terms, ask.tickets)
        seat, tag = read.found.seat, read.found.tag
        view = None if seat is None or tag is None else seat_view(seat, tag)
        faces = self._faces[terms.game]
        return play_view(terms, play, view, draw_views(terms, draws, read.receipts, faces))

    async def _read(self, batch: Sequence[Ask]) -> Sequence[_Read | None]:
        telemetry.BATCHES.labels("tell").observe(len(batch))
        async with self._resources.pool.acquire() as conn:
            plays = await find_told(conn, {ask.key for ask in batch})
        own = [
            found if (found := plays.get(ask.key)) and found.play.player_id == ask.player_id else None
            for ask in batch
        ]
        receipts = await receipts_in(self._resources, _wanted([each for each in own if each]))
        return [None if each is None else _Read(each, receipts.get(_tree(each.play), {})) for each in own]

    async def _uncovered(self, found: Found, terms: PoolTerms, tickets: Collection[int]) -> list[Drawn]:
        """The draws of a play, of which these are uncovered by now."""
        play = found.play
        if refusal := _why_not(play, terms, tickets):
            raise refusal
        covered = {
            (play.campaign_id, play.play_id, each.nth)
            for each in found.draws
            if each.nth in tickets and each.uncovered_ms is None
        }
        if covered:
            try:
                await self._uncovers.submit(covered)
            except _Held:
                async with self._alone:
                    await self._uncover(covered)
        now_ms = self._resources.clock()
        return [
            msgspec.structs.replace(each, uncovered_ms=now_ms) if each.nth in tickets else each
            for each in found.draws
        ]

    async def _uncover_together(
        self, batch: Sequence[Collection[TicketKey]]
    ) -> Sequence[BaseException | None]:
        telemetry.BATCHES.labels("uncover").observe(len(batch))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._uncover({ticket for tickets in batch for ticket in tickets})
        except TimeoutError:
            return [_Held() for _ in batch]
        return [None for _ in batch]

    async def _uncover(self, tickets: Collection[TicketKey]) -> None:
        async with self._resources.pool.acquire() as conn, conn.transaction():
            entries = await uncover(conn, tickets, now_ms=self._resources.clock())
            for campaign_id in sorted(entries):
                await uncovered(conn, self._resources, entries[campaign_id], campaign_id=campaign_id)


def no_such_play() -> NotFound:
    """The refusal of whoever asks for a play that is not there, or not theirs."""
    return NotFound("play_not_found", "There is no such play of yours.")


def _why_not(play: Play, terms: PoolTerms, tickets: Collection[int]) -> Refusal | None:
    if terms.game != "scratch":
        return Conflict("not_a_scratch_card", "This play has no tickets to uncover.")
    if play.state != "settled":
        return Conflict("not_settled", "The play has no tickets yet.", state=play.state)
    if max(tickets) > play.draws:
        return Invalid(
            "no_such_ticket", f"The play has {play.draws} tickets.", tickets=play.draws, asked=max(tickets)
        )
    return None


def _tree(play: Play) -> Tree:
    return play.campaign_id, play.log_size or 0


def _wanted(plays: Sequence[Found]) -> dict[Tree, set[int]]:
    wanted: defaultdict[Tree, set[int]] = defaultdict(set)
    for each in plays:
        if each.draws:
            wanted[_tree(each.play)].update(draw.entry_index for draw in each.draws)
    return wanted
