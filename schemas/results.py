"""The result of attributing one conversion, with the field names of the raw-data exports users know."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


@dataclass(frozen=True)
class Candidate:
    """A touch that was considered, whether it won, and the sentence that says why."""

    touch: Touchpoint
    reason: CandidateReason
    explanation: str


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
    `credits` holds, by model, the share of each media source.
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


@dataclass(frozen=True)
class AttributionFailure:
    """A conversion that could not be decided, and what came in the way."""

    conversion_id: str
    reason: str


AttributionOutcome = AttributionResult | AttributionFailure
