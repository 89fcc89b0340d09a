"""The quality report: the ledger of everything that came, and why what is missing is missing."""

from dataclasses import asdict, fields
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request

from schemas.problems import ParameterInvalid
from serve_apps.answers import Quality
from serve_apps.callers import user_of
from serve_apps.openapi import USER, documented
from serve_apps.parameters import Moment
from serve_apps.services import services_of
from storage.postgres.conversion_reader import ConversionReader
from storage.postgres.dead_letters import DeadLetters
from storage.postgres.identity_edges import IdentityEdges
from storage.postgres.ledger import Ledger, LedgerRow
from telemetry.clock import utc_now

router = APIRouter()

_DAY = timedelta(days=1)
_STEPS_MAX = 10_080
_STEP_SPANS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": _DAY}
_REASONS_MAX = 50
_COUNTS = tuple(field.name for field in fields(LedgerRow) if field.name != "time")


@router.get("/api/v1/reports/quality", response_model=Quality, **documented(USER, ParameterInvalid))
async def get_quality(
    request: Request,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
    step: Literal["minute", "hour", "day"] = "minute",
) -> dict[str, Any]:
    """Balance what came against what became of it, by the time of its commit; default: the last 24 hours.

    In each row received = stored + waiting + duplicates + quarantined + rejected. `conversions` says how many have no
    result now: they wait for it (`pending`), or attribution gave them up (`failed`). `identity_links` are links between
    ids whose coming or going has not reached the conversions yet; the longer since, the more there was to search.
    `freshness` says how far the store is behind.
    """
    tenant, _ = await user_of(request)
    until = until or utc_now() + timedelta(minutes=1)
    since = since or until - _DAY
    if not timedelta(0) < until - since <= _STEPS_MAX * _STEP_SPANS[step]:
        raise ParameterInvalid(f"From `from` to `to` must be 1 to {_STEPS_MAX:,} steps; choose a larger `step`.")
    database = services_of(request).databases.tenant(tenant.tenant_id)
    rows = await Ledger(database).rows(since, until, step)
    freshness = await Ledger(database).freshness()
    reasons = await DeadLetters(database).counts(_REASONS_MAX)
    totals = {name: sum(getattr(row, name) for row in rows) for name in _COUNTS}
    return {
        "from": since,
        "to": until,
        "step": step,
        "totals": totals | {"waiting": sum(row.waiting for row in rows)},
        "data": [asdict(row) | {"waiting": row.waiting} for row in rows],
        "freshness": asdict(freshness),
        "reasons": [asdict(reason) for reason in reasons],
        "conversions": asdict(await ConversionReader(database).counts()),
        "identity_links": asdict(await IdentityEdges(database).waiting()),
    }
