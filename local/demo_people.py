"""One invented person of the demo: the touches they meet, whether they install, and what they do then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import exp
from random import Random
from typing import Any

from uuid_utils import UUID, uuid5

from local.demo_sources import (
    BASE_LOG_ODDS,
    COUNTRIES,
    DEVICES,
    HOUR_WEIGHTS,
    INTENT_DEVIATION,
    RETARGETING,
    RETARGETING_BY_INTENT,
    RETARGETING_LOG_ODDS,
    SOURCES,
    WEEKDAY_WEIGHTS,
    Country,
    Source,
)

_NAMESPACE = UUID("8c1f54d2-77a8-5d5e-8e0e-2f1f7a3c9b20")

_TOUCHED_SHARE = 0.75
_STEP_SHARE = 0.58
_STEPS_MAX = 7
_TOUCH_GAP_MEAN = timedelta(hours=18)
_INSTALL_TIME_MIN = timedelta(hours=2)

_CTIT_MEDIAN_LOG_SECONDS = 6.9
_CTIT_DEVIATION = 1.3
_DOWNLOAD_SHARE = 0.3
"""Part of the time from click to first open after which the store begins the install."""

_TRACKING_ALLOWED_SHARE = 0.4
_APP_VERSION = "2.3.1"
_REFERRER_SHARE = 0.85

_COUNTRY_SHARES = tuple(accumulate(country.share for country in COUNTRIES))
_HOURS = tuple(accumulate(HOUR_WEIGHTS))


@dataclass(frozen=True, slots=True)
class Period:
    """The whole days from `start` to `end` (both midnight UTC) of which the demo tells."""

    start: datetime
    days: int

    @property
    def end(self) -> datetime:
        """The first moment after the period: nothing happens from then on."""
        return self.start + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Touch:
    """One meeting of a person with an advertisement."""

    source: Source
    time: datetime
    is_click: bool
    event_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who someone is: the start of every event's id, the fields of all their events, and how keen they are."""

    name: str
    country: Country
    fields: dict[str, str]
    ad_fields: dict[str, str]
    intent: float


def sigmoid(log_odds: float) -> float:
    """Turn log-odds into a probability."""
    return 1 / (1 + exp(-log_odds))


def install_log_odds(person: Person, touches: list[Touch], without: str = "") -> float:
    """Log-odds that a person installs after these touches, those of the source `without` left out."""
    effects = sum(touch.source.effect for touch in touches if touch.source.name != without)
    return BASE_LOG_ODDS + person.intent + effects


def make_id(name: str) -> str:
    """Make the UUID of a name: the same for the same name, whenever it is made."""
    return str(uuid5(_NAMESPACE, name))


def make_person(chance: Random, name: str, app_id: str) -> Person:
    """Invent a person. On iOS an advertising id is known only of those who allow tracking.

    Touches and installs of the others share the vendor id here, so that the demo has matches to show
    though no store tells a click id on iOS.
    """
    (country,) = chance.choices(COUNTRIES, cum_weights=_COUNTRY_SHARES)
    platform = "ios" if chance.random() < country.ios_share else "android"
    model, os_version = chance.choice(DEVICES[platform])
    device = {"device_id": make_id(f"{name}/device"), "device_model": model, "os_version": os_version}
    device["app_version"] = _APP_VERSION
    if platform == "android":
        ad_id = {"gaid": make_id(f"{name}/gaid")}
    elif chance.random() < _TRACKING_ALLOWED_SHARE:
        ad_id = {"idfa": make_id(f"{name}/idfa")}
        device["att_status"] = "authorized"
    else:
        ad_id = {"idfv": make_id(f"{name}/idfv")}
        device["att_status"] = "denied"
    shared = {"app_id": app_id, "platform": platform, "country": country.code, "language": country.language}
    return Person(name, country, shared | ad_id | device, shared | ad_id, chance.gauss(0, INTENT_DEVIATION))


