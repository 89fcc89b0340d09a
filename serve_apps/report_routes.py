"""Reports: how every source did, day by day, and what became of the people it brought."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from attribution.report_metrics import Sums, change
from schemas.ids import TenantId
from schemas.limits import REPORT_ROWS_MAX
from schemas.report_problems import ReportParameterInvalid, ReportTooSlow
from schemas.reports import Dimension, ReportQuery, Span, parse_ages
from serve_apps.callers import user_of
from serve_apps.openapi import USER, documented
from serve_apps.report_answers import CohortReport, LtvReport, PerformanceReport, respond_report, table_responses
from serve_apps.report_cohorts import Cohort, CohortParts, CohortReader, cohort_document
from serve_apps.report_foretold import Foretold, pltv_columns, read_foretold
from serve_apps.report_parameters import Asked
from serve_apps.report_sums import Key, SumsReader, read_money
from serve_apps.services import Services, services_of
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.report_reader import AgeWindow, CohortQuery, CohortStep, ReportReader
from storage.postgres.connect import Database
from storage.postgres.event_hours import EventHours
from storage.postgres.learning_jobs import LearningJobs
from telemetry.clock import utc_now

router = APIRouter()

_REFUSALS = (ReportParameterInvalid, ReportTooSlow)

_PERFORMANCE = documented(USER, *_REFUSALS, responses=table_responses(PerformanceReport))
_COHORTS = documented(USER, *_REFUSALS, responses=table_responses(CohortReport))
_LTV = documented(USER, *_REFUSALS, responses=table_responses(LtvReport))

Compare = Annotated[bool, Query(description="Also add up the as many days before, and say by which part each grew.")]
Ages = Annotated[
    str | None, Query(max_length=400, description="Days after the install, such as 0,1,7,30. Day 0 begins with it.")
]
Window = Annotated[AgeWindow, Query(description="Day N: the N-th 24 hours since the install, or calendar day.")]
Step = Annotated[CohortStep, Query(description="Installs of one day, week (from Monday) or month are one cohort.")]


def _asks(default_days: str) -> Callable[..., CohortQuery]:
    """Make what reads the parameters that reports on cohorts share; they differ in the days they show."""

    def cohort_query(
        days: Ages = None, window: Window = AgeWindow.HOURS_24, cohort: Step = CohortStep.DAY
    ) -> CohortQuery:
        return CohortQuery(cohort, window, parse_ages(days or default_days))

    return cohort_query


CohortsAsked = Annotated[CohortQuery, Depends(_asks("0,1,3,7,14,30"))]
RetentionAsked = Annotated[CohortQuery, Depends(_asks("0,1,2,3,4,5,6,7,14,21,30"))]
LtvAsked = Annotated[CohortQuery, Depends(_asks("0,1,3,7,14,30,60,90"))]


@router.get("/api/v1/reports/overview", response_class=Response, **_PERFORMANCE)
async def get_overview(request: Request, query: Asked, *, compare: Compare = False) -> Response:
    """Give every day's figures, and those of all days together."""
    sums, document = await _performance(request, query, by_day=True)
    if not query.breakdown:
        for number in range(query.span.days):
            sums.setdefault((query.span.first + timedelta(days=number),), Sums())
    ordered = sorted(sums.items(), key=lambda item: tuple(map(str, item[0])))
    return await _respond(request, query, document, ordered, compare=compare, first="day")


@router.get("/api/v1/reports/channels", response_class=Response, **_PERFORMANCE)
async def get_channels(request: Request, query: Asked, *, compare: Compare = False) -> Response:
    """Give every source's figures, those with most installs first; `breakdown` says what a source is."""
    query = replace(query, breakdown=query.breakdown or (Dimension.MEDIA_SOURCE,))
    sums, document = await _performance(request, query, by_day=False)
    ordered = sorted(sums.items(), key=lambda item: (-item[1].installs, -item[1].cost, item[0][1:]))
    return await _respond(request, query, document, ordered, compare=compare, first=None)


@router.get("/api/v1/reports/cohorts", response_class=Response, **_COHORTS)
async def get_cohorts(request: Request, query: Asked, asked: CohortsAsked) -> Response:
    """Give what became of the people of each cohort: how many came back, what they paid, what they cost."""
    return await _cohorts(request, query, asked, CohortParts(retention=True, value=True))


@router.get("/api/v1/reports/retention", response_class=Response, **_COHORTS)
async def get_retention(request: Request, query: Asked, asked: RetentionAsked) -> Response:
    """Give which part of each cohort was active again on day N."""
    return await _cohorts(request, query, asked, CohortParts(retention=True))


