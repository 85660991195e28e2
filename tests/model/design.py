"""Our design, decision by decision, as the code takes them; a wrong design takes some of them otherwise."""

from collections.abc import Mapping

from sandbox_ledger import wire
from tests.model import decisions
from tests.model.decisions import Decision, Written


class Design:
    """The design that is built: the service under the ledger's contract."""

    sweeps = True  # whether plays that nobody drives are taken up
    resends = True  # whether what is owed is sent again

    def operations(
        self, *, has_beacon: bool, price_points: int, prize_points: int
    ) -> Mapping[str, wire.Operation]:
        """What a play may ask the ledger to do, by name."""
        return decisions.operations(
            has_beacon=has_beacon, price_points=price_points, prize_points=prize_points
        )

    def fresh(self, operation: wire.Operation, *, balances: Mapping[str, int], now_ms: int) -> Decision:
        """What the ledger makes of an operation that is new to it."""
        return decisions.decide(operation, balances=balances, now_ms=now_ms)

    def again(self, recorded: str) -> str:
        """What the ledger answers about an id that is decided."""
        return decisions.replay(recorded)

    def unseen(self, _verb: str, _fresh: str) -> str:
        """What the ledger answers when it is asked about an id that it never saw.

        `_fresh` is what it would make of the operation if that came now.
        """
        return decisions.tombstone()

    def keeps(self, _verb: str, _outcome: str) -> bool:
        """Whether the ledger remembers what it has just decided."""
        return True

    def first(self, row: str, *, is_late: bool) -> str:
        """What a driver begins with."""
        return decisions.step(row, "unknown", is_late=is_late).first

    def then(self, outcome: str) -> str:
        """What a driver does with an outcome: `doubt`, `release` or `settle`."""
        then = decisions.step("funding", outcome, is_late=False).then
        assert then is not None, "a play that is charged waits for the ledger first"
        return then

    def debit_of(self, _row: str) -> str:
        """The name of the operation that charges a play in the state `row`."""
        return "debit"

    def taken_for(self, outcome: str) -> str:
        """What a release takes an outcome for."""
        return outcome

    def doubted(self, row: str) -> str:
        """What is stored when the outcome is not known."""
        return decisions.DOUBTFUL if row in decisions.DOUBTED else row

    def settled(self, row: str, *, funded: bool, has_beacon: bool, is_beacon_known: bool) -> Written:
        """What the clerk makes of a play in the state `row`."""
        return decisions.settle(row, funded=funded, has_beacon=has_beacon, is_beacon_known=is_beacon_known)

    def owes(self, _operation: str) -> bool:
        """Whether an operation that is owed is stored with what it is owed for."""
        return True

    def owed_on_release(self, _before: str, _after: str) -> str | None:
        """What is owed to a player whose play was not charged; None: nothing."""
        return None

    def recorded(self, outcome: str) -> str:
        """What is stored of an operation of the outbox once it was answered."""
        return decisions.UNSENT if outcome == "unknown" else outcome

    def resent_as(self, operation: str, _outcome: str) -> str:
        """The name under which an operation of the outbox goes on after an answer."""
        return operation


class WithoutFence(Design):
    """The same under a ledger without a fence: what is overdue is looked up until that is final."""

    def first(self, row: str, *, is_late: bool) -> str:
        """A lookup in place of a fence."""
        first = super().first(row, is_late=is_late)
        return "lookup" if first == "fence" else first

    def unseen(self, _verb: str, fresh: str) -> str:
        """Final once the ledger would refuse the operation itself."""
        return "expired" if fresh == "expired" else "unknown"

    def keeps(self, verb: str, outcome: str) -> bool:
        """A lookup leaves nothing behind."""
        return super().keeps(verb, outcome) and verb != "lookup"
