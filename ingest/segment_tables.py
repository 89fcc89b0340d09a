"""What of Segment's specs becomes which of our fields and types. The page for users is docs/segment.md."""

from schemas.event_types import EventType

KINDS = {
    "track": "track", "t": "track",
    "identify": "identify", "i": "identify",
    "page": "page", "p": "page",
    "screen": "screen", "s": "screen",
    "group": "group", "g": "group",
    "alias": "alias", "a": "alias",
}  # fmt: skip
"""Kinds of message, by the last part of a path or a message's `type`."""

TYPED_EVENTS = {
    "application installed": EventType.INSTALL,
    "application opened": EventType.SESSION,
    "application uninstalled": EventType.UNINSTALL,
    "order completed": EventType.PURCHASE,
    "order refunded": EventType.PURCHASE,
}
"""Names of the mobile and e-commerce specs (lower case) that have a type of their own here; all others are in-app."""

REFUNDS = frozenset({"order refunded"})

AMOUNTS = ("revenue", "total", "value", "subtotal")
"""Properties that hold what an order came to, the first that is there counts."""

DEFAULT_CURRENCY = "USD"
"""What Segment's e-commerce spec assumes where an order names none."""

FROM_CONTEXT = {
    "app_id": (("app", "namespace"), ("app", "name")),
    "app_version": (("app", "version"),),
    "os_version": (("os", "version"),),
    "device_model": (("device", "model"),),
    "language": (("locale",),),
    "ip": (("ip",),),
    "city": (("location", "city"),),
    "country": (("location", "country"),),
    "region": (("location", "region"),),
    "media_source": (("campaign", "source"),),
    "channel": (("campaign", "medium"),),
    "campaign": (("campaign", "name"),),
    "ad": (("campaign", "content"),),
    "keyword": (("campaign", "term"),),
}
"""Our field, and the places in a message's `context` where it may be; the first that is there counts."""

FROM_PROPERTIES = {"order_id": "order_id", "product_id": "product_id", "coupon": "sub1"}

CLICK_IDS = ("gclid", "fbclid", "ttclid", "click_id")
"""Parameters of the page's or the deep link's address that we have fields for."""

PLATFORMS = {"ios": "ios", "ipados": "ios", "tvos": "ios", "android": "android"}
"""Our platform, by the operating system's name or the device's type (lower case)."""
