"""The likeness by which a probabilistic match ties a touch to an install: IP address, device family, OS version.

A browser and an app name themselves differently on one device, so of the user agent only its family is compared: ios or
android; others have no fingerprint. Of the version count the first number and the second if it is not 0, because
`17`, `17.0` and `17_0` are one. Chrome says "Android 10; K" on every Android: then the version is unknown. A touch is
filed under its version, or under none if it is unknown; an install is looked up under both.

An address of a local network tells nothing, and neither does one that is shared by many (a mobile carrier's, an
office's): where more than `FINGERPRINT_TOUCHES_MAX` touches share a fingerprint in the 24 h before an install, none of
them counts.

ClickHouse files the touches by the same rules (`storage/clickhouse/migrations`), where that costs ingest least: in the
view that files them under their other keys.

**Confidence.** If n devices had this fingerprint within the window, and nothing tells them apart, the touch was made by
this one with a chance of 1/n. n counts the devices that were *seen*: those of the IP address and family, whatever their
version, that installed any of the tenant's apps in the 24 h before, the install itself included. How many were not seen
is unknown; half a device is added for them, as Jeffreys' prior adds half an event to a count. So

    match_confidence = 1 / (n + 1/2)

which is 0.67 for a device that is alone, 0.4 for one of two, and never 1.
"""

import re
from typing import Any

from schemas.touchpoints import MatchKey, MatchType

_APPLE = re.compile("iPhone|iPad|iPod")
_FAMILIES = frozenset({"ios", "android"})
_LOCAL = re.compile(r"10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|::1$|[fF][cCdDeE]")
_VERSION = re.compile(r"^[^0-9]*([0-9]+(?:\.[1-9][0-9]*)?)")
_VERSION_IN_AGENT = re.compile(r"(?:Android |OS )([0-9]+(?:[._][1-9][0-9]*)?)")
_VERSION_HIDDEN = "Android 10; K)"
_UNSEEN_DEVICES = 0.5


def fingerprint_keys(event: dict[str, Any]) -> tuple[MatchKey, ...]:
    """Give the keys under which touches like a stamped event are filed; none if it tells too little."""
    ip, user_agent = event.get("ip"), event.get("user_agent", "")
    family = _family(event.get("platform", ""), user_agent)
    if not ip or not family or _LOCAL.match(ip):
        return ()
    version = _version(event.get("os_version", ""), user_agent)
    return tuple(
        MatchKey(MatchType.PROBABILISTIC, f"{ip.lower()}|{family}|{each}") for each in dict.fromkeys((version, ""))
    )


def confidence(devices: int) -> float:
    """Give the confidence of a probabilistic match by the devices seen with the fingerprint, this one included."""
    return 1 / (max(devices, 1) + _UNSEEN_DEVICES)


def _family(platform: str, user_agent: str) -> str:
    if platform in _FAMILIES:
        return platform
    if _APPLE.search(user_agent):
        return "ios"
    return "android" if "Android" in user_agent else ""


def _version(os_version: str, user_agent: str) -> str:
    if os_version:
        found = _VERSION.match(os_version)
    elif _VERSION_HIDDEN in user_agent:
        return ""
    else:
        found = _VERSION_IN_AGENT.search(user_agent)
    return found[1].replace("_", ".") if found else ""
