"""Tells Prometheus how the models that serve tenants do on their newest days, all tenants together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attribution.drift_weeks import calibration_of, judged_week
from schemas.learning import PSI_SHIFTED, LearnedKind
from storage.postgres.learning_jobs import TenantDriftRecord
from telemetry.metrics import (
    CONVERSIONS_CAME,
    CONVERSIONS_FORETOLD,
    DRIFT_OLDEST_LOOK_SECONDS,
    DRIFT_TENANTS_SHIFTED,
)


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """What is told of the models of one kind; conversions are 0 of a kind that foretells something else."""

    tenants_shifted: int
    oldest_look_seconds: float
    foretold: float
    came: float


def drift_figures(records: Sequence[TenantDriftRecord], now: datetime) -> DriftFigures:
    """Put together what was seen of all tenants with the models of one kind."""
    documents = [each.drift.document for each in records]
    weeks = [(document, week) for document in documents if (week := judged_week(document)) is not None]
    calibrated = [found for document, week in weeks if (found := calibration_of(document, week["week"])) is not None]
    looks = [(now - each.drift.seen_at).total_seconds() for each in records]
    return DriftFigures(
        tenants_shifted=sum(max(week["psi"].values(), default=0.0) >= PSI_SHIFTED for _, week in weeks),
        oldest_look_seconds=max(looks, default=0.0),
        foretold=sum(each["journeys"] * each["predicted"] for each in calibrated),
        came=sum(each["journeys"] * each["actual"] for each in calibrated),
    )


class DriftGauges:
    """Records them."""

    def __init__(self) -> None:
        self._shifted = DRIFT_TENANTS_SHIFTED.gauge()
        self._looked = DRIFT_OLDEST_LOOK_SECONDS.gauge()
        self._foretold, self._came = CONVERSIONS_FORETOLD.gauge(), CONVERSIONS_CAME.gauge()

    def tell(self, records: Sequence[TenantDriftRecord], now: datetime) -> None:
        """Tell of every kind of which drift is seen."""
        for kind in (LearnedKind.CONVERSION, LearnedKind.PLTV):
            figures = drift_figures([each for each in records if each.drift.kind is kind], now)
            self._shifted.set(figures.tenants_shifted, {"kind": kind})
            self._looked.set(figures.oldest_look_seconds, {"kind": kind})
            if kind is LearnedKind.CONVERSION:
                self._foretold.set(figures.foretold)
                self._came.set(figures.came)
