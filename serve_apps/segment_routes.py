"""The HTTP API of Segment and RudderStack: their SDKs send events here when their host is changed."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ingest.segment import segment_events, write_keys
from ingest.segment_tables import CALL_PATHS
from schemas.limits import KEYLESS_BODY_BYTES_MAX, KEYLESS_BODY_SECONDS_MAX
from schemas.problems import BodyTooLarge, EventsInvalid, KeyInvalid
from schemas.sdk_problems import RequestTimeout
from serve_apps.answers import Received
from serve_apps.callers import carried_key, tenant_of_key
from serve_apps.intake import IngestOptions, body_text, decode_events, read_body
from serve_apps.openapi import INTAKE, WRITE_KEY, documented
from serve_apps.services import services_of
from storage.postgres.directory import KeyRecord, TenantRecord
from telemetry.clock import utc_now

router = APIRouter()

_DOCUMENTED = [f"/v1/{name}" for name in CALL_PATHS if len(name) > 1]
_SHORT = [f"{prefix}/{name}" for prefix in ("/v1", "") for name in CALL_PATHS if len(name) == 1]
_BEACON = "/beacon/v1/batch"
"""Where a page that is being left sends its last batch: a beacon has no headers, so its key is in the address."""

_OTHERS = [*_SHORT, *(f"{path}/" for path in (*_DOCUMENTED, *_SHORT)), _BEACON]
PATHS = frozenset({*_DOCUMENTED, *_OTHERS})

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


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who sends a request: the key as it was sent, and whose it is; the body's text if it had to be read for that."""

    key_text: str | None
    tenant: TenantRecord
    key: KeyRecord
    body_text: bytes = b""


async def receive(request: Request) -> Response:
    """Take messages of Segment's or RudderStack's SDKs. 200 means durable.

    Messages that cannot become events are kept as rejected events; nothing else is said of them here, because SDKs
    send a batch that is refused again or throw it away.
    """
    services = services_of(request)
    sender = await _sender(request)
    with services.quotas.admitted(sender.tenant, sender.key, utc_now()) as charge:
        body = b"" if sender.body_text else await read_body(request)
        await services.turns.turn(sender.tenant.tenant_id)
        text = sender.body_text or body_text(request, body)
        documents = decode_events(request, text)
        if any(key_text != sender.key_text for key_text in write_keys(documents)):
            raise KeyInvalid("A `writeKey` of the body is not the key that the request came with.")
        events = segment_events(documents, CALL_PATHS[_call_name(request)], utc_now())
        charge(len(events))
        with suppress(EventsInvalid):
            await services.intake.take(sender.tenant.tenant_id, events, request, IngestOptions())
    return Response(b'{"success":true}', media_type="application/json")


async def _sender(request: Request) -> _Sender:
    """Find out who sends: by the request's head or, if that has no key, by its body."""
    key_text = request.query_params.get("writeKey") if request.url.path == _BEACON else carried_key(request)
    if key_text is not None:
        return _Sender(key_text, *await tenant_of_key(request, key_text))
    with services_of(request).quotas.keyless():
        text = await _keyless_text(request)
        # What is parsed is not kept: while the key is looked up, the text alone takes memory.
        key_text = next(write_keys(decode_events(request, text)), None)
        return _Sender(key_text, *await tenant_of_key(request, key_text), text)


async def _keyless_text(request: Request) -> bytes:
    """Read and decompress the body of a request of which nobody is known yet.

    Raises:
        BodyTooLarge, RequestTimeout: it has more bytes, or takes longer, than such a body may.
    """
    try:
        async with asyncio.timeout(KEYLESS_BODY_SECONDS_MAX):
            body = await read_body(request, KEYLESS_BODY_BYTES_MAX)
        return body_text(request, body, KEYLESS_BODY_BYTES_MAX)
    except BodyTooLarge:
        detail = f"A body may have {KEYLESS_BODY_BYTES_MAX // 1024} KiB unless the key is in the request's head."
        raise BodyTooLarge(detail) from None
    except TimeoutError:
        raise RequestTimeout from None


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
