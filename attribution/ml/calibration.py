"""From a model's log-odds to a probability that means what it says, learned from rows after those it was fitted to.

With enough outcomes of both kinds, isotonic regression: any rising curve. Its steps would make whole ranges of journeys
equal, and what a touch adds within one nothing; so the middles of the steps are joined by lines.
Source: Oron and Flournoy: Centered isotonic regression (2017). With fewer, Platt's logistic curve of two parameters:
Platt: Probabilistic outputs for support vector machines (1999).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from attribution.journeys import Floats
from attribution.ml.journey_table import Bools

ISOTONIC_OUTCOMES_MIN = 1_000
"""Of each kind. Source: scikit-learn's guide, which warns of isotonic regression much below a thousand rows."""

_LOGIT_MAX = 30.0
_CURVE_POINTS = 257


@dataclass(frozen=True)
class Calibration:
    """A rising curve through points: `logits` [P], ascending, and `probabilities` [P]; level beyond its ends."""

    logits: Floats
    probabilities: Floats

    def probability(self, logits: Floats) -> Floats:
        """Read the curve."""
        return np.interp(logits, self.logits, self.probabilities)

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {"logits": self.logits, "probabilities": self.probabilities}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Calibration":
        """Put the parts together again.

        Raises:
            ValueError: they are no rising curve of probabilities.
        """
        logits, probabilities = (np.array(state[name], np.float64) for name in ("logits", "probabilities"))
        inside = logits.shape == probabilities.shape and (probabilities >= 0).all() and (probabilities <= 1).all()
        if not len(logits) or not inside or (np.diff(logits) <= 0).any() or (np.diff(probabilities) < 0).any():
            raise ValueError("a calibration that is no rising curve")
        return cls(logits, probabilities)


def calibrated(logits: Floats, converted: Bools, weights: Floats) -> Calibration:
    """Learn the curve from rows with both outcomes."""
    if min(converted.sum(), (~converted).sum()) >= ISOTONIC_OUTCOMES_MIN:
        return _isotonic(logits, converted, weights)
    return _logistic(logits, converted, weights)


def _isotonic(logits: Floats, converted: Bools, weights: Floats) -> Calibration:
    # A row counts as one more of either outcome in its own bin would: no journey is impossible, and none certain.
    least = 1.0 / (2.0 + len(logits))
    fitted = IsotonicRegression(y_min=least, y_max=1.0 - least).fit(logits, converted, sample_weight=weights)
    levels = fitted.predict(logits)
    probabilities, steps = np.unique(levels, return_inverse=True)
    mass = np.bincount(steps, weights)
    middles = np.bincount(steps, weights * logits) / np.where(mass > 0, mass, 1.0)
    return Calibration(middles[mass > 0], probabilities[mass > 0])


def _logistic(logits: Floats, converted: Bools, weights: Floats) -> Calibration:
    fitted = LogisticRegression(C=1e3).fit(logits[:, None], converted, sample_weight=weights)
    # What tells against itself on later rows tells nothing: the curve must not fall.
    slope = max(float(fitted.coef_[0, 0]), 1e-3)
    points = np.linspace(-_LOGIT_MAX, _LOGIT_MAX, _CURVE_POINTS)
    return Calibration(points, expit(slope * points + float(fitted.intercept_[0])))
