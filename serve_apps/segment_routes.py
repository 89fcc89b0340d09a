"""Segment's HTTP Tracking API, so that the SDKs of Segment and RudderStack work by changing their host."""

from contextlib import suppress

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ingest.body import decompress
from ingest.parse import parse_document
from ingest.segment import messages_of, to_event
from schemas.limits import BODY_BYTES_MAX, EVENTS_PER_REQUEST_MAX
from schemas.problems import EventsInvalid, KeyInvalid, TenantMismatch, TooManyEvents
from serve_apps.callers import presented_key
from serve_apps.intake import IngestOptions, read_body
from serve_apps.services import services_of
from storage.postgres.directory import KeyRecord, TenantRecord
from telemetry.clock import utc_now

router = APIRouter()

KINDS = ("track", "identify", "page", "screen", "group", "alias", "batch", "import")
_BODY = {
    "requestBody": {
        "required": True,
        "description": "A message of Segment's HTTP Tracking API, or a `batch` of them; plain or gzip.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


async def take(request: Request) -> Response:
    """Take Segment's messages. 200 means durable; what cannot be mapped is kept as a dead letter.

    The write key is the Basic user name, or `writeKey` in the body; it is enough to find the tenant.
    """
    services = services_of(request)
    received_at = utc_now()
    body = await read_body(request)
    plain = decompress(body, request.headers.get("content-encoding"), bytes_max=BODY_BYTES_MAX)
    document = parse_document(plain)
    tenant, key = await _sender(request, document)
    messages, envelope = messages_of(document, _kind(request), received_at)
    if len(messages) > EVENTS_PER_REQUEST_MAX:
        raise TooManyEvents
    with services.quotas.admitted(tenant, key, received_at) as charge:
        charge(len(messages))
        events = [to_event(message, envelope) for message in messages]
        # No message is reason enough for an SDK to send the others again.
        with suppress(EventsInvalid):
            await services.intake.take(tenant.tenant_id, events, request, IngestOptions())
    return Response(b'{"success":true}', media_type="application/json")


def _kind(request: Request) -> str:
    return request.url.path.rstrip("/").rpartition("/")[2]


async def _sender(request: Request, document: object) -> tuple[TenantRecord, KeyRecord]:
    """Find the tenant by its write key; a host name or header that names another makes the key invalid.

    Raises:
        KeyInvalid: it is missing, unknown, or another tenant's.
        ScopeMissing, TenantSuspended: as they say.
    """
    feed = services_of(request).feed
    try:
        text = presented_key(request)
    except KeyInvalid:
        text = _key_in(document)
        if not text:
            raise
    key = await feed.key(text, scope="ingest")
    if key.tenant_id is None:
        raise KeyInvalid
    headers = request.headers
    host = headers.get("host", "").partition(":")[0].lower()
    try:
        tenant = await feed.resolve(host=host, header=headers.get("x-tenant-id"), token_tenant=key.tenant_id)
    except TenantMismatch as error:
        raise KeyInvalid from error
    return tenant, key


def _key_in(document: object) -> str:
    """Read `writeKey` of a body, or of the first message of its batch."""
    if not isinstance(document, dict):
        return ""
    batch = document.get("batch")
    first = batch[0] if isinstance(batch, list) and batch else None
    for holder in (document, first):
        key = holder.get("writeKey") if isinstance(holder, dict) else None
        if isinstance(key, str) and key:
            return key
    return ""


def _paths(name: str) -> tuple[str, ...]:
    """List the other paths by which SDKs call: with a slash at the end, and by the first letter alone."""
    short = () if name == "import" else (f"/v1/{name[0]}", f"/{name[0]}")
    return f"/v1/{name}/", *short, *(f"{path}/" for path in short)


for _name in KINDS:
    router.add_api_route(f"/v1/{_name}", take, methods=["POST"], name=_name, openapi_extra=_BODY)
    for _path in _paths(_name):
        router.add_api_route(_path, take, methods=["POST"], include_in_schema=False)
