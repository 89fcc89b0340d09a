"""Messages of Segment's and RudderStack's SDKs as events.

Their users were promised that anything goes. So a message becomes the type that its name stands for if our schema
takes it as such, and an in-app event of that name if not; texts are cut, values of a wrong kind are left out, and a
time that is none is the time of arrival. What cannot become an event at all is left for `prepare` to reject.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from xxhash import xxh3_128_hexdigest

from ingest.dead_letters import raw_of
from ingest.segment_context import campaign_fields, context_fields, rest_of_context
from ingest.segment_tables import CALLS, LINK_OPENERS, NAME_WITH_CAMPAIGN, PROPERTY_FIELDS, REFUND, TYPED_EVENTS
from ingest.segment_values import LONG_TEXT_CHARS_MAX, currency, money, negated, objects, quantity, text, time
from ingest.times import millisecond_text, on_platform_clock
from ingest.validators import checks
from schemas.event_types import EventType
from schemas.limits import EVENT_ID_CHARS_MAX, EVENTS_PER_REQUEST_MAX
from schemas.problems import TooManyEvents, UnparseableBody

_EVENT_ID = re.compile(rf"[!-~]{{1,{EVENT_ID_CHARS_MAX}}}")
_TRANSPORT_FIELDS = frozenset({"sentAt", "receivedAt", "writeKey"})
"""What may differ between a message and its repetition."""

_EARLY_MAX = timedelta(seconds=1)
"""Nothing is sent before it happened, but clocks step back a little, and formats cut digits."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What a message shares with the others of its body; `received_at` is aware."""

    received_at: datetime
    sent_at: Any
    context: Mapping[str, Any]


def write_keys(documents: list[Any]) -> Iterator[str]:
    """Yield the key of each document and message of a request that has one, in their order."""
    for document in documents:
        for holder in chain((document,), _batch_of(document)):
            key = holder.get("writeKey") if isinstance(holder, dict) else None
            if isinstance(key, str) and key:
                yield key


def segment_events(documents: list[Any], call: str | None, received_at: datetime) -> list[Any]:
    """Make an event of each message in a request's JSON documents, in their order; `received_at` is aware.

    A document is a message or has a `batch` of them. `call` is the kind of all messages; None: each says its own.

    Raises:
        UnparseableBody: a document is neither.
        TooManyEvents: there are more than `EVENTS_PER_REQUEST_MAX`.
    """
    messages = [pair for document in documents for pair in _messages_of(document, call, received_at)]
    if len(messages) > EVENTS_PER_REQUEST_MAX:
        raise TooManyEvents
    return [_event(message, call, arrival, position) for position, (message, arrival) in enumerate(messages)]


def _batch_of(document: Any) -> list[Any]:
    batch = document.get("batch") if isinstance(document, dict) else None
    return batch if isinstance(batch, list) else []


def _messages_of(document: Any, call: str | None, received_at: datetime) -> Iterator[tuple[Any, _Arrival]]:
    if not isinstance(document, dict):
        yield document, _Arrival(received_at, None, {})
    elif "batch" not in document:
        if call is None and "type" not in document:
            raise UnparseableBody("The body has neither a `batch` nor the `type` of a message.")
        yield document, _Arrival(received_at, None, {})
    elif isinstance(document["batch"], list):
        arrival = _Arrival(received_at, document.get("sentAt"), objects(document, "context"))
        yield from ((message, arrival) for message in document["batch"])
    else:
        raise UnparseableBody("`batch` is not an array.")


