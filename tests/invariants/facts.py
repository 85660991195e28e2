"""All that is judged, and how it hangs together: indices over rows, entries and what was told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from game.fair.entries import leaf_hash
from game.fair.merkle import EMPTY_ROOT, HASH_BYTES, fold, push
from game.fair.note import Verifier, checkpoint_body, sign, vkey
from game.fair.verify import Report, verify_log
from ledger_client import Entry
from ledger_client.outcomes import Decided
from tests.invariants.reward_rows import Reward
from tests.invariants.rows import Draw, Log, Operation, Play, Prize, Rows
from tests.invariants.told import Told

ERASED: Final = "player:erased"
GUARDED: Final = ("player:", "campaign:")
RELEASED: Final = frozenset({"rejected", "cancelled"})
FINAL: Final = RELEASED | {"settled"}
# Whoever replays a log here trusts the head that is stored, and needs no key of the operator's for that.
_AUDITOR: Final = Ed25519PrivateKey.from_private_bytes(bytes(32))


class Dip(msgspec.Struct, frozen=True):
    """A guarded account below zero after an entry."""

    entry: Entry
    account: str
    points: int


class Walk(msgspec.Struct, frozen=True):
    """The feed, added up entry by entry: `after` holds the balances of its accounts after each operation."""

    balances: Mapping[str, int]
    after: Mapping[str, Mapping[str, int]]
    dips: tuple[Dip, ...]


def walk(feed: Sequence[Entry]) -> Walk:
    """Recompute all balances from nothing."""
    balances: defaultdict[str, int] = defaultdict(int)
    after: defaultdict[str, dict[str, int]] = defaultdict(dict)
    dips: list[Dip] = []
    for entry in feed:
        for account, points in ((entry.debit, -entry.amount), (entry.credit, entry.amount)):
            balances[account] += points
            after[entry.operation_id][account] = balances[account]
        dips += [
            Dip(entry, account, balances[account])
            for account in (entry.debit, entry.credit)
            if account.startswith(GUARDED) and balances[account] < 0
        ]
    return Walk(balances, after, tuple(dips))


@dataclass(frozen=True)
class Facts:
    """Rows, the whole feed, the ledger's outcomes of our operations and its balances, and what was told.

    `posted` is what the ledger says that accounts hold; empty where it cannot be asked.
    """

    rows: Rows
    feed: tuple[Entry, ...]
    outcomes: Mapping[str, Decided | None]
    posted: Mapping[str, int]
    told: tuple[Told, ...]

    @cached_property
    def walk(self) -> Walk:
        """Balances by the entries."""
        return walk(self.feed)

    @cached_property
    def posted_by(self) -> Mapping[str, list[Entry]]:
        """The entries of each operation, in the order of the feed; of an erased player's, as we hold them."""
        erased = {each.operation_id for each in self.rows.operations if each.subject == ERASED}
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.feed:
            is_erased = entry.operation_id in erased
            found[entry.operation_id].append(_without_player(entry) if is_erased else entry)
        return dict(found)

    @cached_property
    def plays(self) -> Mapping[UUID, Play]:
        """Plays by id."""
        return {play.play_id: play for play in self.rows.plays}

    @cached_property
    def accounts(self) -> Mapping[UUID, str]:
        """The ledger accounts of the players who have played or were given something."""
        players = {play.player_id: play.account for play in self.rows.plays}
        players |= {reward.player_id: reward.account for reward in self.rows.rewards}
        return players | {repair.player_id: repair.account for repair in self.rows.repairs}

    @cached_property
    def plays_by_wire_id(self) -> Mapping[str, Play]:
        """Plays by the id that players know."""
        return {play.wire_id: play for play in self.rows.plays}

    @cached_property
    def debits(self) -> Mapping[UUID, list[Operation]]:
        """The debits of each play that has one."""
        found: defaultdict[UUID, list[Operation]] = defaultdict(list)
        for operation in self.rows.operations:
            if operation.kind == "debit" and operation.play_id is not None:
                found[operation.play_id].append(operation)
        return dict(found)

    @cached_property
    def credits(self) -> Mapping[tuple[str, int], list[Operation]]:
        """The credits of each draw that has one, by its place in the log."""
        found: defaultdict[tuple[str, int], list[Operation]] = defaultdict(list)
        for operation in self.rows.operations:
            if operation.kind == "credit" and operation.entry_index is not None:
                found[operation.campaign_id, operation.entry_index].append(operation)
        return dict(found)

    @cached_property
    def of_rewards(self) -> Mapping[tuple[str, UUID], list[Operation]]:
        """The operations of each kind (reward, return) of each reward that has one."""
        found: defaultdict[tuple[str, UUID], list[Operation]] = defaultdict(list)
        for operation in self.rows.operations:
            if operation.reward_id is not None:
                found[operation.kind, operation.reward_id].append(operation)
        return dict(found)

    @cached_property
    def of_repairs(self) -> Mapping[UUID, list[Operation]]:
        """The debits of each repair that has one."""
        found: defaultdict[UUID, list[Operation]] = defaultdict(list)
        for operation in self.rows.operations:
            if operation.repair_id is not None:
                found[operation.repair_id].append(operation)
        return dict(found)

    @cached_property
    def rewards(self) -> Mapping[UUID, Reward]:
        """Rewards by id."""
        return {reward.reward_id: reward for reward in self.rows.rewards}

    def account_of(self, operation: Operation) -> str:
        """The account of the player that an operation is for."""
        if operation.play_id is not None:
            return self.plays[operation.play_id].account
        if operation.reward_id is not None:
            return self.rewards[operation.reward_id].account
        return next(each.account for each in self.rows.repairs if each.repair_id == operation.repair_id)

    @cached_property
    def draws(self) -> Mapping[UUID, list[Draw]]:
        """The draws of each play that has one, in the order of the log."""
        found: defaultdict[UUID, list[Draw]] = defaultdict(list)
        for draw in self.rows.draws:
            found[draw.play_id].append(draw)
        return dict(found)

    @cached_property
    def draws_by_place(self) -> Mapping[tuple[str, int], Draw]:
        """Draws by their place in the log."""
        return {(draw.campaign_id, draw.entry_index): draw for draw in self.rows.draws}

    @cached_property
    def log(self) -> Mapping[tuple[str, int], bytes]:
        """The entries of the logs by their place."""
        return {(entry.campaign_id, entry.entry_index): entry.entry for entry in self.rows.entries}

    @cached_property
    def prizes(self) -> Mapping[tuple[str, str, int], Prize]:
        """Rows of prize tables by campaign, pool and ordinal."""
        return {(prize.campaign_id, prize.pool_id, prize.ordinal): prize for prize in self.rows.prizes}

    def prize_of(self, draw: Draw) -> Prize | None:
        """What a draw paid; None where the table has no such row."""
        pool_id = self.plays[draw.play_id].pool_id
        return self.prizes.get((draw.campaign_id, pool_id, draw.row_ordinal))

    def is_applied(self, operation: Operation) -> bool:
        """Whether the ledger has entries of an operation."""
        return operation.operation_id in self.posted_by

    @cached_property
    def reports(self) -> Mapping[str, Report]:
        """What a replay says of each campaign's log, up to the head that is stored."""
        return {log.campaign_id: self._replayed(log) for log in self.rows.logs}

    def _replayed(self, log: Log) -> Report:
        hashes = [log.frontier[at : at + HASH_BYTES] for at in range(0, len(log.frontier), HASH_BYTES)]
        checkpoint = sign(checkpoint_body(log.origin, log.size, fold(hashes)), log.origin, _AUDITOR)
        lines = [entry.entry for entry in self.rows.entries if entry.campaign_id == log.campaign_id]
        return verify_log(lines, checkpoint, _verifier(log.origin, _AUDITOR.public_key()))

    @cached_property
    def roots(self) -> Mapping[str, Sequence[bytes]]:
        """The root of each log at each of its sizes, from none on."""
        found: dict[str, list[bytes]] = {log.campaign_id: [EMPTY_ROOT] for log in self.rows.logs}
        frontiers: defaultdict[str, list[bytes]] = defaultdict(list)
        for entry in self.rows.entries:
            frontier, roots = frontiers[entry.campaign_id], found[entry.campaign_id]
            push(frontier, len(roots) - 1, (0, leaf_hash(entry.entry)))
            roots.append(fold(frontier))
        return found

    @cached_property
    def verifiers(self) -> Mapping[str, Verifier]:
        """The key that each campaign's receipts are checked with."""
        return {
            log.campaign_id: _verifier(log.origin, Ed25519PublicKey.from_public_bytes(log.public_key))
            for log in self.rows.logs
        }


def _verifier(origin: str, key: Ed25519PublicKey) -> Verifier:
    return Verifier.parse(vkey(origin, key))


def _without_player(entry: Entry) -> Entry:
    """An entry of an operation whose player is erased: the ledger still has the player's account."""
    debit, credit = (ERASED if name.startswith("player:") else name for name in (entry.debit, entry.credit))
    return msgspec.structs.replace(entry, debit=debit, credit=credit)
