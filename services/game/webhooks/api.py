"""Webhooks in, over HTTP: the route that other systems send events to."""

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Controller, post
from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from litestar.params import PathParameter
from litestar.status_codes import HTTP_202_ACCEPTED

from game.auth import PUBLIC, AppRequest
from game.problems import problem_responses
from game.webhooks.declaring import TYPE
from game.webhooks.intake import EventReceived, Intake, event_received
from game.webhooks.reception import Sender
from game.wire import JSON

SourceAddress = Annotated[
    str,
    PathParameter(
        pattern=r"^[a-z0-9-]{1,32}\.[a-z0-9-]{1,32}$(?!\n)",
        description="The brand and its source, with a full stop between them",
        examples=[Example(value="demo.demo")],
    ),
]
EXAMPLE: Final = {
    "type": "review.created",
    "timestamp": "2026-11-23T12:00:00Z",
    "data": {"subject": "alice", "occurrence": "review-8812", "item": "tea-01", "rating": 4, "photos": 2},
}


@dataclass
class _Operation(Operation):
    """What is read from the raw request, for the document."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or ()), *_HEADERS]
        self.request_body = RequestBody(content={JSON: _BODY}, required=True, description=_BODY_SAYS)


def _header(name: str, description: str, example: str, pattern: str) -> Parameter:
    schema = Schema(type=OpenAPIType.STRING, pattern=pattern, examples=[example])
    return Parameter(name=name, param_in="header", description=description, required=True, schema=schema)


_HEADERS: Final = (
    _header(
        "webhook-id", "The same for every attempt", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", r"^[!-\-/-~]{1,128}$"
    ),
    _header("webhook-timestamp", "Of this attempt, in seconds since 1970", "1795435200", "^[0-9]{1,15}$"),
    _header(
        "webhook-signature",
        "`v1,` or `v1a,` and base64; several with spaces between them",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        "^[ -~]{1,1024}$",
    ),
)
_BODY: Final = OpenAPIMediaType(
    schema=Schema(
        type=OpenAPIType.OBJECT,
        required=["type", "timestamp", "data"],
        properties={
            "type": Schema(type=OpenAPIType.STRING, pattern=TYPE),
            "timestamp": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
            "data": Schema(type=OpenAPIType.OBJECT),
        },
        examples=[EXAMPLE],
    )
)
_BODY_SAYS: Final = (
    "`timestamp` is when it happened. `data` has the `subject` whom it is about, an `occurrence` that names "
    "it among the events of its type and subject, a `sequence` if the source counts a subject's events, and "
    "the type's attributes (`GET /v1/manage/event-types`). The type with `.reversed` behind it takes it back."
)  # fmt: skip


def intake_of(request: AppRequest) -> Intake:
    """What takes the events of this process."""
    intake = request.app.state.intake
    assert isinstance(intake, Intake)
    return intake


class Webhooks(Controller):
    """Events of other systems."""

    path = "/v1/webhooks"
    tags = ("Webhooks",)

    @post(
        "/{source:str}",
        opt=PUBLIC,
        status_code=HTTP_202_ACCEPTED,
        operation_class=_Operation,
        responses=problem_responses(400, 401, 403, 409, 413, 415, 422),
    )
    async def receive(self, request: AppRequest, source: SourceAddress) -> EventReceived:
        """Send an event, signed as Standard Webhooks say. Send it again until it is answered with 2xx."""
        brand_id, _, name = source.partition(".")
        sender = Sender(brand_id=brand_id, source=name)
        return event_received(await intake_of(request).take(sender, request.scope, request.receive))
