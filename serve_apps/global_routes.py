"""The global plane: events of many tenants in one request, with a platform key."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.problem import FieldError, Problem
from schemas.problems import (
    EventsInvalid,
    ParameterInvalid,
    RequestInvalid,
    TenantSuspended,
    TenantUnknown,
)
from serve_apps.answers import AcceptedByTenant
from serve_apps.callers import presented_key
from serve_apps.health_routes import HEALTH, report
from serve_apps.ingest_routes import ACCEPTED_HEADERS, OPTIONS, ingest_options
from serve_apps.intake import accepted_response, body_text, decode_events, read_body
from serve_apps.openapi import ANYBODY, EVENT, INTAKE, PLATFORM_KEY, documented
from serve_apps.problem_responses import request_id
from serve_apps.services import services_of
from telemetry.clock import utc_now

router = APIRouter()

_BODY = {
    "required": True,
    "description": "Events of one tenant in an envelope, or events that each name their tenant; plain, gzip or zstd.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["tenant_id", "events"],
                "properties": {"tenant_id": {"type": "string"}, "events": {"type": "array", "items": EVENT}},
            }
        },
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}


@router.get("/health", **documented(ANYBODY, responses=HEALTH))
async def get_health(request: Request) -> Response:
    """Measure the control database and the event store."""
    services = services_of(request)
    return await report({"postgres": services.databases.control().ping(), "clickhouse": services.store.ping()})


@router.post(
    "/api/v1/ingest",
    status_code=202,
    **documented(
        PLATFORM_KEY,
        *(*INTAKE, ParameterInvalid, RequestInvalid, TenantSuspended, TenantUnknown),
        responses={202: {"model": AcceptedByTenant, "headers": ACCEPTED_HEADERS}},
        requestBody=_BODY,
        parameters=OPTIONS,
    ),
)
async def ingest_events(request: Request) -> Response:
    """Take events of many tenants: `{"tenant_id", "events"}` or NDJSON of events that each name their tenant."""
    services = services_of(request)
    key = await services.feed.key(presented_key(request), scope="ingest", kind="platform")
    options = ingest_options(request)
    answers: dict[str, Any] = {}
    refusals: list[Problem] = []
    durability = "spooled"
    text = body_text(request, await read_body(request))
    for tenant_id, events in by_tenant(decode_events(request, text, inherited="tenant_id")).items():
        try:
            tenant = await services.feed.resolve(host="", header=tenant_id)
            with services.quotas.admitted(tenant, key, utc_now()) as charge:
                charge(len(events))
                answer = await services.intake.take(tenant.tenant_id, events, request, options)
        except Problem as problem:
            refusals.append(problem)
            answers[tenant_id] = {"accepted": 0} | problem.document(request_id(request))
        else:
            durability = answer.durability
            answers[tenant_id] = answer.document()
    if len(refusals) == len(answers):
        raise _worst(refusals, answers)
    return accepted_response({"tenants": answers}, durability)


def by_tenant(events: list[Any]) -> dict[str, list[Any]]:
    """Sort events by the tenant that each names, or that the envelope names for all; the order stays.

    Raises:
        RequestInvalid: an event names no tenant; nothing was taken.
    """
    sorted_events: dict[str, list[Any]] = {}
    for index, event in enumerate(events):
        tenant_id = event.get("tenant_id") if isinstance(event, dict) else None
        if not isinstance(tenant_id, str):
            error = FieldError(index, "/tenant_id", "is required on the global plane: the id of the event's tenant")
            raise RequestInvalid(errors=(error,))
        sorted_events.setdefault(tenant_id, []).append(
            {name: value for name, value in event.items() if name != "tenant_id"}
        )
    return sorted_events


def _worst(refusals: list[Problem], answers: dict[str, Any]) -> Problem:
    """Answer with what a retry may cure, if there is such a refusal: then the sender keeps the events."""
    if not refusals:
        return EventsInvalid("The request holds no event.")
    worst = max(refusals, key=lambda problem: problem.status)
    worst.extra = {"tenants": answers}
    return worst
