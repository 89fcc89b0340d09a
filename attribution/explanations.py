"""The sentences of a result: why each considered touch won or lost, in words that need no manual."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

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
) -> str:
    """Say why `touch` won over the other touches in their windows; a conversion with a `heritage` keeps its source."""
    rival_clicks = [rival for rival in rivals if rival.touch_type is TouchType.CLICK]
    is_alike = touch.match_type is MatchType.PROBABILISTIC
    if not rivals:
        why = "the only touch that counts"
    elif touch.touch_type is TouchType.IMPRESSION:
        why = "the latest view, and there is no click"
    elif not rival_clicks:
        why = "the only click, which beats every view"
    elif not is_alike and all(rival.match_type is MatchType.PROBABILISTIC for rival in rival_clicks):
        why = "the only click that is matched for certain"
    else:
        why = "the latest click"
    if is_alike:
        why = f"matched by {_MATCHES[touch.match_type]} alone, but {why}"
    if heritage is None:
        return f"{_inside(touch, conversion, window)}; {why}, so it wins."
    event = _event(conversion)
    return (
        f"{_inside(touch, conversion, window)}; {why}, so it leads the journey; "
        f"{event} itself belongs to the {heritage.conversion_kind.replace('_', '-')} ({heritage.media_source})."
    )


def earlier(touch: Touchpoint, conversion: Conversion, window: timedelta) -> str:
    """Say that a later touch of the same type won."""
    noun = _NOUNS[touch.touch_type]
    return f"{_inside(touch, conversion, window)}, but a later {noun} wins."


def beaten_by_click(touch: Touchpoint, conversion: Conversion, window: timedelta) -> str:
    """Say that a view lost to a click."""
    return f"{_inside(touch, conversion, window)}, but a click beats a view whatever their times."


def beaten_by_certainty(touch: Touchpoint, conversion: Conversion, window: timedelta) -> str:
    """Say that a click that is matched by likeness lost to one that is matched by an identity."""
    return (
        f"{_inside(touch, conversion, window)}, but matched only by {_MATCHES[touch.match_type]}: "
        "a click that is matched for certain wins."
    )


def no_consent(touch: Touchpoint, conversion: Conversion) -> str:
    """Say that the person does not allow what would tie the touch to the conversion."""
    match = _MATCHES[touch.match_type]
    return f"{_before(touch, conversion)}, but matched by {match}, which may not be used without consent."


def before_install(touch: Touchpoint, conversion: Conversion, installed: datetime) -> str:
    """Say that a touch came before the app was already there."""
    span = duration(installed - touch.touch_time)
    return f"{_before(touch, conversion)}, but {span} before the app was installed the time before: it led up to that."


def tied(touch: Touchpoint, winner: Touchpoint) -> str:
    """Say what broke the tie between two touches of the same type and moment."""
    noun = _NOUNS[touch.touch_type]
    if winner.match_type is not touch.match_type:
        why = f"is matched by {_MATCHES[winner.match_type]}, which is stronger than {_MATCHES[touch.match_type]}"
    elif winner.received_at != touch.received_at:
        why = "was received first"
    else:
        why = "comes first by its id"
    return f"{_VERBS[touch.touch_type]} at the same moment as the winning {noun}, which {why}."


def duplicate(touch: Touchpoint, window: timedelta) -> str:
    """Say that a click is one with another click of its source."""
    source = touch.media_source or "the same source"
    return f"Another click of {source} within {duration(window)} stands for this one: together they count once."


def outside_window(touch: Touchpoint, conversion: Conversion, window: timedelta | None) -> str:
    """Say that a touch is too old, or (`window` None) of a kind that never counts under the policy."""
    said, noun = _before(touch, conversion), _NOUNS[touch.touch_type]
    if window is None:
        return f"{said}, but a {noun} matched by {_MATCHES[touch.match_type]} has no window, so it never counts."
    return f"{said}, outside the {window_name(window)} {noun} window."


def after_conversion(touch: Touchpoint, conversion: Conversion) -> str:
    """Say that a touch came too late."""
    span = duration(touch.touch_time - conversion.conversion_time)
    return f"{_VERBS[touch.touch_type]} {span} after {_event(conversion)}, so it cannot have led to it."


def other_app(touch: Touchpoint, conversion: Conversion) -> str:
    """Say that a touch advertised something else."""
    return (
        f"This {_NOUNS[touch.touch_type]} was for {touch.app_id}, but {_event(conversion)} is of {conversion.app_id}."
    )


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
