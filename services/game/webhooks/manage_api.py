"""The managers' routes: sources and keys, event types, and what came. All of the caller's own brand."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from game.auth import AppRequest, Role, require
from game.instants import to_ms
from game.problems import problem_responses
from game.webhooks import letters, sources
from game.webhooks.declaring import TYPE, EventTypeDraft
from game.webhooks.letter_store import Asked
from game.webhooks.rules import State
from game.webhooks.sources import AddedKey
from game.webhooks.views import (
    DeadLetters,
    EventPage,
    EventTypeList,
    EventTypeView,
    EventView,
    KeyAdded,
    KeyEnd,
    PublicKeyGiven,
    Redriven,
    SecretWanted,
    SourceDraft,
    SourceList,
    SourceView,
    declared_view,
    event_page,
    event_type_list,
    event_view,
    source_view,
)

PAGE: Final = 100
NEWEST: Final = UUID(int=2**128 - 1)

SourceName = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}$(?!\n)", description="a-z, 0-9 and -")]
TypeInPath = Annotated[
    str,
    PathParameter(
        pattern=r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){1,3}$(?!\n)",
        max_length=64,
        description="Words with full stops between them",
    ),
]
StateAsked = Annotated[State | None, QueryParameter(name="state", description="In this state")]
TypeAsked = Annotated[
    str | None,
    QueryParameter(name="type", pattern=TYPE, description="Of this type"),
]
SubjectAsked = Annotated[
    str | None, QueryParameter(pattern=r"^[A-Za-z0-9._~-]{1,64}$(?!\n)", description="About this subject")
]
Before = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]

_READ = problem_responses(401, 403, 404, 422)
_WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
_READERS = [require(Role.MANAGER, Role.SUPPORT, Role.AUDITOR, Role.ADMIN)]
_WRITERS = [require(Role.MANAGER, Role.ADMIN)]


def _key_added(added: AddedKey) -> Response[KeyAdded]:
    body = KeyAdded(key_id=added.key_id, secret=added.secret)
    return Response(body, status_code=HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class WebhookSources(Controller):
    """Who may send events, and with which keys."""

    path = "/v1/manage/webhook-sources"
    tags = ("Webhooks",)

    @get("/", guards=_READERS, responses=problem_responses(401, 403))
    async def index(self, request: AppRequest) -> SourceList:
        """The brand's sources and their keys, never a secret."""
        found = await sources.sources(request.resources, request.caller)
        return SourceList(sources=[source_view(each, brand_id=request.caller.brand_id) for each in found])

    @put("/{source:str}", guards=_WRITERS, responses=_WRITE)
    async def save(self, request: AppRequest, source: SourceName, data: JSONBody[SourceDraft]) -> SourceView:
        """Make a source, or give it another title and other types. Each time: all of it."""
        found = await sources.put_source(
            request.resources, request.caller, source=source, title=data.title, types=data.types
        )
        return source_view(found, brand_id=request.caller.brand_id)

    @post("/{source:str}/keys", guards=_WRITERS, responses=_WRITE)
    async def add_key(
        self, request: AppRequest, source: SourceName, data: JSONBody[SecretWanted | PublicKeyGiven]
    ) -> Response[KeyAdded]:
        """Have a secret made, which is told once, or register a public key. Keys hold side by side."""
        resources, caller = request.resources, request.caller
        expires_ms = None if data.expires_at is None else to_ms(data.expires_at)
        if isinstance(data, SecretWanted):
            return _key_added(
                await sources.add_secret(resources, caller, source=source, expires_ms=expires_ms)
            )
        return _key_added(
            await sources.add_public_key(
                resources, caller, data.public_key, source=source, expires_ms=expires_ms
            )
        )

    @put("/{source:str}/keys/{key_id:uuid}", guards=_WRITERS, responses=_WRITE)
    async def expire_key(
        self, request: AppRequest, source: SourceName, key_id: FromPath[UUID], data: JSONBody[KeyEnd]
    ) -> SourceView:
        """Say when a key ends: after its successor is in use."""
        expires_ms = None if data.expires_at is None else to_ms(data.expires_at)
        found = await sources.expire_key(
            request.resources, request.caller, source=source, key_id=key_id, expires_ms=expires_ms
        )
        return source_view(found, brand_id=request.caller.brand_id)

    @delete("/{source:str}/keys/{key_id:uuid}", guards=_WRITERS, responses=_READ | problem_responses(409))
    async def delete_key(self, request: AppRequest, source: SourceName, key_id: FromPath[UUID]) -> None:
        """Take a key away. Within a second it verifies nothing."""
        await sources.delete_key(request.resources, request.caller, source=source, key_id=key_id)


class EventTypes(Controller):
    """What events may say."""

    path = "/v1/manage/event-types"
    tags = ("Webhooks",)

    @get("/", guards=_READERS, responses=problem_responses(401, 403))
    async def index(self, request: AppRequest) -> EventTypeList:
        """The event types of the service and the brand's own, with their attributes."""
        found = await sources.declared_types(request.resources, brand_id=request.caller.brand_id)
        return event_type_list(found.values())

    @put("/{name:str}", guards=_WRITERS, responses=_WRITE)
    async def save(
        self, request: AppRequest, name: TypeInPath, data: JSONBody[EventTypeDraft]
    ) -> EventTypeView:
        """Declare an event type of the brand, or declare it anew. Events of before stay as they are."""
        await sources.declare_type(request.resources, request.caller, data, name=name)
        found = await sources.declared_types(request.resources, brand_id=request.caller.brand_id)
        return declared_view(found[name])


class Events(Controller):
    """The events that came."""

    path = "/v1/manage"
    tags = ("Webhooks",)

    @get("/events", guards=_READERS, responses=_READ)
    async def index(
        self,
        request: AppRequest,
        in_state: StateAsked = None,
        type_name: TypeAsked = None,
        subject: SubjectAsked = None,
        before: Before = None,
    ) -> EventPage:
        """The brand's events, newest first. Dead letters and unknown types are states."""
        asked = Asked(before=before or NEWEST, state=in_state, type_name=type_name, subject=subject)
        return event_page(await letters.events(request.resources, request.caller, asked, limit=PAGE))

    @get("/events/{event_id:uuid}", guards=_READERS, responses=_READ)
    async def show(self, request: AppRequest, event_id: FromPath[UUID]) -> EventView:
        """An event with all that is known of it."""
        return event_view(await letters.event(request.resources, request.caller, event_id))

    @post(
        "/events/{event_id:uuid}/redrive",
        status_code=HTTP_200_OK,
        guards=_WRITERS,
        responses=_READ | problem_responses(400, 409),
    )
    async def redrive(self, request: AppRequest, event_id: FromPath[UUID]) -> EventView:
        """Try a dead letter again, or read an event whose type is declared by now. Others stay."""
        return event_view(await letters.redrive(request.resources, request.caller, event_id))

    @post("/dead-letters/redrive", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def redrive_all(self, request: AppRequest, data: JSONBody[DeadLetters]) -> Redriven:
        """Try dead letters again, oldest first, a thousand at a time."""
        redriven = await letters.redrive_all(request.resources, request.caller, type_name=data.type)
        return Redriven(redriven=redriven)
