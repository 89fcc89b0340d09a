"""POST /api/v1/events/ingest: the tenant's own door for events."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import ParameterInvalid
from serve_apps.callers import ingesting_tenant
from serve_apps.idempotency import once
from serve_apps.intake import IngestOptions, body_text, decode_events, read_body
from serve_apps.services import services_of
from telemetry.clock import utc_now

router = APIRouter()

_BODY = {
    "requestBody": {
        "required": True,
        "description": 'One event, an array, `{"events": [...]}` or NDJSON; plain, gzip or zstd.',
        "content": {
            "application/json": {
                "schema": {"type": ["object", "array"]},
                "example": {"event_id": "e-1", "event_type": "click", "event_time": "2026-01-31T12:00:00Z"},
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            "description": "A request that comes again with its key and its body gets the first one's answer.",
        },
        {"name": "strict", "in": "query", "schema": {"type": "boolean"}, "description": "All events or none."},
        {
            "name": "wait",
            "in": "query",
            "schema": {"enum": ["stored"]},
            "description": "Answer when ClickHouse has the events.",
        },
    ],
}


@router.post("/api/v1/events/ingest", status_code=202, openapi_extra=_BODY)
async def ingest(request: Request) -> Response:
    """Take events. 202 means durable: what is counted as accepted survives the death of any part."""
    tenant, key = await ingesting_tenant(request)
    options = ingest_options(request)
    services = services_of(request)
    with services.quotas.admitted(tenant, key, utc_now()) as charge:
        body = await read_body(request)
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
