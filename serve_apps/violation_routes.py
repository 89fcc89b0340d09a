"""The report on a tenant's own schemas: which events violate them, and where."""

import asyncio
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from schemas.problems import ParameterInvalid
from serve_apps.callers import user_of
from serve_apps.openapi import USER, documented
from serve_apps.parameters import Moment, asked_span
from serve_apps.services import services_of
from storage.clickhouse.violation_reader import ViolationReader
from storage.postgres.dead_letters import DeadLetters

router = APIRouter()

_WEEK = timedelta(days=7)
_ROWS_MAX = 200


class Violation(BaseModel):
    """Events that violate a schema at one place: dead letters that wait, or stored ones that bear a mark."""

    event_name: str
    version: int | None = Field(description="Of the schema; null of stored ones, whose mark says it in its words.")
    pointer: str
    outcome: Literal["rejected", "flagged"]
    example: str
    events: int
    last_at: datetime


class ViolationReport(BaseModel):
    """Violations of a span of time, of each outcome the most frequent first."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    data: list[Violation]


@router.get("/api/v1/reports/violations", response_model=ViolationReport, **documented(USER, ParameterInvalid))
async def get_violations(
    request: Request,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> dict[str, Any]:
    """Count violations of the tenant's own schemas by event name and field, by arrival; default: the last 7 days."""
    tenant, _ = await user_of(request)
    since, until = asked_span(since, until, _WEEK)
    services = services_of(request)
    rejected, flagged = await asyncio.gather(
        DeadLetters(services.databases.tenant(tenant.tenant_id)).violations(since, until, _ROWS_MAX),
        ViolationReader(services.store, tenant.tenant_id).flagged(since, until, _ROWS_MAX),
    )
    data = [
        *(asdict(each) | {"outcome": "rejected"} for each in rejected),
        *(
            asdict(each) | {"outcome": "flagged", "version": None, "last_at": f"{each.last_at}Z".replace(" ", "T")}
            for each in flagged
        ),
    ]
    return {"from": since, "to": until, "data": data}
