"""What a request for a tracking link says: who asks, whether it counts, and the touch that is recorded of it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingest.prepare import ADVERTISING_IDS, ZERO_ID
from ingest.times import millisecond_text
from schemas.event_types import EventType
from schemas.links import AD_CLICK_IDS, CALLER_FIELDS, TOUCH_FIELDS, Link

Parameters = Sequence[tuple[str, str]]
"""The query string, decoded, in its order; a name may come more than once."""

_TEXT_CHARS_MAX = 255
_LONG_TEXT_CHARS_MAX = 2048
_PARAMETERS_KEPT = 50
_PARAMETER_CHARS_KEPT = 500

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UNFILLED = re.compile(r"\{.*\}|\[.*\]|__.*__|%%.*%%|\$\{.*\}")
"""A macro that the ad network did not fill in says nothing."""


def platform_of(user_agent: str) -> str:
    """Tell ios, android and web apart. An iPad that asks for desktop sites is indistinguishable from a Mac: web."""
    if "iPhone" in user_agent or "iPad" in user_agent or "iPod" in user_agent:
        return "ios"
    return "android" if "Android" in user_agent else "web"


def touch_fields(link: Link, parameters: Parameters) -> dict[str, str]:
    """Give the event fields that a link and a query string say together; where both do, the query string wins.

    Only `CALLER_FIELDS` can be set so: a query string cannot say who gets the credit.
    """
    fields = {name: value for name in TOUCH_FIELDS if (value := getattr(link, name)) is not None}
    for name, sent in parameters:
        value = sent.replace("\0", "").strip()
        if not value or _UNFILLED.fullmatch(value):
            continue
        if name in CALLER_FIELDS:
            fields[name] = value[:_TEXT_CHARS_MAX]
        elif name in AD_CLICK_IDS:
            fields[name] = value[:_LONG_TEXT_CHARS_MAX]
        elif name in ADVERTISING_IDS and value != ZERO_ID and _UUID.fullmatch(value):
            fields[name] = value
    return fields


def touch_event(
    kind: EventType, touch_id: str, moment: datetime, link: Link, parameters: Parameters, user_agent: str
) -> dict[str, Any]:
    """Make the click or impression event of a request; `moment` is aware. Any query string makes a valid event.

    What the query string says beyond the events' fields is kept in `properties.parameters`.
    """
    fields = touch_fields(link, parameters)
    rest = {
        name[:_TEXT_CHARS_MAX].replace("\0", ""): value[:_PARAMETER_CHARS_KEPT].replace("\0", "")
        for name, value in parameters[:_PARAMETERS_KEPT]
        if name not in fields
    }
    event = {
        "event_id": touch_id,
        "event_type": kind.value,
        "event_time": millisecond_text(moment),
        "platform": platform_of(user_agent),
        "properties": {"link_id": link.link_id} | ({"parameters": rest} if rest else {}),
        f"{kind.value}_id": touch_id,
        **fields,
    }
    if link.app_id:
        event["app_id"] = link.app_id
    if link.deep_link_url:
        event["deep_link"] = link.deep_link_url
    if link.cost_model and (link.cost_model == "cpm") == (kind is EventType.IMPRESSION):
        event |= {name: getattr(link, name) for name in ("cost_value", "cost_model", "cost_currency")}
    return event
