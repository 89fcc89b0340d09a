"""A browser and an app of one device have one fingerprint, and a match by it says how little it proves."""

from typing import Any

import pytest

from attribution.fingerprint import confidence, fingerprint_keys

ADDRESS = "203.0.113.7"
PIXEL = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/109.0 Mobile Safari/537.36"
REDUCED = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


def values(**event: Any) -> list[str]:
    """Tell the keys' values of an event from `ADDRESS`."""
    return [key.value for key in fingerprint_keys({"ip": ADDRESS, **event})]


@pytest.mark.parametrize(
    ("browser", "app"),
    [
        ({"platform": "web", "user_agent": PIXEL}, {"platform": "android", "os_version": "14"}),
        ({"platform": "web", "user_agent": PIXEL}, {"platform": "android", "user_agent": "Dalvik/2.1.0 (Android 14)"}),
        ({"user_agent": IPHONE}, {"platform": "ios", "os_version": "17.2.1", "user_agent": "Demo/1 CFNetwork Darwin"}),
        ({"user_agent": IPHONE.replace("17_2", "17_0_3")}, {"platform": "ios", "os_version": "17.0"}),
    ],
)
def test_a_browser_and_an_app_of_one_device_are_alike(browser: dict[str, str], app: dict[str, str]) -> None:
    """The same family and version, whoever tells them; the app is also looked up without its version."""
    assert values(**browser)[0] == values(**app)[0]
    assert values(**app)[-1].endswith("|")


def test_a_browser_that_hides_its_version_has_none() -> None:
    """Chrome's constant `Android 10; K` is filed without a version; a real Android 10 with it."""
    assert values(user_agent=REDUCED) == [f"{ADDRESS}|android|"]
    assert values(user_agent=REDUCED.replace("; K)", "; Pixel 3)"))[0] == f"{ADDRESS}|android|10"


@pytest.mark.parametrize(
    "event",
    [
        {"ip": "", "platform": "android"},
        {"ip": "127.0.0.1", "platform": "android"},
        {"ip": "10.1.2.3", "platform": "ios"},
        {"ip": "172.20.0.1", "platform": "ios"},
        {"ip": "fe80::1", "platform": "ios"},
        {"platform": "web", "user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"},
        {"platform": "server"},
    ],
)
def test_what_tells_nothing_has_no_fingerprint(event: dict[str, str]) -> None:
    """No address, one of a local network, or a device that is no telephone: no key."""
    assert values(**event) == []


def test_public_addresses_that_look_local_are_not() -> None:
    """172.15 and 172.32 are anyone's; letters of an address count in lower case."""
    assert values(ip="172.15.0.1", platform="ios")
    assert values(ip="172.32.0.1", platform="ios")
    assert values(ip="2001:DB8::A", platform="ios") == ["2001:db8::a|ios|"]


def test_confidence_falls_with_the_devices_seen() -> None:
    """2/3 for the only one, 2/5 for one of two, never 1 and never 0."""
    assert confidence(1) == pytest.approx(2 / 3)
    assert confidence(2) == pytest.approx(2 / 5)
    assert confidence(0) == confidence(1)
    assert 0 < confidence(1_000) < 0.001
