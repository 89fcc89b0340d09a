"""What operators see of drift: levels, sums, and no channel of anybody."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.ids import TenantId
from schemas.learning import PSI_MOVED, PSI_SHIFTED, LearnedKind
from serve_apps.learned_answers import DriftLevel
from serve_apps.learned_drift import level_of, platform_drift
from storage.postgres.learning_jobs import DriftRecord, TenantDriftRecord

SEEN_AT = datetime(2026, 11, 20, tzinfo=UTC)


def record(tenant_id: str, newest_day: str, psi: dict[str, float], journeys: float) -> TenantDriftRecord:
    weeks = [
        {"week": week, "rows": rows, "psi": moved}
        for week, rows, moved in (("2026-11-02", 500, {"hour": 9.0}), ("2026-11-09", 500, psi), ("2026-11-16", 9, {}))
    ]
    calibration = [{"week": "2026-11-09", "journeys": journeys, "predicted": journeys / 100, "actual": 0.5}]
    document: dict[str, Any] = {"weeks": weeks, "calibration": calibration}
    document |= {"newest_day": newest_day, "model_id": "conversion-1"}
    return TenantDriftRecord(
        TenantId(tenant_id), is_global=True, drift=DriftRecord(LearnedKind.CONVERSION, SEEN_AT, document)
    )


def test_a_model_is_seen_by_the_tenants_that_it_serves() -> None:
    """The newest whole week counts, the furthest moved comes first, journeys are weights, and no channel is named."""
    (seen,) = platform_drift(
        [
            record("alpha", "2026-11-15", {"recency_days:secret": 0.05, "recency_days:other": 0.02, "hour": 0.01}, 10),
            record("beta", "2026-11-18", {"recency_days:mail": 0.3, "hour": 0.12}, 30),
        ]
    )
    assert (seen.scope, seen.tenants_shifted) == ("global", 1)
    assert (seen.oldest_day, seen.newest_day) == (date(2026, 11, 15), date(2026, 11, 18))
    assert [(each.tenant_id, each.level, each.psi) for each in seen.tenants] == [
        ("beta", DriftLevel.SHIFTED, {"recency_days": 0.3, "hour": 0.12}),
        ("alpha", DriftLevel.STEADY, {"recency_days": 0.05, "hour": 0.01}),
    ]
    (week,) = seen.calibration
    assert [week.journeys, week.predicted, week.actual] == pytest.approx([40, 0.25, 0.5])
    said = seen.model_dump_json()
    assert not any(channel in said for channel in ("secret", "mail"))


def test_a_week_that_is_not_over_is_not_judged() -> None:
    """Nor is one of few rows: then nothing is said of the tenant."""
    (seen,) = platform_drift([record("alpha", "2026-11-07", {}, 1)])
    assert (seen.tenants[0].level, seen.tenants[0].week, seen.tenants_shifted) == (None, None, 0)


def test_levels_are_those_of_the_index() -> None:
    """Steady, moved, another population: by the bounds that drift has."""
    assert (PSI_MOVED, PSI_SHIFTED) == (0.1, 0.25)
    assert [level_of(each) for each in (0.0, 0.1, 0.25)] == [DriftLevel.STEADY, DriftLevel.MOVED, DriftLevel.SHIFTED]
