"""The HTTP API of Segment and RudderStack: their SDKs send events here when their host is changed."""

from contextlib import suppress

from fastapi import APIRouter
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.segment import segment_events, write_key_in
from ingest.segment_tables import CALL_PATHS
from schemas.problems import EventsInvalid, KeyInvalid
from serve_apps.answers import Received
from serve_apps.callers import carried_key, tenant_of_key
from serve_apps.intake import IngestOptions, decode_events, read_body
from serve_apps.openapi import INTAKE, WRITE_KEY, documented
from serve_apps.services import services_of
from telemetry.clock import utc_now

router = APIRouter()

_DOCUMENTED = [f"/v1/{name}" for name in CALL_PATHS if len(name) > 1]
_SHORT = [f"{prefix}/{name}" for prefix in ("/v1", "") for name in CALL_PATHS if len(name) == 1]
_OTHERS = [*_SHORT, *(f"{path}/" for path in (*_DOCUMENTED, *_SHORT))]
_PATHS = frozenset({*_DOCUMENTED, *_OTHERS})

# What cannot become an event is kept as a rejected one: the request is not refused for it.
_PROBLEMS = set(INTAKE) - {EventsInvalid}
_BODY = {
    "required": True,
    "description": "A message, messages in a `batch` or an array; plain, gzip or zstd.",
    "content": {
        "application/json": {
            "schema": {"type": ["object", "array"]},
            "example": {"type": "track", "event": "Level Completed", "userId": "u-1", "messageId": "m-1"},
        }
    },
}


class BrowsersAllowed:
    """Lets pages of every origin call these paths: what they send is authorised by its write key alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["POST"], allow_headers=["*"], expose_headers=["Retry-After"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer preflight requests of these paths, and open their answers to every page; pass all else through."""
        is_open = scope["type"] == "http" and scope["path"] in _PATHS
        await (self._open if is_open else self._app)(scope, receive, send)


async def receive(request: Request) -> Response:
    """Take messages of Segment's or RudderStack's SDKs. 200 means durable.

    Messages that cannot become events are kept as rejected events; nothing else is said of them here, because SDKs
    send a batch that is refused again or throw it away.
    """
    services = services_of(request)
    header_key = carried_key(request)
    documents = None if header_key else await _read(request)
    body_key = write_key_in(documents) if documents else None
    tenant, key = await tenant_of_key(request, header_key or body_key)
    with services.quotas.admitted(tenant, key, utc_now()) as charge:
        if documents is None:
            documents = await _read(request)
            if write_key_in(documents) not in {None, header_key}:
                raise KeyInvalid("The body's `writeKey` is not the key of the request's head.")
        events = segment_events(documents, CALL_PATHS[_call_name(request)], utc_now())
        charge(len(events))
        with suppress(EventsInvalid):
            await services.intake.take(tenant.tenant_id, events, request, IngestOptions())
    return Response(b'{"success":true}', media_type="application/json")


async def _read(request: Request) -> list[object]:
    return decode_events(request, await read_body(request))


def _call_name(request: Request) -> str:
    return request.url.path.rstrip("/").rpartition("/")[2]


for path in _DOCUMENTED:
    router.add_api_route(
        path,
        receive,
        methods=["POST"],
        name=f"segment_{path.rpartition('/')[2]}",
        **documented(WRITE_KEY, *_PROBLEMS, responses={200: {"model": Received}}, requestBody=_BODY),
    )
for path in _OTHERS:
    router.add_api_route(path, receive, methods=["POST"], response_class=Response, include_in_schema=False)
