"""Links and query strings, for the tests of both."""

from typing import Any

from hypothesis import strategies as st

from schemas.links import Link

GAID = "38400000-8cf0-11bd-b23e-10b96e40000d"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ATTACKS = st.sampled_from(
    [
        *("//evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil.example", "@evil.example"),
        *(".evil.example", ":80@evil.example", "../../..", "%2f%2fevil.example", "\r\nLocation: //evil.example", "#?/"),
        *("{click_id}", "x" * 20_000, "😀" * 3_000, "\0", GAID),
    ]
)
NAMES = (
    st.sampled_from(["sub1", "campaign", "gaid", "gclid", "referrer", "click_id", "host", "url", "to", "link_id"])
    | TEXTS
)
PARAMETERS = st.lists(st.tuples(NAMES, TEXTS | ATTACKS), max_size=12)


def link(**fields: Any) -> Link:
    return Link.model_validate({"link_id": "l1", "media_source": "meta_ads"} | fields)
