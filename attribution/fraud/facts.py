"""From a stamped event to what the rules read of it, and under which names others of its kind are looked up."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from attribution.fraud.lists import FraudLists
from schemas.fraud import FraudFacts, InstallFacts, InstallTrace, SiteFinding, SiteKey, TouchFacts
from schemas.touchpoints import Conversion, ConversionCase

_ABSENT_UUID = "00000000-0000-0000-0000-000000000000"
_ADVERTISING_IDS = ("gaid", "idfa", "oaid")
_DEVICE_IDS = ("device_id", *_ADVERTISING_IDS, "idfv")

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
        vendor_id=event["idfv"] if _is_id(event.get("idfv")) else "",
    )


def advertising_name(install: InstallFacts) -> str:
    """Name under which installs of the same advertising id are found; empty without one."""
    return f"advertising_id:{install.advertising_id}" if install.advertising_id else ""


def address_name(install: InstallFacts) -> str:
    """Name under which installs from the same address are found; empty without one."""
    return f"ip:{install.ip}" if install.ip else ""


def device_names(install: InstallFacts) -> tuple[str, ...]:
    """Names under which installs of the same device are found."""
    vendor = f"vendor_id:{install.vendor_id}" if install.vendor_id else ""
    return tuple(filter(None, (advertising_name(install), vendor)))


def gather(
    case: ConversionCase, install: InstallFacts, touches: Mapping[str, TouchFacts], traces: Traces
) -> FraudFacts:
    """Put together what was looked up for many conversions, as far as it concerns one of them."""
    conversion = case.conversion
    return FraudFacts(
        install=install,
        touches={touch.touch_id: touches[touch.touch_id] for touch in case.touchpoints if touch.touch_id in touches},
        same_advertising_id=traces.get(advertising_name(install), ()),
        same_ip=traces.get(address_name(install), ()),
        same_device=_earlier(conversion, (traces.get(name, ()) for name in device_names(install))),
    )


def _earlier(conversion: Conversion, found: Iterable[tuple[InstallTrace, ...]]) -> tuple[InstallTrace, ...]:
    before = {
        trace.install_id: trace
        for traces in found
        for trace in traces
        if trace.install_time < conversion.conversion_time and trace.install_id != conversion.conversion_id
    }
    return tuple(sorted(before.values(), key=lambda trace: (trace.install_time, trace.install_id)))


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
