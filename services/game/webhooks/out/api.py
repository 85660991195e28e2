"""The managers' routes: endpoints, what was sent to them, and sending it again. All of the caller's brand."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.instants import to_ms
from game.problems import problem_responses
from game.webhooks.out import endpoints
from game.webhooks.out.endpoints import REPLAY_MAX, Secret
from game.webhooks.out.rules import State
from game.webhooks.out.views import (
    DeliveryPage,
    DeliveryView,
    EndpointDraft,
    EndpointList,
    EndpointSecret,
    EndpointView,
    HistoryView,
    Replayed,
    ReplayWanted,
    delivery_page,
    delivery_view,
    endpoint_view,
    history_view,
    replayed,
)

PAGE: Final = 100

StateAsked = Annotated[State | None, QueryParameter(name="state", description="In this state")]
Before = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]

_READ = problem_responses(401, 403, 404, 422)
_WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
_READERS = [require(Role.MANAGER, Role.SUPPORT, Role.AUDITOR, Role.ADMIN)]
_WRITERS = [require(Role.MANAGER, Role.ADMIN)]


def _told_once(made: Secret, *, status: int) -> Response[EndpointSecret]:
    body = EndpointSecret(endpoint_id=made.endpoint_id, secret=made.secret)
    return Response(body, status_code=status, headers={"Cache-Control": "no-store"})


class WebhookEndpoints(Controller):
    """Where the brand is told what happens."""

    path = "/v1/manage/webhook-endpoints"
    tags = ("Webhooks",)

    @post("/", guards=_WRITERS, responses=_WRITE)
    async def create(self, request: AppRequest, data: JSONBody[EndpointDraft]) -> Response[EndpointSecret]:
        """Be told at a URL, which begins with https:// and is of the public internet."""
        made = await endpoints.create(request.resources, request.caller, url=data.url, types=data.types)
        return _told_once(made, status=HTTP_201_CREATED)

    @get("/", guards=_READERS, responses=problem_responses(401, 403))
    async def index(self, request: AppRequest) -> EndpointList:
        """The brand's endpoints, never a secret."""
        found = await endpoints.endpoints(request.resources, request.caller)
        return EndpointList(endpoints=[endpoint_view(each) for each in found])

    @get("/{endpoint_id:uuid}", guards=_READERS, responses=_READ)
    async def show(self, request: AppRequest, endpoint_id: FromPath[UUID]) -> EndpointView:
        """An endpoint, and whether it was given up."""
        return endpoint_view(await endpoints.endpoint(request.resources, request.caller, endpoint_id))

    @delete("/{endpoint_id:uuid}", guards=_WRITERS, responses=_READ)
    async def remove(self, request: AppRequest, endpoint_id: FromPath[UUID]) -> None:
        """Send it nothing ever again; what was sent is forgotten."""
        await endpoints.delete(request.resources, request.caller, endpoint_id)

    @post("/{endpoint_id:uuid}/rotate", guards=_WRITERS, responses=_READ, status_code=HTTP_200_OK)
    async def rotate(self, request: AppRequest, endpoint_id: FromPath[UUID]) -> Response[EndpointSecret]:
        """Have a new secret made. For a day the old one signs beside it."""
        made = await endpoints.rotate(request.resources, request.caller, endpoint_id)
        return _told_once(made, status=HTTP_200_OK)

    @post("/{endpoint_id:uuid}/ping", guards=_WRITERS, responses=_READ, status_code=HTTP_202_ACCEPTED)
    async def ping(self, request: AppRequest, endpoint_id: FromPath[UUID]) -> DeliveryView:
        """Have a `webhook.ping` sent, to see whether it arrives."""
        return delivery_view(await endpoints.ping(request.resources, request.caller, endpoint_id))

    @post("/{endpoint_id:uuid}/resume", guards=_WRITERS, responses=_READ, status_code=HTTP_200_OK)
    async def resume(self, request: AppRequest, endpoint_id: FromPath[UUID]) -> EndpointView:
        """Send to it again, what has waited at once. One that is not paused stays as it is."""
        return endpoint_view(await endpoints.resume(request.resources, request.caller, endpoint_id))

    @post("/{endpoint_id:uuid}/replay", guards=_WRITERS, responses=_WRITE, status_code=HTTP_202_ACCEPTED)
    async def replay_since(
        self, request: AppRequest, endpoint_id: FromPath[UUID], data: JSONBody[ReplayWanted]
    ) -> Replayed:
        """Have what was told since a time sent again, so many at a time. What waits is not sent twice."""
        found = await endpoints.replay_since(
            request.resources, request.caller, endpoint_id, since_ms=to_ms(data.since), after=data.after
        )
        return replayed(found, limit=REPLAY_MAX)

    @get("/{endpoint_id:uuid}/deliveries", guards=_READERS, responses=_READ)
    async def deliveries(
        self,
        request: AppRequest,
        endpoint_id: FromPath[UUID],
        in_state: StateAsked = None,
        before: Before = None,
    ) -> DeliveryPage:
        """What was sent to it and what waits, newest first; kept for 30 days."""
        found = await endpoints.deliveries(
            request.resources, request.caller, endpoint_id, before=before, state=in_state, limit=PAGE
        )
        return delivery_page(found)

    @get("/{endpoint_id:uuid}/deliveries/{message_id:uuid}", guards=_READERS, responses=_READ)
    async def history(
        self, request: AppRequest, endpoint_id: FromPath[UUID], message_id: FromPath[UUID]
    ) -> HistoryView:
        """A message, and how sending it went."""
        return history_view(
            await endpoints.history(request.resources, request.caller, endpoint_id, message_id)
        )

    @post(
        "/{endpoint_id:uuid}/deliveries/{message_id:uuid}/replay",
        guards=_WRITERS,
        responses=_READ,
        status_code=HTTP_202_ACCEPTED,
    )
    async def replay(
        self, request: AppRequest, endpoint_id: FromPath[UUID], message_id: FromPath[UUID]
    ) -> DeliveryView:
        """Have a message sent again, with the same id, after all that waits."""
        found = await endpoints.replay(request.resources, request.caller, endpoint_id, message_id)
        return delivery_view(found)
