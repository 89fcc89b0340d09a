"""What the words of Segment's specification become here: its events, platforms and names of fields."""

from ingest.segment_values import LONG_TEXT_CHARS_MAX, TEXT_CHARS_MAX
from schemas.event_types import EventType

CALLS = ("track", "identify", "page", "screen", "group", "alias")
"""The kinds of messages."""

CALL_PATHS = (
    {name: name for name in CALLS} | {name[0]: name for name in CALLS} | {"batch": None, "import": None, "b": None}
)
"""The last part of a path, and what kind of message is sent there; None where each message says its own."""

TYPED_EVENTS = {
    "application installed": EventType.INSTALL,
    "application opened": EventType.SESSION,
    "application uninstalled": EventType.UNINSTALL,
    "order completed": EventType.PURCHASE,
    "order refunded": EventType.PURCHASE,
}
"""Names of track calls, in lower case, that have an event type of their own."""

REFUND = "order refunded"

LINK_OPENERS = frozenset({"application opened", "deep link opened"})
"""Names whose property `url` is the link that opened the app."""

NAME_WITH_CAMPAIGN = "install attributed"
"""The name whose property `campaign` says where the install came from."""

CAMPAIGN_FIELDS = {
    "source": "media_source",
    "medium": "channel",
    "name": "campaign",
    "id": "campaign_id",
    "content": "ad",
    "term": "keyword",
    "ad_creative": "ad",
    "ad_group": "adset",
}

PROPERTY_FIELDS: dict[EventType, dict[str, int]] = {
    EventType.INSTALL: {
        "click_id": TEXT_CHARS_MAX,
        "install_referrer": LONG_TEXT_CHARS_MAX,
    },
    EventType.PURCHASE: {"order_id": TEXT_CHARS_MAX, "product_id": TEXT_CHARS_MAX},
}
"""Properties that are fields of a type, and how long they may be."""

SYSTEM_PLATFORMS = {
    "ios": "ios",
    "ipados": "ios",
    "iphone os": "ios",
    "android": "android",
    "tvos": "ctv",
    "apple tvos": "ctv",
    "android tv": "ctv",
    "web": "web",
    "browser": "web",
    "macos": "pc",
    "mac os": "pc",
    "mac os x": "pc",
    "os x": "pc",
    "windows": "pc",
    "linux": "pc",
}
"""Names of operating systems and of types of devices, in lower case."""

LIBRARY_PLATFORMS = (
    (frozenset({"node", "python", "ruby", "go", "php", "java", "net", "csharp", "rust", "clojure"}), "server"),
    (frozenset({"javascript", "js", "browser"}), "web"),
    (frozenset({"android", "kotlin"}), "android"),
    (frozenset({"ios", "swift"}), "ios"),
)
"""Words in the name of a library; the first row that has one says the platform."""

TRACKING_STATUSES = {
    "authorized": "authorized",
    "denied": "denied",
    "restricted": "restricted",
    "notdetermined": "not_determined",
    "not_determined": "not_determined",
    "0": "not_determined",
    "1": "restricted",
    "2": "denied",
    "3": "authorized",
}
"""What the SDKs say of App Tracking Transparency, in words or as Apple numbers them."""

FIELDS_OF_CONTEXT = frozenset(
    {"app", "device", "os", "library", "locale", "ip", "userAgent", "campaign", "consent", "traits"}
)
"""Parts of the context that are fields here, or belong to a person; the others are kept among the properties."""
