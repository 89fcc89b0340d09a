"""Rules that look at one touch: when it came, from where, and what its site is known for."""

from attribution.explanations import duration
from attribution.fraud.geography import distance_km
from attribution.fraud.sight import Observation, Sight
from schemas.fraud import SiteKey
from schemas.touchpoints import Touchpoint, TouchType

_HOUR_SECONDS = 3_600.0


def click_injection(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click after the moment at which the store says that the install began. Nothing excuses it."""
    begin, ctit_seconds = sight.conversion.install_begin_time, sight.ctit_seconds(touch)
    if begin is None or ctit_seconds is None or ctit_seconds >= 0:
        return None
    late = duration(touch.touch_time - begin)
    return f"Clicked {late} after the install had begun, by the store's clock.", {"ctit_seconds": ctit_seconds}


def short_ctit(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click too shortly before the install for anybody to have fetched the app in between."""
    ctit_seconds, limit = sight.ctit_seconds(touch), sight.policy.short_ctit.ctit_seconds_min
    if ctit_seconds is None or not 0 <= ctit_seconds < limit:
        return None
    said = f"Clicked {ctit_seconds:g} s before the install; nobody installs within {limit:g} s of a click."
    return said, {"ctit_seconds": ctit_seconds, "ctit_seconds_min": limit}


def install_hijacking(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click just before the install that took it from another source, whose click had led for hours."""
    limits, ctit_seconds = sight.policy.install_hijacking, sight.ctit_seconds(touch)
    if ctit_seconds is None or not 0 <= ctit_seconds <= limits.before_install_seconds:
        return None
    leader = next(
        (
            click
            for click in sight.touches
            if click.touch_type is TouchType.CLICK
            and click.media_source != touch.media_source
            and click.touch_time < touch.touch_time
        ),
        None,
    )
    if leader is None:
        return None
    led = touch.touch_time - leader.touch_time
    if led.total_seconds() < limits.led_hours_min * _HOUR_SECONDS:
        return None
    said = (
        f"Clicked {ctit_seconds:g} s before the install, when a click of {leader.media_source or 'another source'} "
        f"had led for {duration(led)}."
    )
    return said, {
        "ctit_seconds": ctit_seconds,
        "led_hours": round(led.total_seconds() / _HOUR_SECONDS, 2),
        "leader_touch_id": leader.touch_id,
        "leader_media_source": leader.media_source,
    }


def impossible_travel(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click from where nobody could have come by the time of the install."""
    limit = sight.policy.impossible_travel.km_per_hour_max
    countries = _two_countries(touch, sight)
    km = distance_km(*countries) if countries else None
    hours = (sight.conversion.conversion_time - touch.touch_time).total_seconds() / _HOUR_SECONDS
    if countries is None or km is None or hours < 0 or km <= limit * hours:
        return None
    clicked, installed = countries
    span = duration(sight.conversion.conversion_time - touch.touch_time)
    said = f"Clicked in {clicked}, {km:,.0f} km from {installed}, {span} before: faster than {limit:g} km/h."
    return said, {
        "click_country": clicked,
        "install_country": installed,
        "distance_km": round(km),
        "hours": round(hours, 4),
        "km_per_hour_max": limit,
    }


def geo_mismatch(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click in another country than the conversion's."""
    countries = _two_countries(touch, sight)
    if countries is None:
        return None
    clicked, installed = countries
    return f"Clicked in {clicked}, converted in {installed}.", {
        "click_country": clicked,
        "install_country": installed,
    }


def click_flooding(touch: Touchpoint, sight: Sight) -> Observation | None:
    """Find a click of a site that floods."""
    if sight.ctit_seconds(touch) is None:
        return None
    app_id = touch.app_id or sight.conversion.app_id
    found = sight.facts.sites.get(SiteKey(app_id, touch.media_source, touch.site_id))
    return None if found is None else (found.explanation, dict(found.evidence))


def _two_countries(touch: Touchpoint, sight: Sight) -> tuple[str, str] | None:
    """Give the countries of a click and its conversion if both are known and differ."""
    if touch.touch_type is not TouchType.CLICK:
        return None
    clicked, converted = touch.country.upper(), sight.facts.install.country.upper()
    return (clicked, converted) if clicked and converted and clicked != converted else None
