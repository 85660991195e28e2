"""An imitation of Formance Ledger v2, over real HTTP, as far as the adapter uses it.

Followed: `openapi.yaml` of Formance Ledger v2 (createTransaction, listTransactions, getAccount, the error
codes and their statuses), the Numscript documentation (a `send` takes from what its source has by then;
`@world` and `allowing unbounded overdraft` may owe), and where these are silent the behaviour of v2.4: funds
are looked at before the reference, so that a duplicate may be told INSUFFICIENT_FUND; nothing is kept of what
was refused; volumes are shown when `expand=volumes` asks for them; an account that nothing ever touched is
not found.

Left out: idempotency keys, dry runs, bulks, logs, reverts, schemas, paging: the adapter uses none of them.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from aiohttp import web

from ledger_client import Options
from ledger_client.adapters import FormanceLedger
from tests.ledger.serving import TOKEN, Clock

PATH = "/v2/points"
ASSET = "POINTS"
ADDRESS = re.compile(r"\w+(:\w+)*", re.ASCII)
SEND = re.compile(
    r"send (\$\w+) \(\n {2}source = (@world|\$\w+)( allowing unbounded overdraft)?\n"
    r" {2}destination = (@world|\$\w+)\n\)\n"
)


class Mishap(Enum):
    """What happens to one call of a write."""

    LOSE_REQUEST = "lose_request"
    LOSE_ANSWER = "lose_answer"
    FAIL_AFTER = "fail_after"
    THROTTLE = "throttle"


class Refused(Exception):
    """An error of the documented form."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Send(msgspec.Struct, frozen=True):
    """One posting, and whether its source may owe."""

    source: str
    destination: str
    amount: int
    unbounded: bool


class FormanceImitation:
    """Balances and transactions in memory; the switches make it wrong, or its world unfriendly."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.transactions: list[dict[str, Any]] = []
        self.inputs: Counter[str] = Counter()
        self.outputs: Counter[str] = Counter()
        self.mishaps: deque[Mishap | None] = deque()
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.before_account: Callable[[], None] = lambda: None
        self.forgets_references = False
        self.drops_queries = False

    def balance(self, address: str) -> int:
        """Input less output."""
        return self.inputs[address] - self.outputs[address]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /transactions."""
        body = msgspec.json.decode(await request.read())
        self.arrived.set()
        await self.gate.wait()
        mishap = self.mishaps.popleft() if self.mishaps else None
        if mishap is Mishap.THROTTLE:
            return refusal(429, "TOO_MANY_REQUESTS")
        if mishap is Mishap.LOSE_REQUEST:
            return cut_off(request)
        answer = web.json_response({"data": shown(self.commit(body), volumes=True)})
        if mishap is Mishap.LOSE_ANSWER:
            return cut_off(request)
        return refusal(500, "INTERNAL") if mishap is Mishap.FAIL_AFTER else answer

    def commit(self, body: dict[str, Any]) -> dict[str, Any]:
        """All or nothing: the funds first, then the reference."""
        sends = sends_of(body)
        draft = self.paid(sends)
        reference = body.get("reference", "")
        taken = {transaction["reference"] for transaction in self.transactions if transaction["reference"]}
        if reference in taken and not self.forgets_references:
            raise Refused(409, "CONFLICT")
        self.inputs, self.outputs = draft
        touched = {address for send in sends for address in (send.source, send.destination)}
        transaction = {
            "id": len(self.transactions) + 1,
            "reference": reference,
            "timestamp": datetime.fromtimestamp(self.clock.now_ms / 1_000, UTC).isoformat(),
            "metadata": body.get("metadata", {}),
            "postings": [msgspec.to_builtins(send) for send in sends],
            "reverted": False,
            "postCommitVolumes": {address: {ASSET: self.volume(address)} for address in touched},
        }
        self.transactions.append(transaction)
        return transaction

    def paid(self, sends: list[Send]) -> tuple[Counter[str], Counter[str]]:
        """Inputs and outputs after the sends, one after the other."""
        inputs, outputs = self.inputs.copy(), self.outputs.copy()
        for send in sends:
            if not send.unbounded and inputs[send.source] - outputs[send.source] < send.amount:
                raise Refused(400, "INSUFFICIENT_FUND")
            outputs[send.source] += send.amount
            inputs[send.destination] += send.amount
        return inputs, outputs

    def volume(self, address: str) -> dict[str, int]:
        """As shown."""
        return {
            "input": self.inputs[address],
            "output": self.outputs[address],
            "balance": self.balance(address),
        }

    async def find(self, request: web.Request) -> web.Response:
        """GET /transactions with a query in its body, newest first."""
        asked = b"" if self.drops_queries else await request.read()
        query = msgspec.json.decode(asked)["$or"] if asked else None
        wanted = {part["$match"]["reference"] for part in query} if query is not None else None
        volumes = request.query.get("expand") == "volumes"
        found = [
            shown(transaction, volumes=volumes)
            for transaction in reversed(self.transactions)
            if wanted is None or transaction["reference"] in wanted
        ]
        size = int(request.query.get("pageSize", "15"))
        cursor = {"pageSize": size, "hasMore": len(found) > size, "data": found[:size]}
        return web.json_response({"cursor": cursor})

    async def read_account(self, request: web.Request) -> web.Response:
        """GET /accounts/{address}."""
        self.before_account()
        address = request.match_info["address"]
        if address not in self.inputs | self.outputs:
            raise Refused(404, "NOT_FOUND")
        volumes = (
            {"volumes": {ASSET: self.volume(address)}} if request.query.get("expand") == "volumes" else {}
        )
        return web.json_response({"data": {"address": address, "metadata": {}} | volumes})


