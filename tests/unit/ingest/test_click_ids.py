"""Click ids are found where stores and links put them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.click_ids import CLICK_ID_CHARS_MAX, find_click_id


@pytest.mark.parametrize(
    ("event", "click_id"),
    [
        ({"install_referrer": "utm_source=a&click_id=c-1&x=2"}, "c-1"),
        ({"install_referrer": "clickid=c-1"}, "c-1"),
        ({"install_referrer": "click_id=general&unmogrow_click_id=ours"}, "ours"),
        ({"install_referrer": "utm_source%3Da%26click_id%3Dc-1"}, "c-1"),
        ({"install_referrer": "click_id=c%2D1"}, "c-1"),
        ({"deep_link": "shop://p/7?click_id=c-1#top"}, "c-1"),
        ({"install_referrer": "utm_source=a", "deep_link": "https://a.example/?clickid=c-1"}, "c-1"),
        ({"install_referrer": "click_id=first", "deep_link": "a://b?click_id=second"}, "first"),
        ({"install_referrer": "last_click_id=c-1"}, None),
        ({"install_referrer": "click_id="}, None),
        ({"install_referrer": "click_id=%00"}, None),
        ({"install_referrer": "click_id=" + "x" * (CLICK_ID_CHARS_MAX + 1)}, None),
        ({"deep_link": "https://[broken"}, None),
        ({}, None),
    ],
)
def test_click_ids_are_found(event: dict[str, Any], click_id: str | None) -> None:
    """The referrer is read before the deep link, our own parameter before the general ones."""
    assert find_click_id(event) == click_id


@given(referrer=st.text(), deep_link=st.text())
def test_any_text_is_taken(referrer: str, deep_link: str) -> None:
    """No referrer or link raises, and what is found can be stored."""
    found = find_click_id({"install_referrer": f"click_id={referrer}", "deep_link": f"a://?clickid={deep_link}"})
    assert found is None or (found.isprintable() and 0 < len(found) <= CLICK_ID_CHARS_MAX)
