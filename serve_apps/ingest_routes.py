"""POST /api/v1/events/ingest: the tenant's own door for events."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.limits import EVENTS_PER_REQUEST_MAX
from schemas.problems import IdempotencyKeyReused, ParameterInvalid
from serve_apps.answers import Accepted
from serve_apps.callers import ingesting_tenant
from serve_apps.idempotency import once
from serve_apps.intake import IngestOptions, body_text, decode_events, read_body
from serve_apps.openapi import EVENT, INTAKE, WRITE_KEY, documented
from serve_apps.services import services_of
from telemetry.clock import utc_now

PATH = "/api/v1/events/ingest"

router = APIRouter()

ACCEPTED_HEADERS: dict[str, Any] = {
    "X-Durability": {
        "schema": {"enum": ["spooled", "stored"]},
        "description": "`stored` if ClickHouse has the events already.",
        "required": True,
    }
}
OPTIONS: list[dict[str, Any]] = [
    {"name": "strict", "in": "query", "schema": {"type": "boolean"}, "description": "All events or none."},
    {
        "name": "wait",
        "in": "query",
        "schema": {"enum": ["stored"]},
        "description": "Answer when ClickHouse has the events.",
    },
]
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "A request that comes again with its key and its body gets the first one's answer.",
}
_REPLAYED = {"schema": {"enum": ["true"]}, "description": "This request came before; the answer is the first one's."}
_EVENTS = {"type": "array", "items": EVENT, "minItems": 1, "maxItems": EVENTS_PER_REQUEST_MAX}
_BODY = {
    "required": True,
    "description": (
        'One event, an array, `{"events": [...]}` or NDJSON; plain, gzip or zstd. What a type needs beyond what all '
        "have in common is at /schemas/events/{event_type}.json."
    ),
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [EVENT, _EVENTS, {"type": "object", "required": ["events"], "properties": {"events": _EVENTS}}]
            },
            "example": {"event_id": "e-1", "event_type": "click", "event_time": "2026-01-31T12:00:00Z"},
        },
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}


@router.post(
    PATH,
    status_code=202,
    **documented(
        WRITE_KEY,
        *(*INTAKE, ParameterInvalid, IdempotencyKeyReused),
        responses={202: {"model": Accepted, "headers": ACCEPTED_HEADERS | {"Idempotent-Replayed": _REPLAYED}}},
        requestBody=_BODY,
        parameters=[_IDEMPOTENCY_KEY, *OPTIONS],
    ),
)
async def ingest_events(request: Request) -> Response:
    """Take events. 202 means durable: what is counted as accepted survives the death of any part."""
    tenant, key = await ingesting_tenant(request)
    options = ingest_options(request)
    services = services_of(request)
    with services.quotas.admitted(tenant, key, utc_now()) as charge:
        body = await read_body(request)
        await services.turns.turn(tenant.tenant_id)
        text = body_text(request, body)
        events = decode_events(request, text)
        charge(len(events))
        return await once(
            request, tenant, body, lambda: services.intake.take(tenant.tenant_id, events, request, options, text)
        )


def ingest_options(request: Request) -> IngestOptions:
    """Read the query string.

    Raises:
        ParameterInvalid: a parameter has another value than the documented ones.
    """
    query = request.query_params
    if not query:
        return IngestOptions()
    strict, wait = query.get("strict", "false"), query.get("wait", "")
    if strict not in {"true", "false"}:
        raise ParameterInvalid("`strict` is true or false.")
    if wait not in {"", "stored"}:
        raise ParameterInvalid("`wait` can only be `stored`.")
    return IngestOptions(strict == "true", wait == "stored")
