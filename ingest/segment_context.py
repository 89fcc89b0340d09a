"""The context of a Segment message: where it happened, on what, and what led there."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ingest.click_ids import find_click_id
from ingest.prepare import ZERO_ID
from ingest.segment_tables import (
    CAMPAIGN_FIELDS,
    FIELDS_OF_CONTEXT,
    LIBRARY_PLATFORMS,
    SYSTEM_PLATFORMS,
    TRACKING_STATUSES,
)
from ingest.segment_values import LONG_TEXT_CHARS_MAX, objects, text
from schemas.links import AD_CLICK_IDS

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_WORD = re.compile(r"[a-z]+", re.ASCII)
_ADVERTISING_ID_FIELDS = {"ios": "idfa", "android": "gaid"}


def context_fields(context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of an event that a context holds; those that it does not hold may be None."""
    app, device, system = objects(context, "app"), objects(context, "device"), objects(context, "os")
    platform = platform_of(context)
    return {
        "platform": platform,
        "app_id": text(app.get("namespace")),
        "app_version": text(app.get("version")),
        "sdk_version": _sdk_version(objects(context, "library")),
        "os_version": text(system.get("version")),
        "device_model": text(device.get("model")),
        "device_id": text(device.get("id")),
        "language": text(context.get("locale")),
        "ip": text(context.get("ip")),
        "user_agent": text(context.get("userAgent"), LONG_TEXT_CHARS_MAX),
        "att_status": _att_status(device),
        "consent": objects(context, "consent"),
        **_advertising_id(device, platform),
        **_click_ids(objects(context, "page")),
        **campaign_fields(objects(context, "campaign")),
    }


def rest_of_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parts of a context that have no field."""
    return {name: value for name, value in context.items() if name not in FIELDS_OF_CONTEXT and value is not None}


def platform_of(context: Mapping[str, Any]) -> str | None:
    """Tell the platform: a browser by the library that runs there, others by device, system and library, in order."""
    library = _platform_of_library(text(objects(context, "library").get("name")) or "")
    if library == "web":
        return library
    names = (objects(context, "device").get("type"), objects(context, "os").get("name"))
    known = (SYSTEM_PLATFORMS.get(name.lower()) for name in map(text, names) if name)
    return next((platform for platform in known if platform), library)


def campaign_fields(campaign: Mapping[str, Any]) -> dict[str, str]:
    """Give the fields that the description of a campaign stands for."""
    found = ((field, text(campaign.get(name))) for name, field in CAMPAIGN_FIELDS.items())
    return {field: value for field, value in found if value}


def _platform_of_library(name: str) -> str | None:
    words = set(_WORD.findall(name.lower()))
    return next((platform for marks, platform in LIBRARY_PLATFORMS if marks & words), None)


def _sdk_version(library: Mapping[str, Any]) -> str | None:
    parts = [part for part in (text(library.get("name")), text(library.get("version"))) if part]
    return text("/".join(parts))


def _advertising_id(device: Mapping[str, Any], platform: str | None) -> dict[str, str]:
    """Give the advertising id, unless its owner does not want to be tracked."""
    field, value = _ADVERTISING_ID_FIELDS.get(platform or ""), device.get("advertisingId")
    is_refused = device.get("adTrackingEnabled") is False
    if field is None or is_refused or not isinstance(value, str) or value == ZERO_ID or not _UUID.fullmatch(value):
        return {}
    return {field: value}


def _att_status(device: Mapping[str, Any]) -> str | None:
    said = text(device.get("trackingStatus")) or text(device.get("attTrackingStatus")) or ""
    return TRACKING_STATUSES.get(said.lower())


def _click_ids(page: Mapping[str, Any]) -> dict[str, str]:
    """Give the click ids that the address of a web page carries."""
    address = page.get("url")
    if not isinstance(address, str) or "?" not in address:
        return {}
    query = parse_qs(address.partition("?")[2].partition("#")[0])
    found = {name: text(query[name][0], LONG_TEXT_CHARS_MAX) for name in AD_CLICK_IDS if name in query}
    found["click_id"] = text(find_click_id({"deep_link": address}))
    return {name: value for name, value in found.items() if value}
