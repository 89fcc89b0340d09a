"""From a stamped event to what the rules read of it, and under which names others of its kind are looked up."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from attribution.fraud.lists import FraudLists, Networks
from schemas.fraud import FraudFacts, InstallFacts, InstallTrace, SiteFinding, SiteKey
from schemas.touchpoints import Conversion, ConversionCase

_ABSENT_UUID = "00000000-0000-0000-0000-000000000000"
_ADVERTISING_IDS = ("gaid", "idfa", "oaid")
_DEVICE_IDS = ("device_id", *_ADVERTISING_IDS, "idfv")

_EARLY_MAX = timedelta(days=7)
"""An install longer after an event than this is another one."""

_LOCAL = Networks(("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
"""Addresses that anybody may use behind their own router (RFC 1918, 4193): who has one has nothing in common."""

Traces = Mapping[str, tuple[InstallTrace, ...]]


def install_facts(event: Mapping[str, Any]) -> InstallFacts:
    """Read an event: an object with the contract's field names."""
    advertising_id = next((event[name] for name in _ADVERTISING_IDS if _is_id(event.get(name))), "")
    return InstallFacts(
        platform=event.get("platform") or "",
        country=event.get("country") or "",
        ip=event.get("ip") or "",
        user_agent=event.get("user_agent") or "",
        os_version=event.get("os_version") or "",
        app_version=event.get("app_version") or "",
        device_ids=tuple(event[name] for name in _DEVICE_IDS if _is_id(event.get(name))),
        advertising_id=advertising_id,
        device_id=event.get("device_id") or "",
        vendor_id=event["idfv"] if _is_id(event.get("idfv")) else "",
    )


def advertising_name(install: InstallFacts) -> str:
    """Name under which installs of the same advertising id are found; empty without one."""
    return f"advertising_id:{install.advertising_id}" if install.advertising_id else ""


def address_names(install: InstallFacts) -> tuple[str, ...]:
    """Names under which installs from the same address are found: none for one that is no network's own."""
    return (f"ip:{install.ip}",) if install.ip and _LOCAL.find(install.ip) is None else ()


def device_names(install: InstallFacts) -> tuple[str, ...]:
    """Names under which installs of the same device are found."""
    vendor = f"vendor_id:{install.vendor_id}" if install.vendor_id else ""
    own = f"vendor_id:{install.device_id}" if install.device_id else ""
    return tuple(filter(None, (advertising_name(install), vendor, own)))


def gather(case: ConversionCase, traces: Traces, *, with_touches: bool = True) -> FraudFacts:
    """Put together what was looked up for many conversions, as far as it concerns one of them.

    What its case knows of its touches stays, unless no rule looks at it: then it need not travel.
    """
    conversion, install = case.conversion, case.conversion.facts
    same_device = {trace.install_id: trace for name in device_names(install) for trace in traces.get(name, ())}
    return FraudFacts(
        install=install,
        touches=case.fraud.touches if with_touches and case.fraud else {},
        same_advertising_id=traces.get(advertising_name(install), ()),
        same_ip=tuple(trace for name in address_names(install) for trace in traces.get(name, ())),
        same_device=_earlier(conversion, same_device.values()),
        install_time=_install_time(conversion, same_device.values()),
    )


def _earlier(conversion: Conversion, same_device: Iterable[InstallTrace]) -> tuple[InstallTrace, ...]:
    before = [
        trace
        for trace in same_device
        if trace.install_time < conversion.conversion_time and trace.install_id != conversion.conversion_id
    ]
    return tuple(sorted(before, key=lambda trace: (trace.install_time, trace.install_id)))


def _install_time(conversion: Conversion, same_device: Iterable[InstallTrace]) -> datetime | None:
    """Find the first install of the app on the device, as far as it is remembered: a later one takes nothing back."""
    latest = conversion.conversion_time + _EARLY_MAX
    times = [trace.install_time for trace in same_device if trace.app_id == conversion.app_id]
    return min((time for time in times if time <= latest), default=None)


def with_facts(
    case: ConversionCase, facts: FraudFacts, lists: FraudLists, sites: Mapping[SiteKey, SiteFinding]
) -> ConversionCase:
    """Give a case what the rules look at, with what of it is on a list, and which of its sites flood."""
    of_case = {}
    if sites:
        for touch in case.touchpoints:
            site = SiteKey(touch.app_id or case.conversion.app_id, touch.media_source, touch.site_id)
            if site in sites:
                of_case[site] = sites[site]
    return replace(case, fraud=replace(facts, hits=lists.hits(facts, case.touchpoints), sites=of_case))


def _is_id(value: object) -> bool:
    return bool(value) and value != _ABSENT_UUID
