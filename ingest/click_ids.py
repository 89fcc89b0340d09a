"""Finding the click id that a store's referrer or a deep link carries."""

import re
from typing import Any
from urllib.parse import unquote_plus

CLICK_ID_CHARS_MAX = 255

_PARAMETERS = tuple(re.compile(rf"(?:^|[?&]){name}=([^&#]+)") for name in ("unmogrow_click_id", "click_id", "clickid"))


def find_click_id(event: dict[str, Any]) -> str | None:
    """Return the click id in the event's `install_referrer`, else in its `deep_link`, else None.

    Our own parameter wins over the general ones. Some stores hand the referrer over still encoded
    as a whole, so one without any `=` is decoded first.
    """
    referrer = event.get("install_referrer", "")
    if "=" not in referrer:
        referrer = unquote_plus(referrer)
    for text in (referrer, event.get("deep_link", "")):
        if "click" not in text:
            continue
        for parameter in _PARAMETERS:
            found = parameter.search(text)
            if found is None:
                continue
            click_id = unquote_plus(found[1])
            if click_id.isprintable() and len(click_id) <= CLICK_ID_CHARS_MAX:
                return click_id
    return None
