"""A campaign's log in memory, written page by page with the service's own pure functions."""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.campaigns.rules import Participation, PoolState, PoolTerms, Prize, Text
from game.errors import Refusal
from game.fair.draw import commit, first_stock
from game.fair.entries import CloseEntry, PoolEntry, decode, encode, leaf_hash
from game.fair.merkle import root
from game.fair.note import Verifier, checkpoint_body, sign, vkey
from game.fair.replay import apply_entry
from game.fair.rounds import QUICKNET_CHAIN, round_time_ms
from game.fair.state import LogState
from game.fair.verify import Report, verify_log
from game.plays.drawing import Drawn, Page, Stake, log_beacon, log_seat, offer_seat, seated
from game.plays.rules import Asked, Play, Seat, Seated, Standpoint, accept
from game.plays.settling import SEAT_ID_BYTES, TAG_BYTES, Funded, Settling, settle_plays

OPENS_MS = 1_790_000_000_000
CLOSES_MS = OPENS_MS + 86_400_000
TTL_MS = 60_000
CAMPAIGN = "campaign0001"
ORIGIN = f"acme.test/{CAMPAIGN}"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = Verifier.parse(vkey(ORIGIN, KEY.public_key()))
BEACON = {"chain": QUICKNET_CHAIN, "delay": 2}
PLAYERS = tuple(UUID(int=number) for number in range(1, 6))


def secret_of(pool_id: str) -> bytes:
    """The secret of a pool: another one for each id."""
    return hashlib.sha256(pool_id.encode()).digest()


def signature_of(round_: int) -> bytes:
    """What stands for the beacon's signature of a round."""
    return hashlib.shake_256(b"round %d" % round_).digest(48)


def table(pool_id: str, rows: Sequence[dict[str, Any]], *, index: int = 0, **fields: Any) -> PoolEntry:
    """A pool's entry; a table with counts is a scratch pool, any other a wheel."""
    is_urn = "count" in rows[0]
    total = sum(row["count" if is_urn else "weight"] for row in rows)
    game = {"game": "scratch", "tickets": total} if is_urn else {"game": "wheel", "weight": total}
    entry = {
        "k": "pool", "v": 1, "i": index, "t": OPENS_MS, "pool": pool_id, "rows": list(rows), "price": 10,
        "seat_draws": 8, "opens": OPENS_MS, "closes": CLOSES_MS, "commit": commit(secret_of(pool_id)).hex(),
        "rules": "ab" * 32, **game, **fields,
    }  # fmt: skip
    decoded = decode(msgspec.json.encode(entry, order="sorted"))
    assert isinstance(decoded, PoolEntry)
    return decoded


def terms_of(entry: PoolEntry, **changes: Any) -> PoolTerms:
    """A published pool with this entry, without limits; every row pays nothing."""
    terms = PoolTerms(
        campaign_id=CAMPAIGN,
        brand_id="acme",
        pool_id=entry.pool,
        lineage_id=entry.pool,
        game=entry.game,
        price_points=entry.price,
        seat_draws=entry.seat_draws,
        opens_ms=entry.opens,
        closes_ms=entry.closes,
        time_zone="Asia/Shanghai",
        limit_per_day=None,
        limit_total=None,
        entry=entry,
        entry_index=entry.i,
        pool_hash=leaf_hash(encode(entry)),
        prizes=tuple(_prize(row.id, ordinal) for ordinal, row in enumerate(entry.rows)),
        secret_sealed=b"",
    )
    return msgspec.structs.replace(terms, **changes)


def _prize(row_id: str, ordinal: int) -> Prize:
    return Prize(
        row_id=row_id,
        ordinal=ordinal,
        kind="nothing",
        amount=0,
        voucher_batch=None,
        badge=None,
        name=Text(zh=row_id, en=row_id),
        value_fen=0,
        value_source="none",
        value_date=date(2026, 1, 1),
    )


