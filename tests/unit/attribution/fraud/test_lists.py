"""The tenant's lists: read with a message for each wrong line, and asked quickly whatever their length."""

import random
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.fraud.lists import FraudLists, Networks, parse_list
from schemas.fraud import FraudFacts, InstallFacts, ListKind, TouchFacts
from schemas.fraud_problems import FraudListInvalid, FraudListTooLong
from schemas.touchpoints import Touchpoint
from tests.unit.attribution.cases import touch
from tests.unit.attribution.fraud.fraud_cases import HOUR


def test_a_list_is_read_line_by_line() -> None:
    """Comments, blank lines and further columns are left out; each entry stays once; addresses become networks."""
    text = "\ufeff# ours\n203.0.113.0/24, a note\n\n  198.51.100.7 \r\n203.0.113.0/24\n2001:db8::/32\n"
    assert parse_list(ListKind.IP, text) == ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"]
    assert parse_list(ListKind.DEVICE, "AB-12,stolen\n") == ["ab-12"]
    assert parse_list(ListKind.SITE, '"a,b"\nnet/site-1\n') == ["a,b", "net/site-1"]
    assert parse_list(ListKind.USER_AGENT, "Evil (KHTML, like Gecko)\n") == ["evil (khtml, like gecko)"]


def test_a_wrong_line_is_named() -> None:
    """Every one of them, by its number and with what is wrong; the list as a whole is refused."""
    with pytest.raises(FraudListInvalid) as refused:
        parse_list(ListKind.IP, "203.0.113.0/24\n203.0.113.1/24\nnonsense\n")
    assert [error.index for error in refused.value.errors] == [2, 3]
    assert "Line 2: 203.0.113.1/24 has host bits set" in refused.value.errors[0].detail
    with pytest.raises(FraudListInvalid):
        parse_list(ListKind.DEVICE, "x" * 513)
    with pytest.raises(FraudListInvalid):
        parse_list(ListKind.SITE, "x" * 200_000)


def test_a_list_has_a_limit() -> None:
    """1,000 user agents, because each is looked for in every text."""
    with pytest.raises(FraudListTooLong, match="1,001"):
        parse_list(ListKind.USER_AGENT, "\n".join(f"agent-{number}" for number in range(1_001)))


@st.composite
def networks(draw: st.DrawFn) -> list[str]:
    """Networks close to each other, so that many contain others."""
    found = []
    for _ in range(draw(st.integers(0, 12))):
        length = draw(st.integers(20, 32))
        number = (10 << 24) + draw(st.integers(0, 4_096))
        found.append(str(ip_network((number >> (32 - length) << (32 - length), length))))
    return found


@given(networks(), st.integers(0, 4_200))
def test_an_address_is_found_as_by_asking_every_network(entries: list[str], offset: int) -> None:
    """The widest network that contains it, or none."""
    address = ip_address((10 << 24) + offset)
    containing = [ip_network(entry) for entry in entries if address in ip_network(entry)]
    widest = min(containing, key=lambda network: network.prefixlen, default=None)
    assert Networks(entries).find(str(address)) == (None if widest is None else str(widest))


def test_addresses_of_both_families_are_told_apart() -> None:
    """An IPv4 address written as IPv6 is the IPv4 address; what is none is on no list."""
    found = Networks(["198.51.100.0/24", "2001:db8::/32"])
    assert found.find("::ffff:198.51.100.9") == "198.51.100.0/24"
    assert found.find("2001:db8:1::1") == "2001:db8::/32"
    assert [found.find(text) for text in ("198.51.101.0", "::1", "", "x", "198.51.100.7:80")] == [None] * 5


def test_a_hundred_thousand_networks_are_asked_in_microseconds() -> None:
    """Under 50 microseconds an address, which leaves room for a slow machine: asking each would take 100,000 steps."""
    generator = random.Random(1)
    entries = [str(ip_network((generator.getrandbits(24) << 8, 24))) for _ in range(100_000)]
    found = Networks(entries)
    addresses = [str(ip_address(generator.getrandbits(32))) for _ in range(5_000)]
    rounds_us = []
    for _ in range(3):
        started = time.perf_counter()
        hits = sum(found.find(address) is not None for address in addresses)
        rounds_us.append((time.perf_counter() - started) / len(addresses) * 1e6)
        assert 0 < hits < len(addresses)
    assert min(rounds_us) < 50, rounds_us


def test_everything_of_a_conversion_is_looked_for() -> None:
    """Its own address, device and user agent, and each touch's address, site (with or without its source)."""
    lists = FraudLists(
        {
            ListKind.IP: ["203.0.113.0/24"],
            ListKind.DATA_CENTER: ["198.51.100.0/24"],
            ListKind.DEVICE: ["d-1"],
            ListKind.SITE: ["google_ads/s-1", "s-2"],
            ListKind.USER_AGENT: ["evil"],
        }
    )
    click = touch("a", HOUR)
    touches = [click._replace(site_id="s-1"), replace_id(click, "b", "s-2"), replace_id(click, "c", "s-3")]
    facts = FraudFacts(
        install=InstallFacts(ip="203.0.113.9", user_agent="An EVIL one", device_ids=("D-1",)),
        touches={"a": TouchFacts(ip="198.51.100.1"), "c": TouchFacts(ip="192.0.2.1", user_agent="fine")},
    )
    hits = {(hit.kind, hit.entry, hit.touch_id) for hit in lists.hits(facts, touches)}
    assert hits == {
        (ListKind.IP, "203.0.113.0/24", ""),
        (ListKind.USER_AGENT, "evil", ""),
        (ListKind.DEVICE, "d-1", ""),
        (ListKind.DATA_CENTER, "198.51.100.0/24", "a"),
        (ListKind.SITE, "google_ads/s-1", "a"),
        (ListKind.SITE, "s-2", "b"),
    }
    assert FraudLists({}).hits(facts, touches) == ()
    assert lists.hits(replace(facts, install=InstallFacts(), touches={}), []) == ()


def replace_id(click: Touchpoint, touch_id: str, site_id: str) -> Touchpoint:
    return click._replace(touch_id=touch_id, site_id=site_id)
