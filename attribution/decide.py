"""From a conversion, its candidate touches and the tenant's policy to the result that users read."""

from attribution.matching import judge
from schemas.policy import Policy
from schemas.results import AttributionResult, Candidate, CandidateReason
from schemas.touchpoints import Conversion, ConversionCase, Touchpoint, TouchType

MODEL_VERSION = "rules-1"

ORGANIC = "organic"
"""The media source of a conversion that no touch led to."""

UNNAMED_SOURCE = "unknown"
"""The media source of a conversion whose winning touch names none: credit needs a name to go to."""

_INSTALLS = frozenset({"install", "reinstall"})
_ASSISTS = frozenset({CandidateReason.EARLIER, CandidateReason.LOWER_PRIORITY})


def attribute(case: ConversionCase, policy: Policy) -> AttributionResult:
    """Give one conversion to the touch that led to it, or call it organic.

    `match_confidence` is 1.0 for a winner, because every match type here is deterministic, and 0.0 for an
    organic conversion, where nothing matched. `ctit_seconds` is set for a click that won an install: from
    click to install begin, or to the first open where the store does not say; below zero if the click came
    after the install had begun. `contributors` are the valid touches that did not win, newest first.
    """
    candidates = judge(case, policy)
    conversion = case.conversion
    winner = candidates[0].touch if candidates and candidates[0].reason is CandidateReason.WON else None
    if winner is None:
        return _organic(conversion, candidates, policy)
    media_source = winner.media_source or UNNAMED_SOURCE
    return AttributionResult(
        conversion_id=conversion.conversion_id,
        conversion_type=conversion.conversion_type,
        conversion_time=conversion.conversion_time,
        is_organic=False,
        media_source=media_source,
        channel=winner.channel,
        campaign=winner.campaign,
        adset=winner.adset,
        ad=winner.ad,
        attributed_touch_id=winner.touch_id,
        attributed_touch_type=winner.touch_type,
        attributed_touch_time=winner.touch_time,
        match_type=winner.match_type,
        match_confidence=1.0,
        ctit_seconds=_ctit_seconds(conversion, winner),
        contributors=tuple(candidate.touch.touch_id for candidate in candidates if candidate.reason in _ASSISTS),
        candidates=candidates,
        credits={"last_touch": {media_source: 1.0}},
        policy_version=policy.version,
        model_version=MODEL_VERSION,
    )


def _organic(conversion: Conversion, candidates: tuple[Candidate, ...], policy: Policy) -> AttributionResult:
    return AttributionResult(
        conversion_id=conversion.conversion_id,
        conversion_type=conversion.conversion_type,
        conversion_time=conversion.conversion_time,
        is_organic=True,
        media_source=ORGANIC,
        channel="",
        campaign="",
        adset="",
        ad="",
        attributed_touch_id=None,
        attributed_touch_type=None,
        attributed_touch_time=None,
        match_type=None,
        match_confidence=0.0,
        ctit_seconds=None,
        contributors=(),
        candidates=candidates,
        credits={"last_touch": {ORGANIC: 1.0}},
        policy_version=policy.version,
        model_version=MODEL_VERSION,
    )


def _ctit_seconds(conversion: Conversion, touch: Touchpoint) -> float | None:
    if touch.touch_type is not TouchType.CLICK or conversion.conversion_type not in _INSTALLS:
        return None
    begin = conversion.install_begin_time or conversion.conversion_time
    return (begin - touch.touch_time).total_seconds()
