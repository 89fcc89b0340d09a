"""What a training gives: the model, how good it is on rows it has not seen, and what its features looked like."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemas.learning import MetricValue

M = TypeVar("M")

HOLDOUT, TRAIN = "holdout", "train"
THE_MODEL = "model"


class TooFewRowsError(ValueError):
    """The rows do not suffice to train on: too few, or all of one outcome."""


@dataclass(frozen=True)
class TrainedModel(Generic[M]):
    """A fitted model; `rows` were given to the training, the holdout among them.

    `feature_profile` is what `attribution.ml.drift` later measures other rows against.
    """

    model: M
    metrics: tuple[MetricValue, ...]
    schema_hash: str
    rows: int
    feature_profile: dict[str, Any] = field(default_factory=dict)