def sends_of(body: dict[str, Any]) -> list[Send]:
    """The postings of a transaction, written out or as a script."""
    postings, script = body.get("postings", []), body.get("script", {})
    if bool(postings) == bool(script):
        raise Refused(400, "VALIDATION" if postings else "NO_POSTINGS")
    sends = [posted(posting) for posting in postings] if postings else run(script["plain"], script["vars"])
    for address in (address for send in sends for address in (send.source, send.destination)):
        if not ADDRESS.fullmatch(address):
            raise Refused(400, "VALIDATION")
    return sends


def posted(posting: dict[str, Any]) -> Send:
    """A posting, whose source must have what it gives unless it is the world."""
    assert posting["asset"] == ASSET
    source = posting["source"]
    return Send(source, posting["destination"], posting["amount"], unbounded=source == "world")


def run(plain: str, variables: dict[str, str]) -> list[Send]:
    """The sends of a script in the one form that is imitated."""
    names, _, statements = plain.partition("}\n")
    if set(re.findall(r"\$(\w+)", names)) != set(variables) or SEND.sub("", statements):
        raise Refused(400, "COMPILATION_FAILED")

    def place(text: str) -> str:
        return "world" if text == "@world" else variables[text[1:]]

    sends = []
    for amount, source, overdraft, destination in SEND.findall(statements):
        asset, _, number = variables[amount[1:]].partition(" ")
        assert asset == ASSET
        unbounded = bool(overdraft) or source == "@world"
        sends.append(Send(place(source), place(destination), int(number), unbounded))
    return sends


def shown(transaction: dict[str, Any], *, volumes: bool) -> dict[str, Any]:
    """A transaction as answered."""
    return {name: value for name, value in transaction.items() if volumes or name != "postCommitVolumes"}


def refusal(status: int, code: str) -> web.Response:
    """An error as documented; nobody may read its message."""
    return web.json_response({"errorCode": code, "errorMessage": "read the code"}, status=status)


def cut_off(request: web.Request) -> web.Response:
    """No answer: the connection breaks."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@web.middleware
async def errors(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Errors in their documented form, and no entry without the token."""
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return refusal(401, "UNAUTHORIZED")
    try:
        answer: web.StreamResponse = await handler(request)
    except Refused as refused:
        return refusal(refused.status, refused.code)
    except web.HTTPNotFound:
        return refusal(404, "LEDGER_NOT_FOUND")
    return answer


@asynccontextmanager
async def imitation() -> AsyncIterator[FormanceImitation]:
    """Serve until the block ends."""
    ledger = FormanceImitation(Clock())
    app = web.Application(middlewares=[errors])
    app.router.add_post(f"{PATH}/transactions", ledger.create)
    app.router.add_get(f"{PATH}/transactions", ledger.find)
    app.router.add_get(f"{PATH}/accounts/{{address}}", ledger.read_account)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    ledger.url = f"http://{host}:{port}{PATH}"
    try:
        yield ledger
    finally:
        ledger.gate.set()
        await runner.cleanup()


def adapter(
    ledger: FormanceImitation, options: Options | None = None, *, token: str = TOKEN
) -> FormanceLedger:
    """An adapter that does not wait between attempts, on the imitation's clock."""
    return FormanceLedger.open(
        ledger.url, token, options or Options(), now_ms=ledger.clock, random=lambda: 0.0
    )
