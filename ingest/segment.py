"""Segment's messages as our events. Pure, and it never raises: what cannot be mapped is left for `prepare` to refuse.

Forgiving where Segment is: what our schema would not take is cut, dropped or kept under `properties`, and an order
without a usable amount is an in-app event.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from xxhash import xxh3_128_hexdigest

from ingest.segment_tables import (
    AMOUNTS,
    CLICK_IDS,
    DEFAULT_CURRENCY,
    FROM_CONTEXT,
    FROM_PROPERTIES,
    KINDS,
    PLATFORMS,
    REFUNDS,
    TYPED_EVENTS,
)
from ingest.times import STORE_TIME_MAX, STORE_TIME_MIN, millisecond_text
from schemas.event_types import EventType

_EVENT_ID = re.compile(r"[!-~]{1,100}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEXT_CHARS_MAX = 255
_LONG_CHARS_MAX = 2048
_AMOUNT_MAX = Decimal(10**18)
_STEP = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the messages of one request share: when it came (aware), when it was sent, and the common context."""

    received_at: datetime
    sent_at: str | None = None
    context: dict[str, Any] | None = None


def messages_of(document: Any, kind: str, received_at: datetime) -> tuple[list[Any], Envelope]:
    """Take a request's document apart: a batch has many messages, every other path one, of the path's own kind."""
    if not isinstance(document, dict):
        return [document], Envelope(received_at)
    if kind in KINDS:
        return [document | {"type": kind}], Envelope(received_at)
    messages = document.get("batch")
    sent_at, context = document.get("sentAt"), document.get("context")
    return (
        messages if isinstance(messages, list) else [document],
        Envelope(
            received_at,
            sent_at if isinstance(sent_at, str) else None,
            context if isinstance(context, dict) else None,
        ),
    )


def to_event(message: Any, envelope: Envelope) -> Any:
    """Map one message. What is no message of Segment's comes back as it is, to be refused with a pointer."""
    kind = KINDS.get(str(message.get("type", "")).lower()) if isinstance(message, dict) else None
    if kind is None:
        return message
    context = (envelope.context or {}) | _object(message, "context")
    properties = _object(message, "traits" if kind in {"identify", "group"} else "properties")
    event: dict[str, Any] = {
        "event_id": _event_id(message),
        "event_type": EventType.IN_APP.value,
        "event_time": _event_time(message, envelope),
        "user_id": _text(message.get("userId")),
        "anonymous_id": _text(message.get("anonymousId")),
        "device_id": _text(_object(context, "device").get("id")) or _text(message.get("anonymousId")),
        "platform": _platform(context),
        "user_agent": _text(context.get("userAgent"), _LONG_CHARS_MAX),
        "sdk_version": _sdk(context),
        **{name: _found(context, places) for name, places in FROM_CONTEXT.items()},
        **_advertising_ids(context),
        **_touch_ids(context, properties),
        **{ours: _text(properties.get(theirs)) for theirs, ours in FROM_PROPERTIES.items()},
    }
    if kind == "identify" and event["user_id"] and event["device_id"]:
        event["event_type"] = EventType.IDENTIFY.value
    elif kind == "track":
        event |= _tracked(_text(message.get("event")) or "unnamed", properties)
    else:
        event |= _in_app(kind, message)
    if properties:
        event["properties"] = properties | event.get("properties", {})
    return {name: value for name, value in event.items() if value is not None}


