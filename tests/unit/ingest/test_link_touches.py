"""The touch that is recorded of a request for a link."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.link_touches import platform_of, touch_event, touch_fields
from ingest.prepare import prepare
from schemas.event_types import EventType
from schemas.links import Link
from schemas.user_agents import is_preview
from tests.unit.ingest.cases import RECEIVED_AT, STAMP, ZERO_ID
from tests.unit.ingest.link_cases import ANDROID, DESKTOP, GAID, IPHONE, PARAMETERS, link

LINK = link(web_url="https://a.example", campaign="spring", sub1="own", app_id="com.example", deep_link_url="game://x")
COSTS = {"cost_value": "0.25", "cost_currency": "EUR"}


def touched(of: Link, parameters: list[tuple[str, str]], kind: EventType = EventType.CLICK) -> dict[str, Any]:
    return touch_event(kind, "touch-1", RECEIVED_AT, of, parameters, ANDROID)


@given(parameters=PARAMETERS, kind=st.sampled_from([EventType.CLICK, EventType.IMPRESSION]))
def test_any_query_string_makes_a_valid_event(parameters: list[tuple[str, str]], kind: EventType) -> None:
    """Whatever a caller sends, the touch is accepted, and who gets the credit is the link's word."""
    prepared = prepare([touched(LINK, [*parameters, ("media_source", "thief")], kind)], STAMP)
    assert prepared.rejected == ()
    row = orjson.loads(prepared.rows)
    assert (row["media_source"], row["app_id"], row[f"{kind}_id"]) == ("meta_ads", "com.example", "touch-1")


def test_the_whole_click() -> None:
    """The link's fields, the caller's over them, the rest as properties."""
    sent = [("sub1", "net"), ("sub2", "2"), ("gaid", GAID.upper()), ("gclid", "g"), ("channel", "no"), ("foo", "bar")]
    assert touched(LINK, sent) == {
        "event_id": "touch-1",
        "event_type": "click",
        "event_time": "2026-10-01T12:30:00.000Z",
        "platform": "android",
        "app_id": "com.example",
        "click_id": "touch-1",
        "media_source": "meta_ads",
        "campaign": "spring",
        "sub1": "net",
        "sub2": "2",
        "gaid": GAID.upper(),
        "gclid": "g",
        "deep_link": "game://x",
        "properties": {"link_id": "l1", "parameters": {"channel": "no", "foo": "bar"}},
    }


@pytest.mark.parametrize("value", ["", "  ", "{campaign}", "{{campaign.name}}", "__CAMPAIGN__", "%%campaign%%"])
def test_what_says_nothing_is_not_taken(value: str) -> None:
    """An empty parameter and an unfilled macro leave the link's own word."""
    assert touch_fields(LINK, [("campaign", value)])["campaign"] == "spring"


@pytest.mark.parametrize("value", [ZERO_ID, "x", GAID + "0"])
def test_ids_are_ids_or_nothing(value: str) -> None:
    """An advertising id that is none is no identity."""
    assert "gaid" not in touch_fields(LINK, [("gaid", value)])


@pytest.mark.parametrize(
    ("model", "kind", "counts"),
    [
        ("cpc", EventType.CLICK, True),
        ("cpc", EventType.IMPRESSION, False),
        ("cpm", EventType.IMPRESSION, True),
        ("cpm", EventType.CLICK, False),
    ],
)
def test_cost_lies_on_the_touch_it_is_paid_for(model: str, kind: EventType, *, counts: bool) -> None:
    """Views are paid for by cpm, everything else by the click."""
    of = link(web_url="https://a.example", cost_model=model, **COSTS)
    assert ("cost_value" in touched(of, [], kind)) is counts


@pytest.mark.parametrize(
    ("user_agent", "platform"), [(IPHONE, "ios"), (ANDROID, "android"), (DESKTOP, "web"), ("", "web")]
)
def test_platforms(user_agent: str, platform: str) -> None:
    """Phones by what they say of themselves, everything else is web."""
    assert platform_of(user_agent) == platform


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5",
    ],
)
def test_previews_do_not_count(user_agent: str) -> None:
    """Crawlers and messengers that look at a link click nothing."""
    assert is_preview(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        *(IPHONE, ANDROID, DESKTOP, ""),
        "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Mobile Safari/537.36",
        f"{IPHONE} [FBAN/FBIOS;FBAV/440.0.0.0]",
        f"{ANDROID} [Pinterest/Android]",
    ],
)
def test_people_count(user_agent: str) -> None:
    """Telephones, desktops, and the browsers inside social networks' apps."""
    assert not is_preview(user_agent)
