"""The identities of a conversion: under which keys its touches are to be looked up."""

from datetime import datetime
from typing import Any

from attribution.consent import consent_of, is_allowed
from attribution.fingerprint import fingerprint_keys
from attribution.fraud.facts import install_facts
from attribution.people import STRONGEST_IDENTITIES
from schemas.policy import Policy
from schemas.touchpoints import Consent, Conversion, MatchKey, MatchType

INSTALLS = frozenset({"install", "reinstall"})
"""Types of conversions that bring an app onto a device."""

_ABSENT_UUID = "00000000-0000-0000-0000-000000000000"

_KEY_FIELDS = (
    ("click_id", MatchType.CLICK_ID),
    ("gaid", MatchType.ADVERTISING_ID),
    ("idfa", MatchType.ADVERTISING_ID),
    ("oaid", MatchType.ADVERTISING_ID),
    ("idfv", MatchType.VENDOR_ID),
    ("device_id", MatchType.VENDOR_ID),
    ("user_id", MatchType.USER_ID),
)


def conversion_from_event(event: dict[str, Any], policy: Policy) -> Conversion:
    """Read a conversion from a stamped event: an object with the contract's field names, times in RFC 3339.

    Keys come strongest first and each once, with the very text of the event, because touches are stored under
    the text of theirs. The all-zero id means that the person declined, so it is no key. A fingerprint is made for
    installs alone, and never against the person's choice.

    Raises:
        KeyError: a field that every accepted event has is missing.
        ValueError: a time is not RFC 3339 with an offset.
    """
    begin = event.get("install_begin_time")
    keys = _keys(event)
    refused = _refused(event, policy)
    withheld = {key.match_type for key in keys} & refused
    if policy.has_probabilistic and event["event_type"] in INSTALLS and (likeness := fingerprint_keys(event)):
        if MatchType.PROBABILISTIC in refused:
            withheld |= {MatchType.PROBABILISTIC}
        else:
            keys += likeness
    return Conversion(
        conversion_id=event["event_id"],
        conversion_type=event["event_type"],
        conversion_time=_time(event["event_time"]),
        app_id=event.get("app_id") or "",
        install_begin_time=_time(begin) if begin else None,
        keys=keys,
        withheld=frozenset(withheld),
        person=_person(event),
        facts=install_facts(event),
    )


def _refused(event: dict[str, Any], policy: Policy) -> frozenset[MatchType]:
    consent = consent_of(event)
    refused = frozenset[MatchType]() if is_allowed(consent, policy) else policy.consent_needed_for
    if event.get("platform") == "ios" and consent is not Consent.GRANTED:
        return refused | {MatchType.PROBABILISTIC}
    return refused


def _keys(event: dict[str, Any]) -> tuple[MatchKey, ...]:
    found: dict[MatchKey, None] = {}
    for field, match_type in _KEY_FIELDS:
        value = event.get(field)
        if value and value != _ABSENT_UUID:
            found[MatchKey(match_type, value)] = None
    return tuple(found)


def _person(event: dict[str, Any]) -> MatchKey | None:
    for field, match_type in STRONGEST_IDENTITIES:
        value = event.get(field)
        if value and value != _ABSENT_UUID:
            return MatchKey(match_type, value)
    return None


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"time without an offset: {text}")
    return time
