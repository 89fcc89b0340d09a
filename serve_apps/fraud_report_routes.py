"""The fraud report: what the rules found, by rule, source, site and day, and what they move or in shadow would move."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from attribution.fraud.flooding import SiteCounts, baselines, bucket_edges, flooding_sites
from schemas.fraud import SiteKey
from schemas.fraud_policy import ClickFlooding
from schemas.ids import TenantId
from schemas.limits import REPORT_ROWS_MAX
from schemas.report_problems import ReportParameterInvalid, ReportTooSlow
from schemas.reports import Condition, Dimension, ReportQuery, dimension_names
from serve_apps.callers import user_of
from serve_apps.fraud_answers import FraudReport
from serve_apps.openapi import USER, documented
from serve_apps.report_answers import respond_report, table_responses
from serve_apps.report_parameters import Asked
from serve_apps.services import services_of
from storage.clickhouse.fraud_reader import FraudReader
from storage.postgres.fraud_findings import FRAUD_DIMENSIONS, FraudFindings
from storage.postgres.policies import Policies
from tenancy.fraud_sites import count_sites

router = APIRouter()

_PLACES_SHOWN = 200
_SITES_SHOWN = 50


def check_claimed(query: ReportQuery) -> None:
    """Check that a query is about who claimed conversions: nothing else is known of a finding.

    Raises:
        ReportParameterInvalid: it is broken down or filtered by something else.
    """
    asked = {*query.breakdown, *(condition.dimension for condition in query.conditions)}
    if not asked <= set(FRAUD_DIMENSIONS):
        raise ReportParameterInvalid(
            f"`breakdown` and `filter` of the fraud report: {', '.join(dimension_names(FRAUD_DIMENSIONS))}."
        )


@router.get(
    "/api/v1/reports/fraud",
    response_class=Response,
    **documented(USER, ReportParameterInvalid, ReportTooSlow, responses=table_responses(FraudReport)),
)
async def get_fraud_report(request: Request, query: Asked) -> Response:
    """Count what the rules found; `data` by `breakdown` and rule. Sources, campaigns and sites are who claimed."""
    check_claimed(query)
    tenant, _ = await user_of(request)
    findings = FraudFindings(services_of(request).databases.tenant(tenant.tenant_id), query)
    rows, (rules, sources, sites, days, moves), ctit = await asyncio.gather(
        findings.by_breakdown(REPORT_ROWS_MAX + 1),
        asyncio.gather(
            findings.by_rule(REPORT_ROWS_MAX),
            findings.by_source(_PLACES_SHOWN),
            findings.by_site(_PLACES_SHOWN),
            findings.by_day(),
            findings.moves(_PLACES_SHOWN),
        ),
        _ctit(request, tenant.tenant_id, query),
    )
    return respond_report(
        request,
        {
            "from": query.span.first,
            "to": query.span.last,
            "tz": query.span.zone,
            "breakdown": [dimension.value for dimension in query.breakdown],
            "rules": [_with_precision(asdict(counts)) for counts in rules],
            "sources": sources,
            "sites": sites,
            "days": days,
            "moves": moves,
            "ctit_bucket_seconds": [round(edge, 3) for edge in bucket_edges().tolist()],
            "ctit": ctit,
            "is_cut": len(rows) > REPORT_ROWS_MAX,
            "data": [_with_precision(row) for row in rows[:REPORT_ROWS_MAX]],
        },
    )


async def _ctit(request: Request, tenant_id: TenantId, query: ReportQuery) -> list[dict[str, Any]]:
    services = services_of(request)
    policy = await Policies(services.databases.tenant(tenant_id)).in_force()
    limits = policy.fraud.click_flooding
    reader, span = FraudReader(services.store, tenant_id), query.span
    counts = await count_sites(reader, limits, span.until, since=span.since)
    return _spread(counts, limits, query.conditions)


def _spread(counts: list[SiteCounts], limits: ClickFlooding, conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """Show sites that fit the conditions, as far as these are about sites; neighbours are those of all."""
    measured, flooding = baselines(counts, limits), flooding_sites(counts, limits)
    shown = [each for each in counts if each.installs and _fits(each.site, conditions)]
    shown.sort(key=lambda each: (each.site not in flooding, -each.installs, each.site))
    return [
        each.site._asdict()
        | {
            "installs": each.installs,
            "late_share": each.late_share,
            "is_flooding": each.site in flooding,
            "histogram": each.histogram.tolist(),
            "baseline": measured[each.site].tolist(),
        }
        for each in shown[:_SITES_SHOWN]
    ]


def _fits(site: SiteKey, conditions: Sequence[Condition]) -> bool:
    values = {Dimension.MEDIA_SOURCE: site.media_source, Dimension.SITE_ID: site.site_id}
    return all(each.holds(values[each.dimension]) for each in conditions if each.dimension in values)


def _with_precision(counts: dict[str, Any]) -> dict[str, Any]:
    labelled = counts["confirmed"] + counts["refuted"]
    return counts | {"precision": counts["confirmed"] / labelled if labelled else None}