class Book:
    """What the database holds of one campaign between two pages of its log. Time stands still until moved."""

    def __init__(self, *entries: PoolEntry) -> None:
        self.now_ms = OPENS_MS
        self.lines = [encode(entry) for entry in entries]
        terms = [terms_of(entry) for entry in entries]
        self.stakes = {
            t.pool_id: Stake(terms=t, secret=secret_of(t.pool_id), takes_seats=True) for t in terms
        }
        self.left = {entry.pool: first_stock(entry) for entry in entries}
        self.states = {entry.pool: _state(entry) for entry in entries}
        self.standings: dict[tuple[str, UUID], Seated] = {}
        self.seats: dict[bytes, Seat] = {}
        self.rounds: dict[int, bytes] = {}
        self.plays: dict[UUID, Play] = {}
        self.draws: list[Drawn] = []
        self._numbers = itertools.count()

    def entropy(self, length: int) -> bytes:
        """Bytes that never come twice."""
        return hashlib.shake_256(b"book %d" % next(self._numbers)).digest(length)

    def page(self) -> Page:
        """The next page, still empty."""
        return Page(
            campaign_id=CAMPAIGN,
            size=len(self.lines),
            t_ms=self.now_ms,
            stakes=self.stakes,
            left={pool_id: list(left) for pool_id, left in self.left.items()},
            standings=dict(self.standings),
            seats=dict(self.seats),
            rounds=dict(self.rounds),
        )

    def keep(self, page: Page) -> None:
        """Commit a page."""
        self.lines += page.entries
        self.left, self.standings = page.left, page.standings
        self.seats, self.rounds = page.seats, page.rounds
        self.draws += page.draws

    def sit(self, player_id: UUID, pool_id: str, seed: bytes = bytes(16)) -> Seat:
        """Log a seat on a page of its own."""
        page = self.page()
        stake = self.stakes[pool_id]
        tag = seated(page, stake.terms, player_id, tag=self.entropy(TAG_BYTES)).tag
        offered = offer_seat(page, stake, player_id, seat_id=self.entropy(SEAT_ID_BYTES))
        seat = log_seat(page, stake, offered, tag=tag, seed=seed)
        self.keep(page)
        return seat

    def ask(self, player_id: UUID, pool_id: str, draws: int = 1) -> Play | None:
        """Accept a play, in a new seat where the pool wants one; None: it is refused."""
        try:
            return self._accept(player_id, pool_id, draws)
        except Refusal as refusal:
            if refusal.code != "seat_required":
                return None
        self.sit(player_id, pool_id)
        try:
            return self._accept(player_id, pool_id, draws)
        except Refusal:
            return None

    def _accept(self, player_id: UUID, pool_id: str, draws: int) -> Play:
        asked = Asked(
            terms=self.stakes[pool_id].terms,
            play_id=UUID(bytes=self.entropy(16)),
            player_id=player_id,
            account="player:acme.ann",
            idempotency_key="key",
            draws=draws,
            paid_with="points",
        )
        at = Standpoint(
            pool=self.states[pool_id],
            taken=Participation(draws_total=0, day=date(2026, 1, 1), draws_today=0),
            seat=self.page().live_seat(pool_id, player_id),
            lots=(),
        )
        accepted = accept(asked, at, now_ms=self.now_ms, operation_ttl_ms=TTL_MS, ledger_available=True)
        self.states[pool_id] = accepted.after.pool
        if accepted.after.seat is not None:
            self.seats[accepted.after.seat.seat_id] = accepted.after.seat
        self.plays[accepted.play.play_id] = accepted.play
        return accepted.play

    def settle(self, *plays: Play, rounds: Iterable[int] = ()) -> Settling:
        """Drive funded plays on in this order, on one page that begins with the values of rounds."""
        page = self.page()
        for round_ in rounds:
            log_beacon(page, round_, signature_of(round_))
        funded = {p.play_id: Funded(ledger_seq=1, balance_points=7) for p in plays if p.state == "funding"}
        queues = self.queues()
        order = dict.fromkeys([*(p.play_id for p in plays), *itertools.chain(*queues.values())])
        settling = Settling(
            plays={play_id: self.plays[play_id] for play_id in order}, funded=funded, queues=queues
        )
        settle_plays(page, settling, list(order), entropy=self.entropy, now_ms=self.now_ms)
        self.keep(page)
        self.plays |= settling.plays
        return settling

    def queues(self) -> dict[str, list[UUID]]:
        """The plays of sealed pools that are seated and not drawn, in the order of their seats."""
        queues: dict[str, list[UUID]] = {id_: [] for id_, s in self.stakes.items() if s.terms.is_sealed}
        waiting = [play for play in self.plays.values() if play.state == "paid" and play.pool_id in queues]
        places = {play.seat_id: play for play in waiting if play.seat_id}
        for seat in sorted(self.seats.values(), key=lambda seat: seat.entry_index or 0):
            if seat.seat_id in places:
                queues[seat.pool_id].append(places[seat.seat_id].play_id)
        return queues

    def awaited(self) -> list[int]:
        """The rounds that seats name and that do not stand in the log."""
        named = {seat.round for seat in self.seats.values() if seat.round is not None}
        return sorted(named - self.rounds.keys())

    def close(self) -> None:
        """Close every pool at its time."""
        for pool_id, stake in self.stakes.items():
            drawn = sum(draw.pool_id == pool_id for draw in self.draws)
            index = stake.terms.entry_index
            entry = CloseEntry(
                i=len(self.lines), t=CLOSES_MS, pool=index, secret=stake.secret.hex(), draws=drawn
            )
            self.lines.append(encode(entry))

    def verified(self) -> Report:
        """What the auditor says of the log, under a checkpoint as it stands."""
        body = checkpoint_body(ORIGIN, len(self.lines), root([leaf_hash(line) for line in self.lines]))
        return verify_log(self.lines, sign(body, ORIGIN, KEY), VERIFIER)

    def replayed(self) -> LogState:
        """What the auditor's replay remembers of the log."""
        log = LogState()
        for line in self.lines:
            apply_entry(log, line, leaf_hash(line))
        return log


def _state(entry: PoolEntry) -> PoolState:
    return PoolState(
        campaign_state="live",
        state="live",
        accepting=True,
        draws_reserved=0,
        draws_cap=entry.tickets,
    )


def late_enough(rounds: Iterable[int]) -> int:
    """A time at which all these rounds are public."""
    return max(map(round_time_ms, rounds), default=0)
