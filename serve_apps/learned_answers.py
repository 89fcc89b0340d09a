"""The shapes of what the planes answer about learned models."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedState, MetricValue
from serve_apps.answers import Page
from serve_apps.platform_answers import Job, JobLine

Seed = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class ShadowShown(BaseModel):
    """How a challenger did on rows that came after both were trained: `difference` is its loss less the champion's.

    With a 95 % interval; below 0 the challenger is the better one. Null before there are any.
    """

    rows: int | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: str | None


class StandInShown(BaseModel):
    """Which model serves in the place of a champion that cannot be read or loaded.

    `model_id` null: none of its scope, so the global model or the rules.
    """

    model_config = ConfigDict(protected_namespaces=())

    model_id: str | None
    since: datetime


class LearnedModelShown(BaseModel):
    """A learned model. Of a global one a tenant is told how good it is, not from whose rows or how many it learned."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    kind: LearnedKind
    scope: Literal["own", "global"]
    state: LearnedState
    created_at: datetime
    promoted_at: datetime | None
    seed: int
    code_version: str
    schema_hash: str
    metrics: list[MetricValue]
    base_model_id: str | None = Field(
        description="The global model from which a tenant's own was fine-tuned, or (pLTV) which it had to beat."
    )
    currency: str | None = Field(description="Of foretold revenue.")
    artifact_sha256: str
    artifact_bytes: int
    first_day: date | None
    last_day: date | None
    rows: int | None
    shadow: ShadowShown | None
    stand_in: StandInShown | None


class LearnedModelsPage(Page[LearnedModelShown]):
    """The tenant's models, with what a training and a challenger need."""

    rows_min: int = Field(description="Of fewer journeys or installs no model of the tenant's own is trained.")
    shadow_rows_min: int = Field(
        description="Rows that must have come after both were trained, before a challenger is judged by them."
    )


class PromotionShown(BaseModel):
    """One change of who is champion; `model_id` null: since then the scope has none."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str | None
    previous_model_id: str | None
    promoted_by: str
    reason: str
    at: datetime


class LearnedModelWithHistory(LearnedModelShown):
    """A learned model, with who became champion of its scope and why, newest first; a tenant sees its own scopes'."""

    history: list[PromotionShown]


class PlatformModel(LearnedModelShown):
    """A learned model as operators see it; `tenant_id` null is the global one."""

    tenant_id: str | None
    job_id: str
    manifests: dict[str, int] = Field(description="By tenant, the version of the lake's manifest that was read.")


class PlatformModelWithHistory(PlatformModel):
    """The same, with the history of its scope."""

    history: list[PromotionShown]


class NewRetrain(BaseModel):
    """Which model to train anew; without a seed, the platform's."""

    model_config = ConfigDict(extra="forbid")

    model: LearnedKind
    seed: Seed | None = None


class NewPlatformRetrain(NewRetrain):
    """Which model to train anew: a tenant's own, or with null the global one."""

    tenant_id: Annotated[TenantId, Field(pattern=r"^[a-z][a-z0-9]{1,30}$")] | None = None


class AskedRollback(BaseModel):
    """Of which kind the champion before is to count again."""

    model_config = ConfigDict(extra="forbid")

    model: LearnedKind


class AskedPlatformRollback(AskedRollback):
    """Of which kind, and whose."""

    tenant_id: Annotated[TenantId, Field(pattern=r"^[a-z][a-z0-9]{1,30}$")] | None = None


class RolledBack(BaseModel):
    """Which model counts now; null: none, and the scope does without."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str | None


class LearningJobWithLogs(Job):
    """A training or an export of the tenant, with its newest log lines."""

    logs: list[JobLine]


class DriftWeek(BaseModel):
    """How far each feature has moved from what the model was trained on, in a week from Monday (UTC).

    PSI below 0.1: nothing moved; from 0.25 on the model sees another population.
    """

    week: date
    rows: int
    psi: dict[str, float]


class CalibrationWeek(BaseModel):
    """What was foretold of the journeys that ended in a week, and what happened, as mean and as share."""

    week: date
    journeys: float
    predicted: float
    actual: float


class Drift(BaseModel):
    """How the model that serves the tenant does on its newest days, as it was seen at the newest export."""

    model_config = ConfigDict(protected_namespaces=())

    kind: LearnedKind
    model_id: str
    seen_at: datetime
    newest_day: date = Field(description="The newest day that the lake had: how fresh the data is.")
    weeks: list[DriftWeek]
    calibration: list[CalibrationWeek]


class DriftLevel(StrEnum):
    """How far the feature that has moved most has moved in the newest week: PSI below 0.1, below 0.25, or more."""

    STEADY = "steady"
    MOVED = "moved"
    SHIFTED = "shifted"


class TenantDrift(BaseModel):
    """How a model does on the newest days of one tenant that it serves, without the tenant's channels."""

    tenant_id: TenantId
    seen_at: datetime
    newest_day: date = Field(description="The newest day that the lake had of the tenant.")
    week: date | None = Field(description="The newest week that is over and has 100 rows; null: there is none.")
    level: DriftLevel | None = Field(description="Null: no week has rows enough to be judged.")
    psi: dict[str, float] = Field(
        description="By feature its PSI in that week; of one that there is for each channel the greatest."
    )


class PlatformDrift(BaseModel):
    """How a champion does on the newest days of the tenants that it serves; the furthest moved come first.

    `oldest_day` is the newest day of whoever has not been exported for longest. `calibration` is that of all of them.
    """

    model_config = ConfigDict(protected_namespaces=())

    kind: LearnedKind
    model_id: str
    scope: Literal["own", "global"]
    tenants_shifted: int
    oldest_day: date
    newest_day: date
    tenants: list[TenantDrift]
    calibration: list[CalibrationWeek]
