"""Where a tracking link leads.

Scheme, host and port are copied from the link as it was registered, and from nowhere else: whatever a query string
says ends up percent-encoded behind them.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from ingest.link_touches import Parameters
from schemas.links import ADDRESS, MACRO, Link

ADDRESS_CHARS_MAX = 8192
"""Proxies and browsers refuse longer ones."""

_ORDER = {
    "ios": ("ios_store_url", "deep_link_url", "web_url", "fallback_url", "android_store_url"),
    "android": ("android_store_url", "deep_link_url", "web_url", "fallback_url", "ios_store_url"),
    "web": ("web_url", "fallback_url", "ios_store_url", "android_store_url", "deep_link_url"),
}
_OPEN_TO_PARAMETERS = frozenset({"web_url", "fallback_url"})
_PLAY_STORE = "play.google.com"
_REFERRER = {
    "utm_source": "media_source",
    "utm_medium": "channel",
    "utm_campaign": "campaign",
    "utm_content": "ad",
    "utm_term": "keyword",
}


def target_of(link: Link, platform: str, fields: Mapping[str, str], click_id: str, parameters: Parameters) -> str:
    """Give the address that a caller on a platform (ios, android, web) is sent to.

    `fields` fill the macros; `parameters` are passed on to web addresses; `click_id` is empty for a visit that
    does not count. An address that would become too long goes without what is not the click id.
    """
    place = next(name for name in _ORDER[platform] if getattr(link, name))
    registered: str = getattr(link, place)
    passed = parameters if place in _OPEN_TO_PARAMETERS else ()
    identity = {"click_id": click_id, "link_id": link.link_id}
    address = _fill(registered, {**fields, **identity}, passed)
    return address if len(address) <= ADDRESS_CHARS_MAX else _fill(registered, identity, ())


def _fill(registered: str, values: Mapping[str, str], passed: Parameters) -> str:
    parts = ADDRESS.fullmatch(registered)
    assert parts is not None, "a link is checked before it is stored"
    scheme, authority, rest = parts.groups()
    rest = MACRO.sub(lambda macro: _encoded(values.get(macro[1], "")), rest)
    rest, hash_sign, fragment = rest.partition("#")
    path, _, query = rest.partition("?")
    query = "&".join(filter(None, (query, *_added(authority, query, values, passed))))
    return f"{scheme}://{authority}{path}{query and '?'}{query}{hash_sign}{fragment}"


def _added(authority: str, query: str, values: Mapping[str, str], passed: Parameters) -> list[str]:
    """List what is added to the query that a link has of itself, whose own parameters win."""
    own = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = [f"{_encoded(name)}={_encoded(value)}" for name, value in passed if name not in {*own, "click_id"}]
    click_id = values["click_id"]
    if click_id and authority.lower() == _PLAY_STORE:
        added.append(f"referrer={_encoded(_play_referrer(values))}")
    elif click_id and "click_id" not in own:
        added.append(f"click_id={_encoded(click_id)}")
    return added


def _play_referrer(values: Mapping[str, str]) -> str:
    """Write what Google Play hands to the app at its first start."""
    known = {"click_id": values["click_id"]} | {
        utm: values[field] for utm, field in _REFERRER.items() if field in values
    }
    return "&".join(f"{name}={_encoded(value)}" for name, value in known.items())


def _encoded(text: str) -> str:
    return quote(text, safe="")
