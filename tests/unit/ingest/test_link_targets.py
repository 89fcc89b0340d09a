"""Where a link leads: only ever to where it was registered."""

import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.link_targets import ADDRESS_CHARS_MAX, target_of
from ingest.link_touches import touch_fields
from schemas.links import Link
from tests.unit.ingest.link_cases import PARAMETERS, link

PLAY = "https://play.google.com/store/apps/details?id=com.example"
APPLE = "https://apps.apple.com/app/id1"
WEB = "https://shop.example:8443/p/{sub1}?c={campaign}&keep=1#{sub2}"
REGISTERED = st.sampled_from(
    [
        *(PLAY, APPLE, WEB, "https://a.example", "http://a.example?x={sub1}", "https://a.example/{sub1}{sub1}"),
        *("https://a.example/{sub1}", "https://a.example/?u={gclid}#{gclid}", "https://a.example/{campaign}"),
    ]
)
APP = st.sampled_from(["game://shop/{sub1}", "game:///{sub1}", "game://?a={sub1}", "https://a.example/{sub1}"])


def follow(of: Link, platform: str, parameters: list[tuple[str, str]], click_id: str = "c-1") -> str:
    return target_of(of, platform, touch_fields(of, parameters), click_id, parameters)


@given(registered=REGISTERED, parameters=PARAMETERS, platform=st.sampled_from(["ios", "android", "web"]))
@example(registered="https://a.example/{sub1}", parameters=[("sub1", "/evil.example")], platform="web")
def test_no_query_string_leaves_the_registered_host(
    registered: str, parameters: list[tuple[str, str]], platform: str
) -> None:
    """Scheme, host and port stay; the address is one line of plain characters, and not too long for a proxy."""
    target = follow(link(web_url=registered), platform, parameters)
    assert urlsplit(target)[:2] == urlsplit(registered)[:2]
    assert re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", target)
    assert len(target) <= ADDRESS_CHARS_MAX
    assert "click_id" in target


@given(registered=APP, parameters=PARAMETERS)
def test_no_query_string_opens_another_app(registered: str, parameters: list[tuple[str, str]]) -> None:
    """The same for deep links: the app's scheme and host stay."""
    target = follow(link(deep_link_url=registered), "ios", parameters)
    assert urlsplit(target)[:2] == urlsplit(registered)[:2]


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=100))
def test_macros_are_encoded(value: str) -> None:
    """A value arrives as it was sent, and touches nothing beside it."""
    if re.fullmatch(r"[{\[_%$].*", value):
        return
    target = follow(link(web_url="https://a.example/p?before=1&s={sub1}&after=2"), "web", [("sub1", value)])
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True)[:3] == [
        ("before", "1"),
        ("s", value),
        ("after", "2"),
    ]


@pytest.mark.parametrize(
    ("given", "platform", "place"),
    [
        ({"ios": 1, "android": 1, "web": 1, "deep": 1, "fallback": 1}, "ios", "ios"),
        ({"ios": 1, "android": 1, "web": 1, "deep": 1, "fallback": 1}, "android", "android"),
        ({"ios": 1, "android": 1, "web": 1, "deep": 1, "fallback": 1}, "web", "web"),
        ({"deep": 1, "web": 1, "fallback": 1}, "ios", "deep"),
        ({"android": 1, "web": 1, "fallback": 1}, "ios", "web"),
        ({"android": 1, "fallback": 1}, "ios", "fallback"),
        ({"android": 1}, "ios", "android"),
        ({"ios": 1, "android": 1, "deep": 1, "fallback": 1}, "web", "fallback"),
        ({"deep": 1}, "web", "deep"),
    ],
)
def test_each_platform_has_its_place(given: dict[str, int], platform: str, place: str) -> None:
    """The store of the device first, then the app, the web and the fallback; a desktop browser stays on the web."""
    places = {
        "ios": {"ios_store_url": "https://ios.example"},
        "android": {"android_store_url": "https://android.example"},
        "web": {"web_url": "https://web.example"},
        "deep": {"deep_link_url": "https://deep.example"},
        "fallback": {"fallback_url": "https://fallback.example"},
    }
    fields: dict[str, str] = {}
    for name in given:
        fields |= places[name]
    assert urlsplit(follow(link(**fields), platform, [])).hostname == f"{place}.example"


def test_play_store_gets_a_referrer() -> None:
    """The referrer carries the click id and the campaign, encoded twice as Play demands; nothing else is added."""
    of = link(android_store_url=PLAY, campaign="spring & sale", channel="social")
    target = follow(of, "android", [("ad", "a=b"), ("other", "1")])
    query = parse_qs(urlsplit(target).query)
    assert query.keys() == {"id", "referrer"}
    assert parse_qs(query["referrer"][0]) == {
        "click_id": ["c-1"],
        "utm_source": ["meta_ads"],
        "utm_medium": ["social"],
        "utm_campaign": ["spring & sale"],
        "utm_content": ["a=b"],
    }


def test_what_is_passed_on() -> None:
    """A web address gets what the caller sent, but never in the place of its own parameters or of the click id."""
    sent = [("gclid", "g"), ("keep", "2"), ("x", "a b"), ("click_id", "forged"), ("x", "&y")]
    target = follow(link(web_url=WEB, campaign="c"), "web", sent)
    assert target == "https://shop.example:8443/p/?c=c&keep=1&gclid=g&x=a%20b&x=%26y&click_id=c-1#"
    assert follow(link(ios_store_url=APPLE), "ios", sent) == f"{APPLE}?click_id=c-1"


def test_a_link_may_place_the_click_id_itself() -> None:
    """A macro in the query is enough; a visit that does not count carries no click id."""
    assert follow(link(web_url="https://a.example?cid={click_id}&click_id={click_id}"), "web", []) == (
        "https://a.example?cid=c-1&click_id=c-1"
    )
    assert follow(link(web_url="https://a.example/p"), "web", [], click_id="") == "https://a.example/p"
    assert follow(link(android_store_url=PLAY), "android", [], click_id="") == PLAY
