"""Rules that look at the conversion itself: what they find speaks against every touch that claims it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attribution.explanations import duration
from attribution.fraud.sight import Observation, Sight
from attribution.fraud.versions import is_older, os_version_exists
from schemas.fraud import InstallTrace


def duplicate_device(sight: Sight) -> Observation | None:
    """Find an advertising id that installs the app again and again."""
    limits, facts = sight.policy.duplicate_device, sight.facts
    same_app = [trace for trace in facts.same_advertising_id if trace.app_id == sight.conversion.app_id]
    installs = densest(same_app, sight.conversion.conversion_time, timedelta(days=limits.days), _install_id)
    if not sight.is_install or installs <= limits.installs_max:
        return None
    said = f"One advertising id installed this app {installs} times within {limits.days} d, not {limits.installs_max}."
    return said, {
        "advertising_id": facts.install.advertising_id,
        "installs": installs,
        "installs_max": limits.installs_max,
        "days": limits.days,
    }


def device_farm(sight: Sight) -> Observation | None:
    """Find an address behind which many devices install at about the same time."""
    limits, facts = sight.policy.device_farm, sight.facts
    devices = densest(
        facts.same_ip, sight.conversion.conversion_time, timedelta(minutes=limits.minutes), lambda trace: trace.device
    )
    if not sight.is_install or devices <= limits.devices_max:
        return None
    said = f"{devices} new devices installed from {facts.install.ip} within {limits.minutes} min."
    return said, {
        "ip": facts.install.ip,
        "devices": devices,
        "devices_max": limits.devices_max,
        "minutes": limits.minutes,
    }


def impossible_order(sight: Sight) -> Observation | None:
    """Find an event that came before its own install."""
    installed, limits = sight.facts.install_time, sight.policy.impossible_order
    if sight.is_install or installed is None:
        return None
    early = installed - sight.conversion.conversion_time
    if early.total_seconds() <= limits.tolerance_seconds:
        return None
    said = f"The {sight.conversion.conversion_type} came {duration(early)} before the install of its device."
    return said, {"before_install_seconds": early.total_seconds(), "tolerance_seconds": limits.tolerance_seconds}


def impossible_version(sight: Sight) -> Observation | None:
    """Find an operating system of a version that does not exist."""
    install = sight.facts.install
    if os_version_exists(install.platform, install.os_version, sight.conversion.conversion_time):
        return None
    said = f"There is no {install.platform} {install.os_version}."
    return said, {"platform": install.platform, "os_version": install.os_version}


def version_backward(sight: Sight) -> Observation | None:
    """Find a device whose operating system, or this app on it, is older than it was before."""
    install = sight.facts.install
    for trace in sight.facts.same_device:
        if trace.install_time >= sight.conversion.conversion_time:
            continue
        if trace.platform == install.platform and is_older(install.os_version, trace.os_version):
            return _went_back("os_version", install.os_version, trace.os_version, trace)
        if trace.app_id == sight.conversion.app_id and is_older(install.app_version, trace.app_version):
            return _went_back("app_version", install.app_version, trace.app_version, trace)
    return None


def anomaly(sight: Sight) -> Observation | None:
    """Find an install that a learned model holds to be unlike nearly all others."""
    found = sight.facts.anomaly
    if found is None or not sight.is_install:
        return None
    limit = max(found.threshold, sight.policy.anomaly.score_max)
    if found.score <= limit:
        return None
    said = f"Unlike nearly all other installs: it scores {found.score:.3f}, more than {limit:.3f}."
    return said, {"score": found.score, "score_max": limit, "model_id": found.model_id}


def densest(
    traces: Sequence[InstallTrace], at: datetime, span: timedelta, identity: Callable[[InstallTrace], object]
) -> int:
    """Count the different identities in the fullest span of this length, ends included, that contains a moment."""
    near = sorted((trace for trace in traces if abs(trace.install_time - at) <= span), key=lambda one: one.install_time)
    inside: Counter[object] = Counter()
    fullest = end = 0
    for trace in near:
        if trace.install_time > at:
            break
        while end < len(near) and near[end].install_time - trace.install_time <= span:
            inside[identity(near[end])] += 1
            end += 1
        fullest = max(fullest, len(inside))
        inside[identity(trace)] -= 1
        if not inside[identity(trace)]:
            del inside[identity(trace)]
    return fullest


def _install_id(trace: InstallTrace) -> str:
    return trace.install_id


def _went_back(name: str, version: str, earlier: str, trace: InstallTrace) -> Observation:
    words = name.replace("_", " ")
    said = f"The device's {words} is {version}; at an install before it was {earlier}."
    return said, {name: version, f"earlier_{name}": earlier, "earlier_install_id": trace.install_id}
