"""The sentences of a result: why each considered touch won or lost, in words that need no manual.

Each comes with its ground and values, by which the same can be said in another language. The values, all of times in
seconds: `span_seconds` from touch to conversion (or back, after it), `window_seconds` of the window that was applied,
`before_install_seconds`, `winner_match_type`, `conversion_app_id`, and `heritage_kind` and `heritage_media_source` of
what a conversion inherits from. What the touch and the conversion tell themselves is not repeated.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from schemas.fraud import Evidence
from schemas.results import Because, Ground
from schemas.touchpoints import Conversion, MatchType, Origin, Touchpoint, TouchType

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

_UNITS = (("d", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", _SECOND))
_WINDOW_UNITS = (("hour", _HOUR), ("minute", _MINUTE))

_VERBS = {TouchType.CLICK: "Clicked", TouchType.IMPRESSION: "Seen"}
_NOUNS = {TouchType.CLICK: "click", TouchType.IMPRESSION: "view"}
_MATCHES = {match_type: match_type.value.replace("_", " ") for match_type in MatchType} | {
    MatchType.PROBABILISTIC: "IP address and device"
}
_WINNING = {
    Ground.ONLY_TOUCH: "the only touch that counts",
    Ground.LATEST_VIEW: "the latest view, and there is no click",
    Ground.ONLY_CLICK: "the only click, which beats every view",
    Ground.ONLY_CERTAIN_CLICK: "the only click that is matched for certain",
    Ground.LATEST_CLICK: "the latest click",
}


class Explanation(NamedTuple):
    """Why a touch won or lost: in English, and without words."""

    sentence: str
    because: Because


def duration(span: timedelta) -> str:
    """Say a span, not negative, in its two largest units: `2 h 10 min`, `3 d`, `45 s`."""
    for place, (name, unit) in enumerate(_UNITS):
        if span >= unit:
            count, rest = divmod(span, unit)
            said = f"{count} {name}"
            if place + 1 < len(_UNITS):
                next_name, next_unit = _UNITS[place + 1]
                said += f" {rest // next_unit} {next_name}" if rest >= next_unit else ""
            return said
    return "less than 1 s" if span else "0 s"


@cache
def window_name(window: timedelta) -> str:
    """Name a window as the field does: `7-day`, `24-hour`, `90-minute`."""
    if window > _DAY and not window % _DAY:
        return f"{window // _DAY}-day"
    for name, unit in _WINDOW_UNITS:
        if window >= unit and not window % unit:
            return f"{window // unit}-{name}"
    return f"{int(window.total_seconds())}-second"


def won(
    touch: Touchpoint, conversion: Conversion, window: timedelta, rivals: Sequence[Touchpoint], heritage: Origin | None
) -> Explanation:
    """Say why `touch` won over the other touches in their windows; a conversion with a `heritage` keeps its source."""
    is_alike = touch.match_type is MatchType.PROBABILISTIC
    ground = _ground_of_winning(touch, rivals)
    why = _WINNING[ground]
    if is_alike:
        why = f"matched by {_MATCHES[touch.match_type]} alone, but {why}"
    values = _window(touch, conversion, window)
    said = f"{_inside(touch, conversion, window)}; {why}, so it "
    if heritage is None:
        return Explanation(f"{said}wins.", Because(ground, values))
    kind, source = heritage.conversion_kind, heritage.media_source
    return Explanation(
        f"{said}leads the journey; {_event(conversion)} itself belongs to the {kind.replace('_', '-')} ({source}).",
        Because(ground, values | {"heritage_kind": kind.value, "heritage_media_source": source}),
    )


def _ground_of_winning(touch: Touchpoint, rivals: Sequence[Touchpoint]) -> Ground:
    if not rivals:
        return Ground.ONLY_TOUCH
    if touch.touch_type is TouchType.IMPRESSION:
        return Ground.LATEST_VIEW
    rival_clicks = [rival for rival in rivals if rival.touch_type is TouchType.CLICK]
    if not rival_clicks:
        return Ground.ONLY_CLICK
    is_alike = touch.match_type is MatchType.PROBABILISTIC
    if not is_alike and all(rival.match_type is MatchType.PROBABILISTIC for rival in rival_clicks):
        return Ground.ONLY_CERTAIN_CLICK
    return Ground.LATEST_CLICK


def earlier(touch: Touchpoint, conversion: Conversion, window: timedelta) -> Explanation:
    """Say that a later touch of the same type won."""
    said = f"{_inside(touch, conversion, window)}, but a later {_NOUNS[touch.touch_type]} wins."
    return Explanation(said, Because(Ground.EARLIER, _window(touch, conversion, window)))


def beaten_by_click(touch: Touchpoint, conversion: Conversion, window: timedelta) -> Explanation:
    """Say that a view lost to a click."""
    said = f"{_inside(touch, conversion, window)}, but a click beats a view whatever their times."
    return Explanation(said, Because(Ground.BEATEN_BY_CLICK, _window(touch, conversion, window)))


def beaten_by_certainty(touch: Touchpoint, conversion: Conversion, window: timedelta) -> Explanation:
    """Say that a click that is matched by likeness lost to one that is matched by an identity."""
    said = (
        f"{_inside(touch, conversion, window)}, but matched only by {_MATCHES[touch.match_type]}: "
        "a click that is matched for certain wins."
    )
    return Explanation(said, Because(Ground.BEATEN_BY_CERTAINTY, _window(touch, conversion, window)))


def no_consent(touch: Touchpoint, conversion: Conversion) -> Explanation:
    """Say that the person does not allow what would tie the touch to the conversion."""
    match = _MATCHES[touch.match_type]
    said = f"{_before(touch, conversion)}, but matched by {match}, which may not be used without consent."
    return Explanation(said, Because(Ground.NO_CONSENT, _span(touch, conversion)))


def before_install(touch: Touchpoint, conversion: Conversion, installed: datetime) -> Explanation:
    """Say that a touch came before the app was already there."""
    ahead = installed - touch.touch_time
    said = (
        f"{_before(touch, conversion)}, but {duration(ahead)} before the app was installed the time before: "
        "it led up to that."
    )
    values = _span(touch, conversion) | {"before_install_seconds": ahead.total_seconds()}
    return Explanation(said, Because(Ground.BEFORE_INSTALL, values))


def tied(touch: Touchpoint, winner: Touchpoint) -> Explanation:
    """Say what broke the tie between two touches of the same type and moment."""
    noun = _NOUNS[touch.touch_type]
    values: Evidence = {}
    if winner.match_type is not touch.match_type:
        ground, values = Ground.WEAKER_MATCH, {"winner_match_type": winner.match_type.value}
        why = f"is matched by {_MATCHES[winner.match_type]}, which is stronger than {_MATCHES[touch.match_type]}"
    elif winner.received_at != touch.received_at:
        ground, why = Ground.RECEIVED_LATER, "was received first"
    else:
        ground, why = Ground.LATER_ID, "comes first by its id"
    said = f"{_VERBS[touch.touch_type]} at the same moment as the winning {noun}, which {why}."
    return Explanation(said, Because(ground, values))


def duplicate(touch: Touchpoint, window: timedelta) -> Explanation:
    """Say that a click is one with another click of its source."""
    source = touch.media_source or "the same source"
    said = f"Another click of {source} within {duration(window)} stands for this one: together they count once."
    return Explanation(said, Because(Ground.DUPLICATE, {"window_seconds": window.total_seconds()}))


def outside_window(touch: Touchpoint, conversion: Conversion, window: timedelta | None) -> Explanation:
    """Say that a touch is too old, or (`window` None) of a kind that never counts under the policy."""
    said, noun = _before(touch, conversion), _NOUNS[touch.touch_type]
    if window is None:
        said += f", but a {noun} matched by {_MATCHES[touch.match_type]} has no window, so it never counts."
        return Explanation(said, Because(Ground.NO_WINDOW, _span(touch, conversion)))
    said += f", outside the {window_name(window)} {noun} window."
    return Explanation(said, Because(Ground.OUTSIDE_WINDOW, _window(touch, conversion, window)))


def after_conversion(touch: Touchpoint, conversion: Conversion) -> Explanation:
    """Say that a touch came too late."""
    late = touch.touch_time - conversion.conversion_time
    said = f"{_VERBS[touch.touch_type]} {duration(late)} after {_event(conversion)}, so it cannot have led to it."
    return Explanation(said, Because(Ground.AFTER_CONVERSION, {"span_seconds": late.total_seconds()}))


def other_app(touch: Touchpoint, conversion: Conversion) -> Explanation:
    """Say that a touch advertised something else."""
    said = (
        f"This {_NOUNS[touch.touch_type]} was for {touch.app_id}, but {_event(conversion)} is of {conversion.app_id}."
    )
    return Explanation(said, Because(Ground.OTHER_APP, {"conversion_app_id": conversion.app_id}))


def _span(touch: Touchpoint, conversion: Conversion) -> Evidence:
    return {"span_seconds": (conversion.conversion_time - touch.touch_time).total_seconds()}


def _window(touch: Touchpoint, conversion: Conversion, window: timedelta) -> Evidence:
    return _span(touch, conversion) | {"window_seconds": window.total_seconds()}


def _inside(touch: Touchpoint, conversion: Conversion, window: timedelta) -> str:
    noun = _NOUNS[touch.touch_type]
    return f"{_before(touch, conversion)}, inside the {window_name(window)} {noun} window"


def _before(touch: Touchpoint, conversion: Conversion) -> str:
    span = duration(conversion.conversion_time - touch.touch_time)
    verb = _VERBS[touch.touch_type]
    if touch.is_claimed:
        verb = f"Claimed by {touch.media_source or 'its network'} as {verb.lower()}"
    return f"{verb} {span} before {_event(conversion)}"


def _event(conversion: Conversion) -> str:
    return f"the {conversion.conversion_type.replace('_', ' ')}"
