"""From a conversion, its candidate touches and the tenant's policy to the result that users read."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from attribution.fingerprint import confidence
from attribution.keys import INSTALLS
from attribution.matching import judge
from attribution.origins import SESSION, inherited, kind_of, last_install, resolved
from schemas.policy import Policy
from schemas.results import ON_THE_JOURNEY, AttributionResult, Candidate, CandidateReason
from schemas.touchpoints import Conversion, ConversionCase, ConversionKind, MatchType, Origin, Touchpoint, TouchType

MODEL_VERSION = "rules-2"

ORGANIC = "organic"
"""The media source of a conversion that no touch led to."""

UNNAMED_SOURCE = "unknown"
"""The media source of a conversion whose winning touch names none: credit needs a name to go to."""

_OWN_SOURCE = frozenset({ConversionKind.INSTALL, ConversionKind.RE_ATTRIBUTION, ConversionKind.RE_ENGAGEMENT})
_INSTALLED_NOW = frozenset({ConversionKind.INSTALL, ConversionKind.REINSTALL, ConversionKind.RE_ATTRIBUTION})
_NOTHING_DECIDED: Mapping[str, Origin] = MappingProxyType({})


class _Verdict(NamedTuple):
    """The judged touches, what the conversion is, and from what it inherits its source, if it does."""

    candidates: tuple[Candidate, ...]
    kind: ConversionKind
    heritage: Origin | None

    @property
    def winner(self) -> Touchpoint | None:
        return _winner(self.candidates)


class _Times(NamedTuple):
    install_id: str | None
    install_time: datetime | None
    first_install_time: datetime | None


def attribute(
    case: ConversionCase, policy: Policy, decided: Mapping[str, Origin] = _NOTHING_DECIDED
) -> AttributionResult:
    """Give one conversion to the touch that led to it, or to the source that it inherits, or call it organic.

    `decided` holds, by id, those of the case's origins that were decided just before.

    `match_confidence` is 1.0 for a winner that an identity ties to the conversion, that of `fingerprint.confidence`
    for one by likeness, and 0.0 for an organic conversion, where nothing matched. `ctit_seconds` is set for a click
    that won an install: from click to install begin, or to the first open where the store does not say; below zero if
    the click came after the install had begun. `contributors` are the valid touches that did not get the conversion,
    newest first.
    """
    origins = resolved(case, decided) if case.origins else ()
    install = last_install(origins)
    verdict = _judged(case, policy, origins, install)
    if verdict.heritage is None:
        return _with_own_source(case, policy, verdict, install)
    return _with_inherited_source(case, policy, verdict, verdict.heritage, install)


def _judged(case: ConversionCase, policy: Policy, origins: tuple[Origin, ...], install: Origin | None) -> _Verdict:
    conversion = case.conversion
    if conversion.conversion_type in INSTALLS or conversion.conversion_type == SESSION:
        candidates = judge(case, policy, since=install.conversion_time if install else None)
        kind = kind_of(case, _winner(candidates), install, policy)
        if kind is not ConversionKind.SESSION:
            return _Verdict(candidates, kind, None if kind in _OWN_SOURCE else install)
    heritage = inherited(conversion, origins, policy)
    return _Verdict(judge(case, policy, heritage=heritage), ConversionKind(conversion.conversion_type), heritage)


def _with_own_source(
    case: ConversionCase, policy: Policy, verdict: _Verdict, install: Origin | None
) -> AttributionResult:
    conversion, winner = case.conversion, verdict.winner
    media_source = ORGANIC if winner is None else winner.media_source or UNNAMED_SOURCE
    times = _times(conversion, verdict, install)
    return AttributionResult(
        conversion_id=conversion.conversion_id,
        conversion_type=conversion.conversion_type,
        conversion_kind=verdict.kind,
        conversion_time=conversion.conversion_time,
        install_id=times.install_id,
        install_time=times.install_time,
        first_install_time=times.first_install_time,
        is_organic=winner is None,
        media_source=media_source,
        channel=winner.channel if winner else "",
        campaign=winner.campaign if winner else "",
        adset=winner.adset if winner else "",
        ad=winner.ad if winner else "",
        site_id=winner.site_id if winner else "",
        attributed_touch_id=winner.touch_id if winner else None,
        attributed_touch_type=winner.touch_type if winner else None,
        attributed_touch_time=winner.touch_time if winner else None,
        match_type=winner.match_type if winner else None,
        match_confidence=_confidence(case, winner),
        ctit_seconds=_ctit_seconds(conversion, winner),
        contributors=_contributors(verdict.candidates, winner.touch_id if winner else None),
        candidates=verdict.candidates,
        withheld_matches=_withheld(conversion),
        credits={"last_touch": {media_source: 1.0}},
        policy_version=policy.version,
        model_version=MODEL_VERSION,
    )


def _with_inherited_source(
    case: ConversionCase, policy: Policy, verdict: _Verdict, heritage: Origin, install: Origin | None
) -> AttributionResult:
    conversion, winner = case.conversion, verdict.winner
    times = _times(conversion, verdict, install)
    return AttributionResult(
        conversion_id=conversion.conversion_id,
        conversion_type=conversion.conversion_type,
        conversion_kind=verdict.kind,
        conversion_time=conversion.conversion_time,
        install_id=times.install_id,
        install_time=times.install_time,
        first_install_time=times.first_install_time,
        is_organic=heritage.is_organic,
        media_source=heritage.media_source,
        channel=heritage.channel,
        campaign=heritage.campaign,
        adset=heritage.adset,
        ad=heritage.ad,
        site_id=heritage.site_id,
        attributed_touch_id=heritage.attributed_touch_id,
        attributed_touch_type=heritage.attributed_touch_type,
        attributed_touch_time=heritage.attributed_touch_time,
        match_type=heritage.match_type,
        match_confidence=heritage.match_confidence,
        ctit_seconds=None,
        contributors=_contributors(verdict.candidates, heritage.attributed_touch_id),
        candidates=verdict.candidates,
        withheld_matches=_withheld(conversion),
        credits={"last_touch": {(winner.media_source or UNNAMED_SOURCE) if winner else heritage.media_source: 1.0}},
        policy_version=policy.version,
        model_version=MODEL_VERSION,
    )


def _winner(candidates: tuple[Candidate, ...]) -> Touchpoint | None:
    return candidates[0].touch if candidates and candidates[0].reason is CandidateReason.WON else None


def _times(conversion: Conversion, verdict: _Verdict, install: Origin | None) -> _Times:
    heritage, at = verdict.heritage, conversion.conversion_time
    first = install.first_install_time if install else None
    if verdict.kind is ConversionKind.INSTALL:
        return _Times(conversion.conversion_id, at, at)
    if verdict.kind in _INSTALLED_NOW:
        return _Times(heritage.install_id if heritage else conversion.conversion_id, at, first or at)
    install_time = install.install_time if install else None
    if verdict.kind is ConversionKind.RE_ENGAGEMENT:
        return _Times(conversion.conversion_id, install_time, first)
    return _Times(heritage.install_id if heritage else None, install_time, first)


def _confidence(case: ConversionCase, winner: Touchpoint | None) -> float:
    if winner is None:
        return 0.0
    return confidence(case.fingerprint_devices) if winner.match_type is MatchType.PROBABILISTIC else 1.0


def _contributors(candidates: tuple[Candidate, ...], attributed_touch_id: str | None) -> tuple[str, ...]:
    valid = [
        each.touch
        for each in candidates
        if each.reason in ON_THE_JOURNEY and each.touch.touch_id != attributed_touch_id
    ]
    if candidates and candidates[0].touch.touch_id != attributed_touch_id:
        # The one that leads the journey stands first, whenever it was.
        valid.sort(key=lambda touch: touch.touch_time, reverse=True)
    return tuple(touch.touch_id for touch in valid)


def _withheld(conversion: Conversion) -> tuple[MatchType, ...]:
    return tuple(sorted(conversion.withheld)) if conversion.withheld else ()


def _ctit_seconds(conversion: Conversion, touch: Touchpoint | None) -> float | None:
    if touch is None or touch.touch_type is not TouchType.CLICK or conversion.conversion_type not in INSTALLS:
        return None
    begin = conversion.install_begin_time or conversion.conversion_time
    return (begin - touch.touch_time).total_seconds()
