"""What a person allows: the state of consent that an event tells, and which match types it rules out.

The touches' side is computed by ClickHouse when they are filed, from the same fields by the same rules
(`storage/clickhouse/migrations`).
"""

from typing import Any

import orjson

from schemas.policy import Policy
from schemas.touchpoints import Consent

_ATT_REFUSED = frozenset({"denied", "restricted", "not_determined"})
_MEASURING = ("ad_storage", "ad_user_data")
_US_OPT_OUT_PLACE = 2
_UNKNOWN, _GRANTED = int(Consent.UNKNOWN), int(Consent.GRANTED)


def consent_of(event: dict[str, Any]) -> Consent:
    """Read what a stamped event says of consent; its `consent` is JSON text, as it is stored.

    Refused: App Tracking Transparency is anything but `authorized`; Google's consent mode denies `ad_storage` or
    `ad_user_data`; the third letter of the US privacy string is Y (sale opted out); or `gdpr_applies` and neither of
    the two was granted, because under GDPR silence is no consent.
    """
    att_status = event.get("att_status")
    if att_status in _ATT_REFUSED:
        return Consent.REFUSED
    said = event.get("consent")
    if said:
        choices = orjson.loads(said)
        answers = {choices.get(name) for name in _MEASURING if isinstance(choices.get(name), str)}
        us_privacy = choices.get("us_privacy")
        has_opted_out = isinstance(us_privacy, str) and us_privacy[_US_OPT_OUT_PLACE:].startswith("Y")
        if "denied" in answers or has_opted_out:
            return Consent.REFUSED
        if "granted" in answers:
            return Consent.GRANTED
        if choices.get("gdpr_applies") is True:
            return Consent.REFUSED
    return Consent.GRANTED if att_status == "authorized" else Consent.UNKNOWN


def is_allowed(consent: int, policy: Policy) -> bool:
    """Say whether what needs consent may be used."""
    return consent >= (_UNKNOWN if policy.is_consent_presumed else _GRANTED)
