"""What the fraud rules found, conversion by conversion: the evidence behind the counts of the report."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from schemas.fraud_policy import FraudMode, FraudRule
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import CursorInvalid
from schemas.report_problems import ReportParameterInvalid
from serve_apps.answers import Page
from serve_apps.callers import user_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.fraud_report_routes import check_claimed
from serve_apps.openapi import USER, documented
from serve_apps.parameters import Cursor, Limit
from serve_apps.report_parameters import Filter, First, Last, Zone, report_query
from serve_apps.services import services_of
from storage.postgres.fraud_findings import FraudFindings

router = APIRouter()


class ClaimFinding(BaseModel):
    """What a rule found of the touch that claims a conversion, or (`touch_id` null) of the conversion itself."""

    rule: FraudRule
    mode: FraudMode
    touch_id: str | None
    goes_to: str = Field(description="The source that has it if the rule is on, or would have it if it were.")
    explanation: str
    evidence: dict[str, Any]
    is_fraud: bool | None = Field(description="What somebody who looked into it says; null: nobody did.")


class JudgedConversionShown(BaseModel):
    """A conversion whose claim rules speak against."""

    conversion_id: str
    conversion_time: datetime
    claimed_media_source: str
    claimed_campaign: str
    claimed_site_id: str
    findings: list[ClaimFinding]


@router.get(
    "/api/v1/fraud/findings",
    response_model=Page[JudgedConversionShown],
    **documented(USER, ReportParameterInvalid, CursorInvalid),
)
async def list_fraud_findings(
    request: Request,
    first: First = None,
    last: Last = None,
    tz: Zone = None,
    conditions: Filter = "",
    rule: FraudRule | None = None,
    *,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List the conversions that the fraud report counts, with the evidence, newest first."""
    tenant, _ = await user_of(request)
    query = await report_query(request, first, last, tz, conditions=conditions)
    check_claimed(query)
    findings = FraudFindings(services_of(request).databases.tenant(tenant.tenant_id), query)
    before = read_moment(cursor) if cursor else None
    page = await findings.conversions(rule, before=before, limit=limit)
    following = page[-1] if len(page) == limit else None
    return {
        "data": [asdict(each) | {"findings": orjson.loads(each.findings)} for each in page],
        "next_cursor": following and write_cursor(following.conversion_time.isoformat(), following.conversion_id),
    }
