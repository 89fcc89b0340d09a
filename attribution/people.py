"""Who did it: one number for the person of an event, by the strongest identity that the event has."""

from typing import Any

from xxhash import xxh3_64_intdigest

from schemas.touchpoints import MatchType

STRONGEST_IDENTITIES = (
    ("device_id", MatchType.VENDOR_ID),
    ("gaid", MatchType.ADVERTISING_ID),
    ("idfa", MatchType.ADVERTISING_ID),
    ("idfv", MatchType.VENDOR_ID),
    ("oaid", MatchType.ADVERTISING_ID),
    ("user_id", MatchType.USER_ID),
)
"""Strongest first. The roll-up of activity computes the same over the stored events."""

NOBODY = 0
"""The key of an event without any identity."""


def person_key(event: dict[str, Any]) -> int:
    """Hash the first identity that a stamped event has: xxh3-64 of `kind:value`, `NOBODY` if it has none."""
    for field, kind in STRONGEST_IDENTITIES:
        if value := event.get(field):
            return xxh3_64_intdigest(f"{kind}:{value}".encode())
    return NOBODY
