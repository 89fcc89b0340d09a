"""What Prometheus is told of drift."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.drift_gauges import DriftFigures, drift_figures
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from storage.postgres.learning_jobs import DriftRecord, TenantDriftRecord

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def record(hours_ago: float, psi: float, journeys: float, predicted: float, actual: float) -> TenantDriftRecord:
    weeks = [
        {"week": week, "rows": 500, "psi": {"hour": moved, "weekday": 0.0}}
        for week, moved in (("2026-11-02", 9.0), ("2026-11-09", psi), ("2026-11-16", 9.0))
    ]
    newest = {"week": "2026-11-16", "journeys": 9e9, "predicted": 1.0, "actual": 0.1}
    judged = {"week": "2026-11-09", "journeys": journeys, "predicted": predicted, "actual": actual}
    document: dict[str, Any] = {"weeks": weeks, "calibration": [judged, newest], "newest_day": "2026-11-18"}
    seen_at = NOW - timedelta(hours=hours_ago)
    drift = DriftRecord(LearnedKind.CONVERSION, seen_at, document)
    return TenantDriftRecord(TenantId("t1"), is_global=True, drift=drift)


def test_newest_whole_weeks_count() -> None:
    """Of three tenants one is another population; the oldest look counts, and journeys are weights."""
    figures = drift_figures(
        [record(1, 0.24, 1_000, 0.1, 0.2), record(30, 0.25, 9_000, 0.3, 0.2), record(2, 0.0, 0, 0.0, 0.0)], NOW
    )
    assert figures == DriftFigures(1, 30 * 3_600.0, 100 + 2_700, 2_000)


def test_where_nobody_was_looked_at_nothing_is_old() -> None:
    """Nor has anything moved, been foretold or come."""
    assert drift_figures([], NOW) == DriftFigures(0, 0.0, 0, 0)
