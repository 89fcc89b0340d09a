"""The result of attributing one conversion, with the field names of the raw-data exports users know."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.fraud import UNQUESTIONED, AnomalyScore, ConversionFraud, Evidence
from schemas.touchpoints import ConversionKind, MatchType, Touchpoint, TouchType


class CandidateReason(StrEnum):
    """Why a considered touch won or lost."""

    WON = "won"
    OUTSIDE_WINDOW = "outside_window"
    AFTER_CONVERSION = "after_conversion"
    LOWER_PRIORITY = "lower_priority"
    EARLIER = "earlier"
    DUPLICATE = "duplicate"
    OTHER_APP = "other_app"
    NO_CONSENT = "no_consent"
    FRAUD_CLICK_INJECTION = "fraud:click_injection"
    FRAUD_BLOCKED_DEVICE = "fraud:blocked_device"
    FRAUD_BLOCKED_IP = "fraud:blocked_ip"
    FRAUD_BLOCKED_SITE = "fraud:blocked_site"
    FRAUD_BLOCKED_USER_AGENT = "fraud:blocked_user_agent"
    FRAUD_DECLARED_BOT = "fraud:declared_bot"
    FRAUD_DATA_CENTER = "fraud:data_center"
    FRAUD_IMPOSSIBLE_ORDER = "fraud:impossible_order"
    FRAUD_IMPOSSIBLE_VERSION = "fraud:impossible_version"
    FRAUD_VERSION_BACKWARD = "fraud:version_backward"
    FRAUD_IMPOSSIBLE_TRAVEL = "fraud:impossible_travel"
    FRAUD_DUPLICATE_DEVICE = "fraud:duplicate_device"
    FRAUD_DEVICE_FARM = "fraud:device_farm"
    FRAUD_SHORT_CTIT = "fraud:short_ctit"
    FRAUD_INSTALL_HIJACKING = "fraud:install_hijacking"
    FRAUD_CLICK_FLOODING = "fraud:click_flooding"
    FRAUD_GEO_MISMATCH = "fraud:geo_mismatch"
    FRAUD_ANOMALY = "fraud:anomaly"


class Ground(StrEnum):
    """What exactly a considered touch won or lost by: a sentence each, which whoever shows it words in its language."""

    ONLY_TOUCH = "only_touch"
    LATEST_VIEW = "latest_view"
    ONLY_CLICK = "only_click"
    ONLY_CERTAIN_CLICK = "only_certain_click"
    LATEST_CLICK = "latest_click"
    EARLIER = "earlier"
    BEATEN_BY_CLICK = "beaten_by_click"
    BEATEN_BY_CERTAINTY = "beaten_by_certainty"
    WEAKER_MATCH = "weaker_match"
    RECEIVED_LATER = "received_later"
    LATER_ID = "later_id"
    DUPLICATE = "duplicate"
    OUTSIDE_WINDOW = "outside_window"
    NO_WINDOW = "no_window"
    BEFORE_INSTALL = "before_install"
    AFTER_CONVERSION = "after_conversion"
    OTHER_APP = "other_app"
    NO_CONSENT = "no_consent"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Because:
    """Why a touch won or lost, without words: the ground, and what its sentence names beside touch and conversion.

    `values` have the names of `attribution.explanations`; those of FRAUD are the evidence of the rule.
    """

    ground: Ground
    values: Evidence


ON_THE_JOURNEY = frozenset({CandidateReason.WON, CandidateReason.EARLIER, CandidateReason.LOWER_PRIORITY})
"""What the touches of a conversion's journey have as their reason: any of them could have got it."""

BEFORE_LEARNED_MODEL = "+"
"""In `model_version`: between the rules and the learned model that shared the conversion out."""


class ModelFallback(StrEnum):
    """Why no learned model shared a conversion out though there is one: what the rules say stands without it."""

    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True)
class Candidate:
    """A touch that was considered, whether it won, the sentence that says why, and the same without words."""

    touch: Touchpoint
    reason: CandidateReason
    explanation: str
    because: Because


@dataclass(frozen=True)
class AttributionResult:
    """Who gets the conversion. `match_confidence` is 0 to 1, `ctit_seconds` click to install begin.

    `conversion_kind` is what the conversion is by the rules, `conversion_type` what was sent. `install_id` names the
    conversion whose source this one inherits, an install or a re-engagement: itself where it brought its own, None
    where no install is known. `install_time` is when the person last installed the app, `first_install_time` when
    first.

    An inherited source comes with the touch that won it. `candidates` are always the conversion's own, and so are
    `contributors`, the touches that assisted: valid, but not the one that got the conversion, newest first.
    `withheld_matches` are the match types that were not used because the person does not allow it.
    `credits` holds, by model, the share of each media source; `fraud` is the verdict on who claimed it.
    `touch_credits` holds, by touch id, what a learned model gave each valid touch: the sums by media source are the
    `data_driven` credits. `model_version` names the rules, and that model after a `+`. `anomaly` is what an install
    scored, None where no learned model scored it.
    """

    conversion_id: str
    conversion_type: str
    conversion_kind: ConversionKind
    conversion_time: datetime
    install_id: str | None
    install_time: datetime | None
    first_install_time: datetime | None
    is_organic: bool
    media_source: str
    channel: str
    campaign: str
    adset: str
    ad: str
    site_id: str
    attributed_touch_id: str | None
    attributed_touch_type: TouchType | None
    attributed_touch_time: datetime | None
    match_type: MatchType | None
    match_confidence: float
    ctit_seconds: float | None
    contributors: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    withheld_matches: tuple[MatchType, ...]
    credits: dict[str, dict[str, float]]
    policy_version: int
    model_version: str
    fraud: ConversionFraud = UNQUESTIONED
    touch_credits: dict[str, float] | None = None
    model_fallback: ModelFallback | None = None
    anomaly: AnomalyScore | None = None


@dataclass(frozen=True)
class AttributionFailure:
    """A conversion that could not be decided, and what came in the way."""

    conversion_id: str
    reason: str


AttributionOutcome = AttributionResult | AttributionFailure


class ResultRecord(NamedTuple):
    """A result as it is recorded: what it is searched by, and the whole as JSON text.

    Whoever only passes it on need not know what is in it: so the pool writes it, and a host takes nothing apart.
    """

    conversion_id: str
    is_organic: bool
    media_source: str
    campaign: str
    match_type: str | None
    policy_version: int
    model_version: str
    document: bytes


RecordedOutcome = ResultRecord | AttributionFailure