def _in_app(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    """Make an in-app event of what has no type here; what stands beside its properties joins them."""
    own = {name: message[name] for name in ("name", "category", "groupId", "previousId") if _text(message.get(name))}
    return {"event_name": kind, **({"properties": own} if own else {})}


def _tracked(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    lowered = name.strip().lower()
    kind = TYPED_EVENTS.get(lowered, EventType.IN_APP)
    fields: dict[str, Any] = {"event_type": kind.value, "event_name": name}
    money = _money(properties, is_refund=lowered in REFUNDS)
    if kind is EventType.PURCHASE and not money:
        fields["event_type"] = EventType.IN_APP.value
    return fields | money


def _money(properties: dict[str, Any], *, is_refund: bool) -> dict[str, Any]:
    amount = next((properties[name] for name in AMOUNTS if properties.get(name) is not None), None)
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str)):
        return {}
    try:
        value = Decimal(str(amount).strip())
        if not abs(value) < _AMOUNT_MAX:
            return {}
        text = format(value.quantize(_STEP).normalize(), "f")
    except InvalidOperation:
        return {}
    if is_refund:
        text = "-" + text.lstrip("-")
    currency = str(properties.get("currency") or DEFAULT_CURRENCY).strip().upper()
    return {"revenue": text, "currency": currency} if _CURRENCY.fullmatch(currency) else {}


def _event_id(message: dict[str, Any]) -> str:
    given = message.get("messageId")
    if isinstance(given, str) and _EVENT_ID.fullmatch(given):
        return given
    # The same message has the same id, however often and whenever it is sent.
    same = {name: value for name, value in message.items() if name != "sentAt"}
    try:
        text = orjson.dumps(same, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        text = repr(same).encode(errors="replace")
    return f"seg-{xxh3_128_hexdigest(text)}"


def _event_time(message: dict[str, Any], envelope: Envelope) -> str:
    """Correct the device's clock: what it shows when it sends is what ours shows when that arrives.

    Segment's rule: received at - (sent at - original time).
    """
    happened = _moment(message.get("originalTimestamp")) or _moment(message.get("timestamp"))
    if happened is None:
        return millisecond_text(envelope.received_at)
    sent = _moment(message.get("sentAt")) or _moment(envelope.sent_at)
    if sent is not None:
        happened += envelope.received_at - sent
    return millisecond_text(happened)


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    day = timedelta(days=1)
    return moment if STORE_TIME_MIN + day <= moment <= STORE_TIME_MAX - day else None


def _platform(context: dict[str, Any]) -> str:
    for name in (_object(context, "os").get("name"), _object(context, "device").get("type")):
        if isinstance(name, str) and (platform := PLATFORMS.get(name.strip().lower())):
            return platform
    return "web" if isinstance(context.get("page"), dict) or context.get("userAgent") else "server"


def _advertising_ids(context: dict[str, Any]) -> dict[str, str]:
    device = _object(context, "device")
    is_apple = _platform(context) == "ios"
    found = {}
    advertising_id = device.get("advertisingId")
    if isinstance(advertising_id, str) and _UUID.fullmatch(advertising_id) and device.get("adTrackingEnabled", True):
        found["idfa" if is_apple else "gaid"] = advertising_id
    vendor_id = device.get("id")
    if is_apple and isinstance(vendor_id, str) and _UUID.fullmatch(vendor_id):
        found["idfv"] = vendor_id
    return found


def _touch_ids(context: dict[str, Any], properties: dict[str, Any]) -> dict[str, str | None]:
    page = _object(context, "page").get("url")
    opened = properties.get("url") if isinstance(properties.get("url"), str) else page
    found: dict[str, str | None] = {"deep_link": _text(opened, _LONG_CHARS_MAX)}
    if isinstance(opened, str):
        try:
            parameters = dict(parse_qsl(urlsplit(opened).query))
        except ValueError:
            parameters = {}
        found |= {name: _text(parameters[name]) for name in CLICK_IDS if name in parameters}
    return found


def _sdk(context: dict[str, Any]) -> str | None:
    library = _object(context, "library")
    return _text(" ".join(str(library[name]) for name in ("name", "version") if library.get(name)))


def _found(context: dict[str, Any], places: tuple[tuple[str, ...], ...]) -> str | None:
    for *way, last in places:
        inner = context
        for name in way:
            inner = _object(inner, name)
        if (text := _text(inner.get(last))) is not None:
            return text
    return None


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _text(value: Any, chars_max: int = _TEXT_CHARS_MAX) -> str | None:
    """Read a text field: numbers as they are written, everything else that is no text as absent."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value).replace("\0", "").strip()[:chars_max] or None
