"""The measures of a conversion model and of what it is compared with, on the same journeys and the same draws."""

from collections.abc import Mapping

import numpy as np

from attribution.journeys import Floats
from attribution.ml.journey_table import JourneyTable
from attribution.ml.quality import Statistic, auc_of, calibration_error_of, estimates, losses, mean_of
from attribution.ml.trained import THE_MODEL
from schemas.learning import MetricValue


def conversion_metrics(
    table: JourneyTable, foretold: Mapping[str, Floats], split: str, seed: int
) -> tuple[MetricValue, ...]:
    """Measure probabilities [J] by subject; each subject but the model also by the model's log-loss less its own."""
    lost = {subject: losses(table.converted, probability) for subject, probability in foretold.items()}
    asked: dict[tuple[str, str], Statistic] = {}
    for subject, probability in foretold.items():
        asked["log_loss", subject] = mean_of(lost[subject])
        asked["auc", subject] = auc_of(table.converted, probability)
        asked["calibration_error", subject] = calibration_error_of(table.converted, probability, table.weights)
        if subject != THE_MODEL:
            asked["log_loss_difference", subject] = mean_of(lost[THE_MODEL] - lost[subject])
    return tuple(
        MetricValue(metric=metric, subject=subject, split=split, estimate=estimate)
        for (metric, subject), estimate in estimates(asked, table.weights, seed).items()
        if np.isfinite(estimate.value)
    )
