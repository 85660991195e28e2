"""The endpoints."""

from typing import Annotated, Final, NoReturn

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter, RawBody

from sandbox_ledger import service
from sandbox_ledger.intake import decided
from sandbox_ledger.problems import MEDIA_TYPE, Refusal
from sandbox_ledger.reading import read, read_ids
from sandbox_ledger.service import Resources
from sandbox_ledger.turns import Turns
from sandbox_ledger.wire import (
    ACCOUNT_ID,
    BATCH_MAX,
    INTEGER_MAX,
    OPERATION_ID,
    OWN_IDS,
    PAGE_MAX,
    Account,
    BatchAnswer,
    Capabilities,
    ControlTotals,
    Decided,
    EntryPage,
    LookupAnswer,
    Problem,
    RecordAnswer,
    Refused,
)

FENCE_SUFFIX: Final = ":fence"
PAGE_DEFAULT: Final = 100

OperationPath = Annotated[str, PathParameter(pattern=OPERATION_ID)]
FencePath = Annotated[
    str, PathParameter(pattern=rf"^(?!{OWN_IDS})[A-Za-z0-9:._~-]{{1,128}}{FENCE_SUFFIX}(?!\n)$")
]
AccountPath = Annotated[str, PathParameter(pattern=ACCOUNT_ID)]
SeqQuery = Annotated[int, QueryParameter(ge=0, le=INTEGER_MAX)]
PageQuery = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]


def _problems(*statuses: int) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem, description="Problem details (RFC 9457)", media_type=MEDIA_TYPE, generate_examples=False
        )
        for status in (400, 401, *statuses, 500, 503)
    }


class LedgerController(Controller):
    """The ledger, version 1."""

    path = "/v1"

    @post("/operations", status_code=200, operation_id="apply", responses=_problems(413, 422, 429))
    async def apply(self, body: RawBody, turns: NamedDependency[Turns]) -> Decided:
        """Decide one operation, once; a refusal is an outcome too, and sticks to the id."""
        (result,) = await turns.apply([read(body)])
        return result if not isinstance(result, Refused) else _refuse(result.problem)

    @post("/operations:batch", status_code=200, operation_id="applyBatch", responses=_problems(413, 429))
    async def apply_batch(self, body: RawBody, turns: NamedDependency[Turns]) -> BatchAnswer:
        """Decide each operation on its own, in order; one result per operation, in the same order."""
        return await decided(turns, body)

    @post("/operations:lookup", status_code=200, operation_id="lookup", responses=_problems(413))
    async def lookup(self, body: RawBody, resources: NamedDependency[Resources]) -> LookupAnswer:
        """What was decided of the ids; a missing one is final once `as_of` is past its `apply_before`."""
        return await service.lookup(resources, read_ids(body))

    @post("/operations/{fenced:str}", status_code=200, operation_id="fence", responses=_problems(404))
    async def fence(self, fenced: FencePath, resources: NamedDependency[Resources]) -> Decided:
        """Decide an id now: its outcome when it has one, otherwise it can never be applied."""
        return await service.fence(resources, fenced.removesuffix(FENCE_SUFFIX))

    @get("/operations/{operation_id:str}", operation_id="show", responses=_problems(404))
    async def show(self, operation_id: OperationPath, resources: NamedDependency[Resources]) -> RecordAnswer:
        """An operation as it was first seen; a 404 is final once its `as_of` is past `apply_before`."""
        return await service.show(resources, operation_id)

    @get("/accounts/{account_id:str}", operation_id="account", responses=_problems(404))
    async def account(self, account_id: AccountPath, resources: NamedDependency[Resources]) -> Account:
        """An account's points; one that nothing ever touched has none."""
        return await service.account(resources, account_id)

    @get("/accounts/{account_id:str}/entries", operation_id="accountEntries", responses=_problems(404))
    async def account_entries(
        self,
        account_id: AccountPath,
        resources: NamedDependency[Resources],
        after_seq: SeqQuery = 0,
        limit: PageQuery = PAGE_DEFAULT,
    ) -> EntryPage:
        """One account's entries in commit order."""
        return await service.account_entries(resources, account_id, after_seq=after_seq, limit=limit)

    @get("/entries", operation_id="entries", responses=_problems())
    async def entries(
        self,
        resources: NamedDependency[Resources],
        after_seq: SeqQuery = 0,
        limit: PageQuery = PAGE_DEFAULT,
    ) -> EntryPage:
        """All entries in commit order, without gaps that fill in later."""
        return await service.entries(resources, after_seq=after_seq, limit=limit)

    @get("/control-totals", operation_id="controlTotals", responses=_problems())
    async def control_totals(
        self, from_seq: SeqQuery, to_seq: SeqQuery, resources: NamedDependency[Resources]
    ) -> ControlTotals:
        """Count and sum of a range of at most a million entries."""
        return await service.control_totals(resources, from_seq=from_seq, to_seq=to_seq)

    @get("/capabilities", operation_id="capabilities", responses=_problems(), sync_to_thread=False)
    def capabilities(self) -> Capabilities:
        """What this ledger guarantees: all of the contract."""
        return Capabilities(
            batch_max=BATCH_MAX,
            sticky_refusals=True,
            apply_before=True,
            fence=True,
            ordered_floors=True,
            feed=True,
        )


def _refuse(problem: Problem) -> NoReturn:
    raise Refusal(problem)
