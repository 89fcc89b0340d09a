"""Learned models: what a training job leaves behind, what the registry keeps of it, and the words for both.

A learned model is one that was fitted to journeys or installs. The multi-touch models of reports are something else:
they share out what happened and are computed anew for every question.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.ids import TenantId

ARTIFACT_FORMAT = "skops"
"""A format that names types instead of running code; only types of a fixed list are made from it."""


HORIZON_DAYS = (7, 30, 90, 180)
"""To which day after the install pLTV models foretell revenue."""

PSI_MOVED, PSI_SHIFTED = 0.1, 0.25
"""From which population stability index on a feature has moved, and is another population's: `attribution.ml.drift`."""


class LearnedKind(StrEnum):
    """What a learned model is for."""

    CONVERSION = "conversion"
    PLTV = "pltv"
    ANOMALY = "anomaly"


class LearnedState(StrEnum):
    """Where a learned model stands: of each kind and scope at most one is champion, whose word counts."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"
    REFUSED = "refused"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Estimate(_Document):
    """A figure with its 95 % interval, None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class MetricValue(_Document):
    """One measure of one model on one set of rows.

    `metric` is for example `log_loss`, `auc`, `calibration_error`, `total_ratio`; `subject` is `model`, or the baseline
    that it is compared with (`last_touch`, `logistic`, `global`); `split` is `holdout` or `train`.
    """

    metric: str
    subject: str
    split: str
    estimate: Estimate


class ForetoldState(StrEnum):
    """Whether the champion among the pLTV models has foretold a tenant's installs, and why not."""

    READY = "ready"
    NO_INSTALLS = "no_installs"
    NO_COHORTS = "no_cohorts"
    OTHER_CURRENCY = "other_currency"
    UNREADABLE = "unreadable"


class ForetoldHorizon(_Document):
    """How far the bands of cohorts reach at a horizon of so many days: as in `attribution.cohort_bands`."""

    days: int
    common: float
    low: float
    high: float


class ForetoldInstalls(_Document):
    """What a pLTV model foretold of a tenant's installs: a snapshot in its own table, horizon by horizon.

    `currency` is that of the tenant's revenue where the model's is another.
    """

    state: ForetoldState
    snapshot: int = 0
    installs: int = 0
    currency: str = ""
    newest_day: date | None = None
    horizons: tuple[ForetoldHorizon, ...] = ()


class DataRange(_Document):
    """What a model was fitted to: days of UTC, rows, and by tenant the version of the lake's manifest."""

    first_day: date
    last_day: date
    rows: int
    manifests: dict[str, int]


class Artifact(_Document):
    """Where the fitted model lies: in the lake, under its checksum."""

    sha256: str
    size_bytes: int
    format: str = ARTIFACT_FORMAT


class LearnedModelDocument(_Document):
    """What a training job leaves: everything that is known of a learned model but whether it is used.

    `tenant_id` is None for the global model. `currency` is that of foretold revenue. `base_model_id` is the global
    model from which a tenant's was fine-tuned, or (pLTV) against which it was measured. `feature_profile` is what drift
    is measured against.
    """

    model_id: str
    kind: LearnedKind
    tenant_id: TenantId | None
    created_at: datetime
    job_id: str
    seed: int
    code_version: str
    schema_hash: str
    data: DataRange
    metrics: tuple[MetricValue, ...]
    feature_profile: dict[str, Any] = Field(default_factory=dict)
    base_model_id: str | None = None
    currency: str | None = None
    artifact: Artifact

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_said_no_more(cls, stored: Any) -> Any:
        """Drop a field that documents in registry and lake may have: which model was champion when training began."""
        return (
            {name: each for name, each in stored.items() if name != "champion_model_id"}
            if isinstance(stored, dict)
            else stored
        )

    def metric(self, metric: str, subject: str = "model", split: str = "holdout") -> Estimate | None:
        """Look a measure up."""
        for each in self.metrics:
            if (each.metric, each.subject, each.split) == (metric, subject, split):
                return each.estimate
        return None
