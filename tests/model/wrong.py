"""Designs that went wrong elsewhere, each our own but for one decision, and what shows it."""

from collections.abc import Mapping

import msgspec

from sandbox_ledger import wire
from tests.model.decisions import Decision, Written
from tests.model.design import Design


class NewKeyPerAttempt(Design):
    """Every attempt is a new operation: both are applied."""

    def operations(
        self, *, has_beacon: bool, price_points: int, prize_points: int
    ) -> Mapping[str, wire.Operation]:
        ours = super().operations(has_beacon=has_beacon, price_points=price_points, prize_points=prize_points)
        return {**ours, "debit again": msgspec.structs.replace(ours["debit"], id="again")}

    def debit_of(self, row: str) -> str:
        return "debit again" if row == "resolving" else "debit"


class TimeoutTakenForFailure(Design):
    """Whoever waited too long is told that the play failed: the request arrives later."""

    def then(self, outcome: str) -> str:
        return "release" if outcome == "unknown" else super().then(outcome)

    def taken_for(self, outcome: str) -> str:
        return "rejected" if outcome == "unknown" else outcome


class RefusalNotSticky(Design):
    """The ledger forgets what it refused: a late duplicate is applied after a top-up."""

    def keeps(self, verb: str, outcome: str) -> bool:
        return super().keeps(verb, outcome) and outcome != "rejected"


class BlindRefundOnTimeout(Design):
    """What may have been charged is given back: also when it never was."""

    def operations(
        self, *, has_beacon: bool, price_points: int, prize_points: int
    ) -> Mapping[str, wire.Operation]:
        ours = super().operations(has_beacon=has_beacon, price_points=price_points, prize_points=prize_points)
        leg = ours["debit"].legs[0]
        back = msgspec.structs.replace(leg, debit=leg.credit, credit=leg.debit, code="refund")
        refund = msgspec.structs.replace(ours["credit"], id="refund", legs=[back])
        return {**ours, "refund": refund}

    def then(self, outcome: str) -> str:
        return "release" if outcome == "unknown" else super().then(outcome)

    def taken_for(self, outcome: str) -> str:
        return "fenced" if outcome == "unknown" else outcome

    def owed_on_release(self, before: str, after: str) -> str | None:
        return "refund" if (before, after) == ("funding", "cancelled") else None


class CancelWithoutTombstone(Design):
    """A fence looks and leaves nothing behind: the debit that was under way all along applies."""

    def keeps(self, verb: str, outcome: str) -> bool:
        return super().keeps(verb, outcome) and verb != "fence"


class NotFoundTakenForNever(Design):
    """A play in doubt is looked up, and what is not found yet is cancelled: it was only late."""

    def first(self, row: str, *, is_late: bool) -> str:
        return "lookup" if row == "resolving" else super().first(row, is_late=is_late)

    def unseen(self, verb: str, fresh: str) -> str:
        return "not found" if verb == "lookup" else super().unseen(verb, fresh)

    def keeps(self, verb: str, outcome: str) -> bool:
        return super().keeps(verb, outcome) and verb != "lookup"

    def then(self, outcome: str) -> str:
        return "release" if outcome == "not found" else super().then(outcome)

    def taken_for(self, outcome: str) -> str:
        return "fenced" if outcome == "not found" else outcome


class FloorOnTheNet(Design):
    """Price and prize are one operation whose floor is held by its net: a win pays for itself."""

    def operations(
        self, *, has_beacon: bool, price_points: int, prize_points: int
    ) -> Mapping[str, wire.Operation]:
        ours = super().operations(has_beacon=has_beacon, price_points=price_points, prize_points=prize_points)
        legs = [*ours["debit"].legs, *(ours["credit"].legs if prize_points else [])]
        return {"debit": msgspec.structs.replace(ours["debit"], legs=legs)}

    def fresh(self, operation: wire.Operation, *, balances: Mapping[str, int], now_ms: int) -> Decision:
        # With what comes in first and what goes out last, each leg stands where the net stands or above.
        net = msgspec.structs.replace(operation, legs=operation.legs[::-1])
        decision = super().fresh(net, balances=balances, now_ms=now_ms)
        price = operation.legs[0]
        lowest = balances[price.debit] - price.amount if decision.outcome == "applied" else 0
        return decision._replace(lowest=min(0, lowest))

    def owes(self, _operation: str) -> bool:
        return False


class CreditByANewKey(Design):
    """A credit in doubt is sent again as another: both are applied."""

    def operations(
        self, *, has_beacon: bool, price_points: int, prize_points: int
    ) -> Mapping[str, wire.Operation]:
        ours = super().operations(has_beacon=has_beacon, price_points=price_points, prize_points=prize_points)
        return {**ours, "credit again": msgspec.structs.replace(ours["credit"], id="credit again")}

    def resent_as(self, operation: str, outcome: str) -> str:
        return "credit again" if outcome == "unknown" else operation


class CreditSentOnce(Design):
    """A credit in doubt is taken for sent: when it was lost, it is lost for good."""

    def recorded(self, outcome: str) -> str:
        return "applied" if outcome == "unknown" else super().recorded(outcome)


class SettledWithoutComparing(Design):
    """The clerk does not ask how the play stands: two who learn of one debit draw twice."""

    def settled(self, row: str, *, funded: bool, has_beacon: bool, is_beacon_known: bool) -> Written:
        row = "funding" if funded else row
        return super().settled(row, funded=funded, has_beacon=has_beacon, is_beacon_known=is_beacon_known)


class NobodySweeps(Design):
    """Only the client that comes again takes a play up: one that stays away leaves it in doubt."""

    sweeps = False


class NoResending(Design):
    """Credits are sent by the process that settled the play, and by nobody after it has crashed."""

    resends = False


class ExpiredTakenForUnknown(Design):
    """An operation that expired is asked for again and again."""

    def then(self, outcome: str) -> str:
        return "doubt" if outcome in ("expired", "fenced") else super().then(outcome)
