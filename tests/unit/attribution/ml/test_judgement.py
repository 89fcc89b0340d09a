"""When a model is to count: it has to win by a margin, beyond doubt."""

from datetime import UTC, date, datetime

import pytest

from attribution.ml.judgement import Outcome, Shadow, judge_first, judge_shadow
from schemas.ids import TenantId
from schemas.learning import Artifact, DataRange, Estimate, LearnedKind, LearnedModelDocument, MetricValue

MARGIN = 0.005


def document(
    kind: LearnedKind, *metrics: tuple[str, str, float, float | None], base: str | None = None
) -> LearnedModelDocument:
    """Make a model with measures of (metric, subject, value, upper end) on its holdout."""
    return LearnedModelDocument(
        model_id="m",
        kind=kind,
        tenant_id=TenantId("t1"),
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        job_id="m",
        seed=0,
        code_version="0",
        schema_hash="",
        data=DataRange(first_day=date(2026, 10, 1), last_day=date(2026, 10, 2), rows=1, manifests={}),
        metrics=tuple(
            MetricValue(metric=name, subject=subject, split="holdout", estimate=Estimate(value=value, high=high))
            for name, subject, value, high in metrics
        ),
        base_model_id=base,
        artifact=Artifact(sha256="a" * 64, size_bytes=1),
    )


@pytest.mark.parametrize(
    ("difference", "high", "outcome"),
    [
        (-0.01, -0.001, Outcome.PROMOTE),
        # Better, but perhaps by chance; beyond doubt, but by less than the margin; worse; not known.
        (-0.01, 0.001, Outcome.REFUSE),
        (-0.001, -0.0005, Outcome.REFUSE),
        (0.01, 0.02, Outcome.REFUSE),
        (-0.01, None, Outcome.REFUSE),
    ],
)
def test_the_first_of_a_scope_beats_last_touch(difference: float, high: float | None, outcome: Outcome) -> None:
    """By the margin, as a share of the baseline's loss, with an interval below 0."""
    measures = (("log_loss_difference", "last_touch", difference, high), ("log_loss", "last_touch", 0.5, 0.6))
    assert judge_first(document(LearnedKind.CONVERSION, *measures), MARGIN).outcome is outcome


def test_a_tenants_model_beats_the_global_one_too() -> None:
    """One that was fine-tuned counts only where it is better than what it came from."""
    measures = [("log_loss_difference", "last_touch", -0.1, -0.05), ("log_loss", "last_touch", 0.5, 0.6)]
    verdict = judge_first(document(LearnedKind.CONVERSION, *measures, base="g"), MARGIN)
    assert (verdict.outcome, "global" in verdict.reason) == (Outcome.REFUSE, True)
    measures += [("log_loss_difference", "global", -0.01, -0.001), ("log_loss", "global", 0.4, 0.5)]
    assert judge_first(document(LearnedKind.CONVERSION, *measures, base="g"), MARGIN).outcome is Outcome.PROMOTE


@pytest.mark.parametrize(
    ("ratio", "own", "outcome"),
    [(1.0, 1.0, Outcome.PROMOTE), (0.8, 1.9, Outcome.PROMOTE), (1.3, 1.0, Outcome.REFUSE), (1.0, 2.5, Outcome.REFUSE)],
)
def test_foretold_revenue(ratio: float, own: float, outcome: Outcome) -> None:
    """Its total is right, and its bands beat the mean of each source."""
    bands = [(name, "model", own / 2, None) for name in ("pinball_low", "pinball_high")]
    bands += [(name, "mean_by_source", 1.0, None) for name in ("pinball_low", "pinball_high")]
    made = document(LearnedKind.PLTV, ("total_ratio", "model", ratio, None), *bands)
    assert judge_first(made, MARGIN).outcome is outcome
    assert judge_first(document(LearnedKind.PLTV), MARGIN).outcome is Outcome.REFUSE
    assert judge_first(document(LearnedKind.ANOMALY), MARGIN).outcome is Outcome.PROMOTE


def test_a_tenants_revenue_is_foretold_better_than_by_the_global_model() -> None:
    """Where there is one, its bands have to lose more by the margin beyond doubt; without one it is not asked."""
    bands = [(name, "model", 0.5, None) for name in ("pinball_low", "pinball_high")]
    bands += [(name, "mean_by_source", 1.0, None) for name in ("pinball_low", "pinball_high")]
    bands += [(name, "global", 0.6, None) for name in ("pinball_low", "pinball_high")]
    for value, high, outcome in (
        (-0.2, -0.1, Outcome.PROMOTE),
        (-0.2, 0.1, Outcome.REFUSE),
        (-0.001, -1e-4, Outcome.REFUSE),
    ):
        measures = [("total_ratio", "model", 1.0, None), ("pinball_difference", "global", value, high), *bands]
        assert judge_first(document(LearnedKind.PLTV, *measures, base="g"), MARGIN).outcome is outcome
        assert judge_first(document(LearnedKind.PLTV, *measures), MARGIN).outcome is Outcome.PROMOTE


def shadow(rows: int, mean: float, deviation: float = 0.1) -> Shadow:
    """Make the sums of rows with this mean difference and deviation; the champion loses 0.5 on each."""
    return Shadow(rows, rows * mean, rows * (deviation**2 + mean**2), rows * 0.5)


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([shadow(400, -0.05), shadow(400, -0.05)], Outcome.PROMOTE),
        ([shadow(400, -0.05)], Outcome.WAIT),
        ([shadow(4_000, -0.002, 0.01)], Outcome.WAIT),
        ([shadow(600, -0.005, 1.0)], Outcome.WAIT),
        ([shadow(600, 0.05)], Outcome.WAIT),
        ([shadow(2_000, 0.05)], Outcome.REFUSE),
        ([], Outcome.WAIT),
    ],
)
def test_in_shadow(parts: list[Shadow], outcome: Outcome) -> None:
    """It wins by the margin beyond doubt on enough rows of all tenants together, or loses on many, or goes on."""
    verdict, together = judge_shadow(parts, 500, MARGIN)
    assert verdict.outcome is outcome
    assert together.rows == sum(part.rows for part in parts)
