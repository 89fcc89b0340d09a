"""Earlier rows to learn from, later rows to be judged by: as a model is used, and never the other way round."""

from typing import NamedTuple

import numpy as np

from attribution.journeys import Floats, Ints
from attribution.ml.trained import TooFewRowsError

CALIBRATION_SHARE = 0.2
"""Of the rows before the holdout, those that the calibration learns from."""


class TimeSplit(NamedTuple):
    """Which rows serve for what, each in the order of time."""

    fit: Ints
    calibration: Ints
    holdout: Ints

    @property
    def train(self) -> Ints:
        """All that came before the holdout."""
        return np.concatenate([self.fit, self.calibration])


def time_split(moments: Floats, holdout_share: float) -> TimeSplit:
    """Cut rows by their moments; those of one moment stay in the order they came in.

    Raises:
        TooFewRowsError: a part would be empty.
    """
    order = np.argsort(moments, kind="stable")
    until = round(len(order) * (1.0 - holdout_share))
    fitted = round(until * (1.0 - CALIBRATION_SHARE))
    split = TimeSplit(order[:fitted], order[fitted:until], order[until:])
    if not all(len(part) for part in split):
        raise TooFewRowsError(f"{len(order)} rows cannot be cut in three")
    return split
