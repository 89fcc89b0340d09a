"""The shapes of what the fraud routes answer."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.fraud import FraudVerdict, ListKind
from schemas.fraud_policy import FraudMode, FraudRule
from storage.postgres.fraud_findings import DayCounts, Move, PlaceCounts
from storage.postgres.fraud_lists import FraudLabel


class FraudFindingShown(BaseModel):
    """What a rule found: of a touch, or (null) of the conversion; the sentence, and the numbers that it rests on."""

    rule: FraudRule
    mode: FraudMode
    touch_id: str | None
    explanation: str
    evidence: dict[str, Any]


class ConversionFraudShown(BaseModel):
    """The verdict on who would have the conversion if no rule were on, and everything that was found."""

    verdict: FraudVerdict
    rules: list[FraudRule]
    conversion_verdict: FraudVerdict = Field(
        FraudVerdict.VALID, description="On the conversion as it stands: reports leave rejected ones out."
    )
    conversion_rules: list[FraudRule] = Field([], description="Rules that speak against it, or who has it now.")
    claimed_touch_id: str | None
    claimed_media_source: str
    claimed_campaign: str
    claimed_site_id: str
    claimed_ctit_seconds: float | None
    if_on_media_source: str | None = Field(description="Who would have it if the rules in shadow were on, too.")
    findings: list[FraudFindingShown]


class AnomalyShown(BaseModel):
    """How unlike all others an install is, from 0 to 1: a suspicion beside the rules. 1 % lie above the threshold."""

    model_config = ConfigDict(protected_namespaces=())

    score: float
    threshold: float
    model_id: str


class RuleReport(BaseModel):
    """A rule's findings; `precision` is confirmed / (confirmed + refuted), null without labels."""

    rule: str
    mode: str
    conversions: int
    claims: int
    moved: int
    confirmed: int
    refuted: int
    precision: float | None


class SiteCtit(BaseModel):
    """How a site's click-to-install times are spread over the buckets, beside those of its neighbours."""

    app_id: str
    media_source: str
    site_id: str
    installs: int
    late_share: float
    is_flooding: bool
    histogram: list[int]
    baseline: list[int]


class FraudReport(BaseModel):
    """What the rules found of the conversions of a span of time, and how click-to-install times are spread."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    tz: str
    breakdown: list[str]
    is_cut: bool
    data: list[dict[str, Any]] = Field(
        description="As `rules`, each with the fields of the breakdown first: the rows of CSV and Parquet."
    )
    rules: list[RuleReport]
    sources: list[PlaceCounts]
    sites: list[PlaceCounts]
    days: list[DayCounts]
    moves: list[Move]
    ctit_bucket_seconds: list[float] = Field(description="Lower edge of each bucket of a histogram.")
    ctit: list[SiteCtit]


class PreviewedRule(BaseModel):
    """Claims that a rule would flag, and those that would change hands: of the judged, and estimated for all."""

    rule: FraudRule
    mode: FraudMode
    flagged: int
    moved: int
    estimated_flagged: int
    estimated_moved: int


class PreviewedPlace(BaseModel):
    """Judged installs that a site claims."""

    media_source: str
    site_id: str
    installs: int
    suspect: int
    rejected: int


class Agreement(BaseModel):
    """Judged installs by the verdict that they have and the one that they would have."""

    now: FraudVerdict
    then: FraudVerdict
    conversions: int


class FloodingSite(BaseModel):
    """A site that floods, and why."""

    app_id: str
    media_source: str
    site_id: str
    explanation: str
    evidence: dict[str, Any]


class RejectedCost(BaseModel):
    """An amount as a decimal in text."""

    currency: str
    amount: str


class FraudPreview(BaseModel):
    """What a fraud policy would do; `cost_rejected` is what the judged rejected touches cost by their own word."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    installs: int
    judged: int
    is_sample: bool
    verdicts: dict[FraudVerdict, int]
    agreement: list[Agreement]
    rules: list[PreviewedRule]
    sources: list[PreviewedPlace]
    moves: list[Move]
    flooding_sites: list[FloodingSite]
    cost_rejected: list[RejectedCost]


class FraudListShown(BaseModel):
    """A list, with `version` 0 if it was never written."""

    kind: ListKind
    version: int
    size: int
    entries: list[str]
    updated_by: str | None
    updated_at: datetime | None


class FraudLabels(BaseModel):
    """What was said of each finding."""

    data: list[FraudLabel]


class FraudReviewShown(BaseModel):
    """A review and how far it came: `changed` conversions were sent to be attributed again."""

    review_id: UUID
    state: Literal["queued", "running", "done", "failed"]
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    sites: int
    judged: int
    changed: int
    error: str | None
    created_at: datetime
    finished_at: datetime | None
