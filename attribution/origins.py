"""From which earlier conversion of its person a conversion inherits, and what kind of conversion it is itself.

- An **install** of an app that the person had before, within the re-attribution window after the first install, is none
  that counts anew: with a touch of its own it is a *re-attribution*, without one a *reinstall* that keeps the source it
  had. A touch from before the last install led up to that one, so it cannot lead to this.
- A **session** that a click opened is a *re-engagement* if its person had the app before the click and was away for the
  policy's inactivity up to it.
- Every **later event** belongs to the newest re-engagement that is still valid, else to the newest install.
"""

from collections.abc import Mapping
from datetime import datetime

from schemas.policy import Policy
from schemas.results import AttributionResult
from schemas.touchpoints import Conversion, ConversionCase, ConversionKind, Origin, Touchpoint, TouchType

SESSION = "session"

_INSTALL_KINDS = frozenset({ConversionKind.INSTALL, ConversionKind.REINSTALL, ConversionKind.RE_ATTRIBUTION})


def resolved(case: ConversionCase, decided: Mapping[str, Origin]) -> tuple[Origin, ...]:
    """Give a case's origins as they were decided; one whose decision failed is left out."""
    known = (each if isinstance(each, Origin) else decided.get(each) for each in case.origins)
    return tuple(each for each in known if each is not None)


def last_install(origins: tuple[Origin, ...]) -> Origin | None:
    """Find the newest install among origins, which come newest first."""
    return next((each for each in origins if each.conversion_kind in _INSTALL_KINDS), None)


def inherited(conversion: Conversion, origins: tuple[Origin, ...], policy: Policy) -> Origin | None:
    """Find the re-engagement or install to which a later event belongs."""
    for each in origins:
        if each.conversion_kind in _INSTALL_KINDS:
            return each
        if (
            each.conversion_kind is ConversionKind.RE_ENGAGEMENT
            and conversion.conversion_time - each.conversion_time <= policy.reengagement_validity
        ):
            return each
    return None


def kind_of(case: ConversionCase, winner: Touchpoint | None, install: Origin | None, policy: Policy) -> ConversionKind:
    """Say what an install or a session is, by the touch that won it and the newest install before it."""
    conversion = case.conversion
    if conversion.conversion_type == SESSION:
        return _kind_of_session(case.activity, winner, install, policy)
    return _kind_of_install(conversion, winner, install, policy)


def origin_of(result: AttributionResult) -> Origin:
    """Give what later conversions inherit from a result."""
    return Origin(
        conversion_id=result.conversion_id,
        conversion_kind=result.conversion_kind,
        conversion_time=result.conversion_time,
        install_id=result.install_id or result.conversion_id,
        install_time=result.install_time or result.conversion_time,
        first_install_time=result.first_install_time or result.install_time or result.conversion_time,
        is_organic=result.is_organic,
        media_source=result.media_source,
        channel=result.channel,
        campaign=result.campaign,
        adset=result.adset,
        ad=result.ad,
        site_id=result.site_id,
        attributed_touch_id=result.attributed_touch_id,
        attributed_touch_type=result.attributed_touch_type,
        attributed_touch_time=result.attributed_touch_time,
        match_type=result.match_type,
        match_confidence=result.match_confidence,
    )


def _kind_of_install(
    conversion: Conversion, winner: Touchpoint | None, install: Origin | None, policy: Policy
) -> ConversionKind:
    if install is None:
        is_again = conversion.conversion_type != ConversionKind.INSTALL
    else:
        is_again = conversion.conversion_time - install.first_install_time <= policy.reattribution_window
    if not is_again:
        return ConversionKind.INSTALL
    return ConversionKind.REINSTALL if winner is None else ConversionKind.RE_ATTRIBUTION


def _kind_of_session(
    activity: tuple[datetime, ...], winner: Touchpoint | None, install: Origin | None, policy: Policy
) -> ConversionKind:
    if install is None or winner is None or winner.touch_type is not TouchType.CLICK:
        return ConversionKind.SESSION
    before = next((time for time in activity if time < winner.touch_time), install.conversion_time)
    last_active = max(before, install.conversion_time)
    is_back = winner.touch_time - last_active >= policy.reengagement_inactivity
    return ConversionKind.RE_ENGAGEMENT if is_back else ConversionKind.SESSION
