"""A tenant's own schemas: what the properties of its in-app events must look like."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ingest.property_checks import compile_schema
from ingest.schema_changes import breaking_changes
from schemas.event_schema_problems import (
    EventSchemaIncompatible,
    EventSchemaInvalid,
    EventSchemasTooMany,
    EventSchemaUnknown,
)
from schemas.problems import RequestInvalid
from serve_apps.answers import Listing
from serve_apps.audited import audited_elsewhere
from serve_apps.callers import user_of
from serve_apps.openapi import OWNER, USER, documented
from serve_apps.parameters import Word
from serve_apps.services import services_of
from storage.postgres.event_schemas import EventSchema, EventSchemas

router = APIRouter()

EventName = Annotated[Word, Path(min_length=1)]


class NewEventSchema(BaseModel):
    """A schema, and what becomes of an event that violates it: a dead letter, or a mark in `schema_violation`."""

    model_config = ConfigDict(extra="forbid")

    definition: dict[str, Any] = Field(alias="schema", description="JSON Schema (draft 2020-12) of `properties`.")
    on_violation: Literal["reject", "flag"] = "reject"


@router.get("/api/v1/schemas", response_model=Listing[EventSchema], **documented(USER))
async def list_event_schemas(request: Request) -> dict[str, Any]:
    """List the newest version of each of the tenant's schemas."""
    stored, _ = await _schemas(request)
    return {"data": [asdict(each) for each in await stored.newest()]}


@router.get("/api/v1/schemas/{event_name}", response_model=Listing[EventSchema], **documented(USER, EventSchemaUnknown))
async def get_event_schema(request: Request, event_name: EventName) -> dict[str, Any]:
    """Give every version for an event name, newest first."""
    stored, _ = await _schemas(request)
    versions = await stored.versions(event_name)
    if not versions:
        raise EventSchemaUnknown
    return {"data": [asdict(each) for each in versions]}


@router.put(
    "/api/v1/schemas/{event_name}",
    response_model=EventSchema,
    **documented(OWNER, EventSchemaIncompatible, EventSchemasTooMany, EventSchemaInvalid, RequestInvalid),
)
async def put_event_schema(
    request: Request,
    event_name: EventName,
    new: NewEventSchema,
    *,
    force: Annotated[bool, Query(description="Register it though it would refuse what the newest one takes.")] = False,
) -> dict[str, Any]:
    """Register a schema, or its next version; it applies within a second."""
    stored, user = await _schemas(request)
    compile_schema(new.definition)
    versions = await stored.versions(event_name)
    if versions:
        newest = versions[0]
        if (newest.definition, newest.on_violation) == (new.definition, new.on_violation):
            return asdict(newest)
        breaking = list(breaking_changes(newest.definition, new.definition))
        if breaking and not force:
            raise EventSchemaIncompatible(extra={"breaking": breaking})
    async with audited_elsewhere(request, "schema.replace", event_name, {"on_violation": new.on_violation}):
        return asdict(await stored.add(event_name, new.definition, new.on_violation, user))


@router.delete("/api/v1/schemas/{event_name}", status_code=204, **documented(OWNER, EventSchemaUnknown))
async def delete_event_schema(request: Request, event_name: EventName) -> Response:
    """Delete a schema with all its versions: the event's properties may be anything again."""
    stored, _ = await _schemas(request)
    async with audited_elsewhere(request, "schema.delete", event_name):
        if not await stored.delete(event_name):
            raise EventSchemaUnknown
    return Response(status_code=204)


async def _schemas(request: Request) -> tuple[EventSchemas, str]:
    tenant, caller = await user_of(request)
    return EventSchemas(services_of(request).databases.control(), tenant.tenant_id), caller.user_id
