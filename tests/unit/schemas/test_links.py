"""What a link may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.links import AppLinks, LinkFields, NewLink


def fields(**more: Any) -> LinkFields:
    return LinkFields.model_validate({"media_source": "x", "web_url": "https://a.example"} | more)


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "javascript://a.example/%0aalert(1)", "data:text/html,x", "//a.example", "a.example"),
        *("https:///path", "https://", "https://user:pw@a.example", "https://a.example\\@evil.example", "file:///etc"),
        *("https://{sub1}.example", "https://a.example:{sub1}/", "https://a.example{sub1}", "ftp://a.example"),
        *("https://a.example/{nothing}", "https://a.example/{sub1", "https://a.example/ x", "https://a.example/é"),
        *("https://a.example:port/", "https://a_b.example", "https://a.example/\r\nX: y", "https://-a.example"),
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """Other schemes, hosts that are none, macros before the path, and characters that no address has."""
    for name in ("web_url", "ios_store_url", "android_store_url", "fallback_url", "deep_link_url"):
        with pytest.raises(ValidationError):
            fields(**{name: url})


@pytest.mark.parametrize(
    "url", ["intent://x#Intent;end", "vbscript://x", "JavaScript://x", "view-source://a", "game://{sub1}", "game:shop"]
)
def test_deep_links_that_are_refused(url: str) -> None:
    """Schemes that run code or hide another address are no app's."""
    with pytest.raises(ValidationError):
        fields(deep_link_url=url)


@pytest.mark.parametrize("url", ["game://shop/{sub1}?c={click_id}", "com.example.game:///x", "https://a.example/app"])
def test_deep_links_that_are_taken(url: str) -> None:
    """An app's own scheme, and universal links; the web needs http."""
    assert fields(deep_link_url=url).deep_link_url == url
    if not url.startswith("https"):
        with pytest.raises(ValidationError):
            fields(web_url=url)


@pytest.mark.parametrize(
    "change",
    [
        *({"web_url": None}, {"media_source": ""}, {"media_source": "a\nb"}, {"colour": "red"}, {"sub1": "x" * 256}),
        *({"cost_value": "1.00"}, {"cost_value": "-1", "cost_model": "cpc", "cost_currency": "EUR"}),
        {"android_store_url": "https://play.google.com/store/apps/details?id=a&referrer=x"},
    ],
)
def test_what_makes_no_link(change: dict[str, Any]) -> None:
    """No destination, no source, unknown fields, half a cost, and a referrer that the platform writes itself."""
    with pytest.raises(ValidationError):
        fields(**change)


@pytest.mark.parametrize("link_id", ["", "-a", "a/b", "a.gif", "ä", "x" * 65])
def test_ids_that_are_refused(link_id: str) -> None:
    """An id is a part of a path that needs no encoding."""
    with pytest.raises(ValidationError):
        NewLink.model_validate({"link_id": link_id, "media_source": "x", "web_url": "https://a.example"})


@pytest.mark.parametrize(
    "apps",
    [
        {"apple_app_ids": ["com.example"]},
        {"android_apps": [{"package_name": "com.example", "sha256_cert_fingerprints": []}]},
        {"android_apps": [{"package_name": "com.example", "sha256_cert_fingerprints": ["AA:BB"]}]},
        {"android_apps": [{"package_name": "nodots", "sha256_cert_fingerprints": [":".join(["0A"] * 32)]}]},
    ],
)
def test_apps_that_are_refused(apps: dict[str, Any]) -> None:
    """A team id before the bundle, a package with a dot, whole fingerprints."""
    with pytest.raises(ValidationError):
        AppLinks.model_validate(apps)
