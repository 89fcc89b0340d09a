"""How champions do on the days of the tenants that they serve, as operators see it: without any tenant's channels."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from attribution.drift_weeks import judged_week, without_channels
from schemas.learning import PSI_MOVED, PSI_SHIFTED
from serve_apps.learned_answers import CalibrationWeek, DriftLevel, PlatformDrift, TenantDrift
from storage.postgres.learning_jobs import TenantDriftRecord


def platform_drift(records: Iterable[TenantDriftRecord]) -> list[PlatformDrift]:
    """Put what was seen of each model together, in the order in which models come."""
    by_model: dict[str, list[TenantDriftRecord]] = defaultdict(list)
    for record in records:
        by_model[record.drift.document["model_id"]].append(record)
    return [_of_model(model_id, of_model) for model_id, of_model in by_model.items()]


def _of_model(model_id: str, records: Sequence[TenantDriftRecord]) -> PlatformDrift:
    tenants = sorted(map(_of_tenant, records), key=lambda each: (-max(each.psi.values(), default=0.0), each.tenant_id))
    days = [each.newest_day for each in tenants]
    return PlatformDrift(
        kind=records[0].drift.kind,
        model_id=model_id,
        scope="global" if records[0].is_global else "own",
        tenants_shifted=sum(each.level is DriftLevel.SHIFTED for each in tenants),
        oldest_day=min(days),
        newest_day=max(days),
        tenants=tenants,
        calibration=_together(each.drift.document["calibration"] for each in records),
    )


def _of_tenant(record: TenantDriftRecord) -> TenantDrift:
    document = record.drift.document
    newest = judged_week(document)
    psi = {} if newest is None else without_channels(newest["psi"])
    return TenantDrift(
        tenant_id=record.tenant_id,
        seen_at=record.drift.seen_at,
        newest_day=document["newest_day"],
        week=None if newest is None else newest["week"],
        level=None if newest is None else level_of(max(psi.values(), default=0.0)),
        psi=psi,
    )


def level_of(psi: float) -> DriftLevel:
    """Say what a PSI means."""
    if psi < PSI_MOVED:
        return DriftLevel.STEADY
    return DriftLevel.MOVED if psi < PSI_SHIFTED else DriftLevel.SHIFTED


def _together(documents: Iterable[list[dict[str, Any]]]) -> list[CalibrationWeek]:
    """Add up by the week what was foretold of all tenants' journeys, and what happened."""
    weeks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for document in documents:
        for each in document:
            weeks[each["week"]].append(each)
    return [_week(week, each) for week, each in sorted(weeks.items())]


def _week(week: str, parts: Sequence[dict[str, Any]]) -> CalibrationWeek:
    journeys = sum(float(each["journeys"]) for each in parts)

    def mean(name: str) -> float:
        return sum(float(each[name]) * float(each["journeys"]) for each in parts) / journeys

    return CalibrationWeek(
        week=date.fromisoformat(week), journeys=journeys, predicted=mean("predicted"), actual=mean("actual")
    )