def pick_time(chance: Random, person: Person, period: Period) -> datetime:
    """Pick when a person is at their phone: by weekday and the hour of their own clock, in time for an install."""
    weights = [WEEKDAY_WEIGHTS[(period.start + timedelta(days=day)).weekday()] for day in range(period.days)]
    (day,) = chance.choices(range(period.days), weights)
    (hour,) = chance.choices(range(24), cum_weights=_HOURS)
    second = ((hour - person.country.utc_offset_hours) % 24) * 3_600 + chance.randrange(3_600)
    time = period.start + timedelta(days=day, seconds=second, milliseconds=chance.randrange(1_000))
    return time if time <= period.end - _INSTALL_TIME_MIN else time - timedelta(days=1)


def make_touches(chance: Random, person: Person, last_time: datetime, day: int) -> list[Touch]:
    """Invent the touches of a person, in time order; none for those whom no advertisement reaches."""
    if chance.random() >= _TOUCHED_SHARE:
        return []
    steps = 1
    while steps < _STEPS_MAX and chance.random() < _STEP_SHARE:
        steps += 1
    sources = [_pick_source(chance, person, day, is_last=place == steps - 1) for place in range(steps)]
    if chance.random() < sigmoid(RETARGETING_LOG_ODDS + RETARGETING_BY_INTENT * person.intent):
        sources.append(RETARGETING)
    times = [last_time]
    while len(times) < len(sources):
        times.append(times[-1] - _TOUCH_GAP_MEAN * max(0.01, chance.expovariate(1)))
    return [
        Touch(source, time, chance.random() < source.clicks, make_id(f"{person.name}/touch/{place}"))
        for place, (source, time) in enumerate(zip(sources, reversed(times), strict=True))
    ]


def touch_event(chance: Random, person: Person, touch: Touch) -> dict[str, Any]:
    """Write a touch as an event. A click has a click id and a price."""
    source = touch.source
    event = {
        "event_id": touch.event_id,
        "event_type": "click" if touch.is_click else "impression",
        "event_time": touch.time,
        **person.ad_fields,
        "media_source": source.name,
        "channel": source.channel,
        "campaign": chance.choice(source.campaigns),
        "adset": chance.choice(source.adsets),
        "ad": chance.choice(("video_15s", "video_30s", "static_blue")),
    }
    if source.sites:
        event["site_id"] = chance.choice(source.sites)
    if touch.is_click:
        price = source.click_usd * chance.lognormvariate(0, 0.3)
        event |= {
            "click_id": touch.event_id, "cost_value": f"{price:.4f}", "cost_model": "cpc", "cost_currency": "USD",
        }  # fmt: skip
    return event


def install_event(
    chance: Random, person: Person, touches: list[Touch], at_phone: datetime, end: datetime
) -> dict[str, Any]:
    """Write the install that follows the last touch (without touches: when the person is at their phone)."""
    event: dict[str, Any] = {"event_id": make_id(f"{person.name}/install"), "event_type": "install", **person.fields}
    if not touches:
        return event | {"event_time": at_phone}
    last = touches[-1]
    ctit = timedelta(seconds=chance.lognormvariate(_CTIT_MEDIAN_LOG_SECONDS, _CTIT_DEVIATION))
    ctit = min(ctit, (end - last.time) * chance.uniform(0.5, 0.99))
    event["event_time"] = last.time + ctit
    if last.is_click and person.fields["platform"] == "android" and chance.random() < _REFERRER_SHARE:
        event["install_referrer"] = f"click_id={last.event_id}&utm_source={last.source.name}"
        event["click_time"] = last.time
        event["install_begin_time"] = last.time + ctit * _DOWNLOAD_SHARE
    return event


def _pick_source(chance: Random, person: Person, day: int, *, is_last: bool) -> Source:
    open_to = [source for source in SOURCES if person.fields["platform"] in source.platforms]
    weights = [source.volume * (1 + source.growth) ** day * (source.late if is_last else 1.0) for source in open_to]
    return chance.choices(open_to, weights)[0]
