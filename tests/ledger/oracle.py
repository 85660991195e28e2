"""What the contract asks of a ledger, in dicts and lists: slow, simple, and without the sandbox's code."""

from collections import Counter, defaultdict
from typing import Any

LARGEST = 2**53 - 1

Json = dict[str, Any]


class Oracle:
    """Answers as a right ledger answers, entry by entry and lot by lot; times in ms."""

    def __init__(self, *, ttl_ms: int) -> None:
        self.ttl_ms = ttl_ms
        self.time_ms = 0
        self.balances: Counter[str] = Counter()
        self.entries: list[Json] = []
        self.bodies: dict[str, Json | None] = {}
        self.answers: dict[str, Json] = {}
        self.lots: defaultdict[str, list[Json]] = defaultdict(list)

    def write(self, now_ms: int, operations: list[Json]) -> list[Json]:
        """The answers to a batch."""
        self._pass(now_ms)
        for account in sorted(
            {leg[side] for o in operations for leg in o["legs"] for side in ("debit", "credit")}
        ):
            self._expire(account)
        return [self._decide(operation) for operation in operations]

    def fence(self, now_ms: int, operation_id: str) -> Json:
        """The answer to a fence."""
        self._pass(now_ms)
        if operation_id in self.answers:
            return self.answers[operation_id] | {"replayed": True}
        self.bodies[operation_id] = None
        self.answers[operation_id] = {"outcome": "fenced", "id": operation_id, "replayed": False}
        return self.answers[operation_id]

    def lookup(self, now_ms: int, ids: list[str]) -> Json:
        """The answer to a lookup."""
        self._pass(now_ms)
        each = list(dict.fromkeys(ids))
        return {
            "as_of": self.time_ms,
            "found": [self.answers[id_] | {"replayed": True} for id_ in each if id_ in self.answers],
            "missing": [id_ for id_ in each if id_ not in self.answers],
        }

    def account(self, now_ms: int, account: str) -> Json:
        """The account as it is shown."""
        # To look without anything being due is no event in the ledger: its time does not go on.
        due = [lot for lot in self.lots[account] if lot["expires_at"] <= max(now_ms, self.time_ms)]
        if due:
            self._pass(now_ms)
            self._expire(account)
        oldest = next(iter(self.lots[account]), None)
        posted = self.balances[account]
        return {
            "id": account,
            "posted": posted,
            "held": 0,
            "available": posted,
            "expiring": oldest and {"amount": oldest["amount"], "expires_at": oldest["expires_at"]},
        }

    def _pass(self, now_ms: int) -> None:
        self.time_ms = max(self.time_ms, now_ms)

    def _expire(self, account: str) -> None:
        due = [lot for lot in self.lots[account] if lot["expires_at"] <= self.time_ms]
        if not due:
            return
        amount = sum(lot["amount"] for lot in due)
        leg = {"debit": account, "credit": "issuer", "amount": amount, "code": "expiry"}
        self._decide({"id": f"expiry:{due[-1]['seq']}", "apply_before": LARGEST, "legs": [leg], "ref": ""})

    def _decide(self, operation: Json) -> Json:
        id_ = operation["id"]
        if id_ in self.answers:
            same = self.bodies[id_] in (operation, None)
            return self.answers[id_] | {"replayed": True} if same else {"code": "idempotency_mismatch"}
        self.bodies[id_] = operation
        self.answers[id_] = self._first(operation) | {"id": id_, "replayed": False}
        return self.answers[id_]

    def _first(self, operation: Json) -> Json:
        if operation["apply_before"] <= self.time_ms:
            return {"outcome": "expired"}
        after = self.balances.copy()
        for number, leg in enumerate(operation["legs"]):
            if refused := self._refused(after, leg):
                return {"outcome": "rejected", "failed_leg": number, "needed": leg["amount"]} | refused
            after[leg["debit"]] -= leg["amount"]
            after[leg["credit"]] += leg["amount"]
        first_seq = len(self.entries) + 1
        for number, leg in enumerate(operation["legs"]):
            self._post(operation["id"], number, leg)
        touched = {leg[side] for leg in operation["legs"] for side in ("debit", "credit")}
        guarded = {name: after[name] for name in touched if name.startswith(("player", "campaign"))}
        return {"outcome": "applied", "seq": first_seq, "balances": guarded}

    def _refused(self, balances: Counter[str], leg: Json) -> Json | None:
        debit, credit = leg["debit"], leg["credit"]
        floor = 0 if debit.startswith(("player", "campaign")) else -LARGEST
        if balances[debit] - leg["amount"] < floor:
            return {"code": "insufficient_funds", "account": debit, "available": balances[debit] - floor}
        if balances[credit] + leg["amount"] > LARGEST:
            return {"code": "balance_limit", "account": credit, "available": LARGEST - balances[credit]}
        return None

    def _post(self, operation_id: str, number: int, leg: Json) -> None:
        debit, credit, amount = leg["debit"], leg["credit"], leg["amount"]
        self.balances[debit] -= amount
        self.balances[credit] += amount
        place = {"seq": len(self.entries) + 1, "operation_id": operation_id, "leg": number}
        left = {"debit_balance": self.balances[debit], "credit_balance": self.balances[credit]}
        self.entries.append(place | leg | left | {"posted_at": self.time_ms})
        self._spend(debit, amount)
        if credit.startswith("player"):
            expires_at = self.time_ms + self.ttl_ms
            self.lots[credit].append({"seq": place["seq"], "amount": amount, "expires_at": expires_at})

    def _spend(self, account: str, amount: int) -> None:
        lots = self.lots[account]
        while lots and amount >= lots[0]["amount"]:
            amount -= lots.pop(0)["amount"]
        if lots:
            lots[0]["amount"] -= amount