def _event(message: Any, call: str | None, arrival: _Arrival, position: int) -> Any:
    """Make one event; what is no object stays what it is."""
    if not isinstance(message, dict):
        return message
    call = call or (text(message.get("type")) or "").lower()
    context = {**arrival.context, **objects(message, "context")}
    properties = _properties(call, message, context)
    rest = rest_of_context(context)
    anonymous_id = text(message.get("anonymousId"))
    fields = context_fields(context)
    fields |= {
        "event_id": _event_id(message, arrival, position),
        "event_time": millisecond_text(_event_time(message, arrival)),
        "user_id": text(message.get("userId")),
        "anonymous_id": anonymous_id,
        "device_id": fields["device_id"] or anonymous_id,
        "properties": ({"context": rest} if rest else {}) | properties,
    }
    event = {name: value for name, value in fields.items() if value not in (None, {})}
    name = text(message.get("event")) if call == "track" else call
    if call not in CALLS:
        # Without a type it is rejected, and the dead letter says what it was to be.
        return event | {"event_name": name}
    return _typed(call, name or "", event, properties)


def _typed(call: str, name: str, event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Give an event the type that its name stands for, if it has what that type needs; else it is an in-app event."""
    known = name.lower() if call == "track" else ""
    kind = EventType.IDENTIFY if call == "identify" else TYPED_EVENTS.get(known)
    if known in LINK_OPENERS and (link := text(properties.get("url"), LONG_TEXT_CHARS_MAX)):
        event["deep_link"] = link
    if known == NAME_WITH_CAMPAIGN:
        event |= campaign_fields(objects(properties, "campaign"))
    if kind is not None:
        typed = event | {"event_type": kind.value} | _fields_of(kind, known, properties)
        if checks()[kind](typed):
            return typed
    return event | {"event_type": EventType.IN_APP.value, "event_name": name}


def _fields_of(kind: EventType, known: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a type that stand among the properties."""
    fields: dict[str, Any] = {
        name: text(properties.get(name), chars_max) for name, chars_max in PROPERTY_FIELDS.get(kind, {}).items()
    }
    if kind is EventType.PURCHASE:
        amount = money(properties.get("revenue"))
        amount = money(properties.get("total")) if amount is None else amount
        fields["revenue"] = negated(amount) if amount is not None and known == REFUND else amount
        fields["currency"] = currency(properties.get("currency"))
        fields["quantity"] = quantity(properties.get("quantity"))
    return {name: value for name, value in fields.items() if value is not None}


def _properties(call: str, message: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what a message says of its own."""
    source = "traits" if call in {"identify", "group"} else "properties"
    said = message.get(source)
    properties: dict[str, Any] = said if isinstance(said, dict) else {} if said is None else {source: said}
    if call == "identify":
        # RudderStack's SDKs put them there.
        return objects(context, "traits") | properties
    beside = {"page": ("name", "category"), "screen": ("name", "category"), "group": ("groupId",)}
    names = beside.get(call, ("previousId",) if call == "alias" else ())
    return properties | {name: message[name] for name in names if message.get(name) is not None}


def _event_id(message: dict[str, Any], arrival: _Arrival, position: int) -> str:
    """Give the message's id, or one that its repetition has, too.

    A message with neither id nor time cannot be told from another one like it: each arrival of it counts.
    """
    sent = message.get("messageId")
    if isinstance(sent, str) and sent:
        return sent if _EVENT_ID.fullmatch(sent) else xxh3_128_hexdigest(raw_of(sent))
    content = {name: value for name, value in message.items() if name not in _TRANSPORT_FIELDS}
    told_apart_by = "" if _happened_at(message) else f"{millisecond_text(arrival.received_at)} {position} "
    return xxh3_128_hexdigest(told_apart_by.encode() + raw_of(content))


def _happened_at(message: dict[str, Any]) -> datetime | None:
    return time(message.get("originalTimestamp")) or time(message.get("timestamp"))


def _event_time(message: dict[str, Any], arrival: _Arrival) -> datetime:
    """Tell when it happened: by the sender's clock, unless what it says of the sending shows that it is wrong."""
    happened_at = _happened_at(message)
    if happened_at is None:
        return arrival.received_at
    sent_at = time(message.get("sentAt")) or time(arrival.sent_at)
    if sent_at is None or sent_at - happened_at < -_EARLY_MAX:
        return happened_at
    try:
        return on_platform_clock(happened_at, sent_at, arrival.received_at)
    except OverflowError:
        return happened_at