@router.get("/api/v1/reports/ltv", response_class=Response, **_LTV)
async def get_ltv(request: Request, query: Asked, asked: LtvAsked) -> Response:
    """Give what each cohort had paid up to day N, by install and by what it cost; and what it is foretold to bring."""
    return await _cohorts(request, query, asked, CohortParts(value=True), foretells=True)


async def _performance(request: Request, query: ReportQuery, *, by_day: bool) -> tuple[dict[Key, Sums], dict[str, Any]]:
    """Add a report's days up; the document has all but the rows."""
    span = query.span
    services, tenant_id, database = await _tenant(request)
    money, reader = await asyncio.gather(
        read_money(database, span.first, span.last), _reader(services.store, tenant_id, database, query, span.until)
    )
    sums_reader = SumsReader(reader, query, money)
    sums, total = await sums_reader.read(by_day=by_day)
    return sums, _head(query, sums_reader) | {"totals": total.document()}


async def _respond(
    request: Request,
    query: ReportQuery,
    document: dict[str, Any],
    ordered: list[tuple[Key, Sums]],
    *,
    compare: bool,
    first: str | None,
) -> Response:
    rows = (_labels(query, key, first) | sums.document() for key, sums in ordered[:REPORT_ROWS_MAX])
    document |= {"data": list(rows), "is_cut": len(ordered) > REPORT_ROWS_MAX}
    if compare:
        earlier = replace(query, span=query.span.before())
        _, before = await _performance(request, earlier, by_day=first is not None)
        growth = {name: change(value, before["totals"][name]) for name, value in document["totals"].items()}
        document["previous"] = {name: before[name] for name in ("from", "to", "totals", "unconverted")} | {
            "change": growth
        }
    return respond_report(request, document)


async def _cohorts(
    request: Request, query: ReportQuery, asked: CohortQuery, parts: CohortParts, *, foretells: bool = False
) -> Response:
    span = query.span
    later = timedelta(days=asked.ages[-1] + 2)
    services, tenant_id, database = await _tenant(request)
    foretold: Foretold | None = None
    if foretells:
        foretold = await read_foretold(LearningJobs(services.databases.control()), tenant_id, database)
        parts = replace(parts, snapshot=foretold.snapshot)
    reader = await _reader(services.store, tenant_id, database, query, span.until + later)
    money = read_money(database, span.first, span.last, until=span.last + later)
    cohorts, sums = await CohortReader(reader, query).read(asked, parts, money)
    today = utc_now().astimezone(ZoneInfo(span.zone)).date()

    def figures(some: Collection[Cohort]) -> dict[str, Any]:
        told = {} if foretold is None else pltv_columns(some, foretold, today)
        return cohort_document(some, asked, parts, today) | told

    ordered = sorted(cohorts.items(), key=lambda item: tuple(map(str, item[0])))
    rows = [_labels(query, key, "cohort") | figures([cohort]) for key, cohort in ordered[:REPORT_ROWS_MAX]]
    document = _head(query, sums) | {"window": asked.window, "cohort": asked.step, "days": asked.ages, "data": rows}
    document |= {"totals": figures(cohorts.values()), "is_cut": len(ordered) > REPORT_ROWS_MAX}
    if foretold is not None:
        document["pltv"] = foretold.pltv.model_dump(mode="json")
    return respond_report(request, document)


async def _tenant(request: Request) -> tuple[Services, TenantId, Database]:
    tenant, _ = await user_of(request)
    services = services_of(request)
    return services, tenant.tenant_id, services.databases.tenant(tenant.tenant_id)


async def _reader(
    store: ClickHouse, tenant_id: TenantId, database: Database, query: ReportQuery, until: datetime
) -> ReportReader:
    """Make what reads a query of a tenant's; `until` is when the last counts are from."""
    weeks = await EventHours(database).summed_weeks(query.span.since, until)
    return await ReportReader.open(store, tenant_id, query, weeks)


def _head(query: ReportQuery, reader: SumsReader) -> dict[str, Any]:
    span: Span = query.span
    return {
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
        "tz": span.zone,
        "currency": reader.currency,
        "breakdown": [dimension.value for dimension in query.breakdown],
        "unconverted": reader.unconverted.document(),
    }


def _labels(query: ReportQuery, key: Key, first: str | None) -> dict[str, Any]:
    labels: dict[str, Any] = {} if first is None else {first: key[0].isoformat()}
    return labels | dict(zip((dimension.value for dimension in query.breakdown), key[1:], strict=True))
