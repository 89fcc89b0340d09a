"""The parameters that all reports share: days, time zone, breakdown, filter."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from starlette.requests import Request

from schemas.reports import (
    BREAKDOWNS_MAX,
    FILTER_CHARS_MAX,
    Dimension,
    ReportQuery,
    dimension_names,
    parse_breakdown,
    parse_filter,
    parse_span,
    parse_zone,
)
from serve_apps.callers import user_of
from serve_apps.services import services_of
from storage.postgres.tenant_settings import TenantSettings
from telemetry.clock import utc_now

_DIMENSIONS = ", ".join(dimension_names(tuple(Dimension)))

First = Annotated[str | None, Query(alias="from", max_length=40, description="First day, such as 2026-11-01.")]
Last = Annotated[str | None, Query(alias="to", max_length=40, description="Last day, included. Default: today.")]
Zone = Annotated[
    str | None, Query(max_length=80, description="IANA time zone of the days. Default: the tenant's setting.")
]
Breakdown = Annotated[
    str | None, Query(max_length=200, description=f"At most {BREAKDOWNS_MAX}, separated by commas: {_DIMENSIONS}.")
]
Filter = Annotated[
    str,
    Query(
        alias="filter",
        max_length=FILTER_CHARS_MAX,
        description="Conditions such as media_source=google_ads,meta_ads;country!=DE;campaign~spring.",
    ),
]


async def report_query(
    request: Request,
    first: First = None,
    last: Last = None,
    tz: Zone = None,
    breakdown: Breakdown = None,
    conditions: Filter = "",
) -> ReportQuery:
    """Read the shared parameters; the zone is the tenant's where none is named.

    Raises:
        ReportParameterInvalid: one has a value that it cannot have.
    """
    tenant, _ = await user_of(request)
    if tz is None:
        database = services_of(request).databases.tenant(tenant.tenant_id)
        zone = (await TenantSettings(database).read()).time_zone
    else:
        zone = parse_zone(tz)
    today = utc_now().astimezone(ZoneInfo(zone)).date()
    return ReportQuery(
        span=parse_span(first, last, zone, today),
        breakdown=parse_breakdown(breakdown or ""),
        conditions=parse_filter(conditions),
    )


Asked = Annotated[ReportQuery, Depends(report_query)]
