"""What is read of an event, and what of many look-ups concerns one conversion."""

from dataclasses import replace
from datetime import timedelta

from attribution.fraud.facts import address_names, device_names, gather, install_facts, with_facts
from attribution.fraud.lists import FraudLists
from schemas.fraud import FraudFacts, ListKind, SiteFinding, SiteKey, TouchFacts
from tests.unit.attribution.cases import case, touch
from tests.unit.attribution.fraud.fraud_cases import DAY, HOUR, trace

ZERO = "00000000-0000-0000-0000-000000000000"
EVENT = {"device_id": "d-1", "gaid": "a-1", "idfv": "v-1", "ip": "203.0.113.7", "country": "DE", "os_version": "14"}


def test_an_event_is_read_as_far_as_it_tells() -> None:
    """Ids, address, country and versions; the all-zero id is none."""
    install = install_facts(EVENT)
    assert (install.advertising_id, install.country, install.os_version) == ("a-1", "DE", "14")
    assert install.device_ids == ("d-1", "a-1", "v-1")
    assert device_names(install) == ("advertising_id:a-1", "vendor_id:v-1", "vendor_id:d-1")
    assert address_names(install) == ("ip:203.0.113.7",)
    nothing = install_facts({"gaid": ZERO, "ip": "192.168.1.4"})
    assert (nothing.device_ids, device_names(nothing), address_names(nothing)) == ((), (), ())


def test_each_conversion_gets_its_own() -> None:
    """Traces under its names, its earlier installs, the first install near it; facts of its touches if asked for."""
    bare = case(touch("c", HOUR), kind="purchase")
    known = FraudFacts(touches={"c": TouchFacts(ip="192.0.2.1")})
    mine = replace(bare, conversion=replace(bare.conversion, facts=install_facts(EVENT)), fraud=known)
    traces = {
        "vendor_id:d-1": (trace(1, DAY), trace(2, -8 * DAY)),
        "advertising_id:a-1": (trace(1, DAY), trace(3, -DAY)),
        "ip:203.0.113.7": (trace(4, HOUR),),
        "ip:192.0.2.1": (trace(5, HOUR),),
    }
    facts = gather(mine, traces)
    assert [each.install_id for each in facts.same_device] == ["i1"]
    assert [each.install_id for each in facts.same_ip] == ["i4"]
    assert facts.install_time == mine.conversion.conversion_time - DAY
    assert facts.touches == {"c": TouchFacts(ip="192.0.2.1")}
    assert gather(mine, traces, with_touches=False).touches == {}
    only_later = gather(mine, {"vendor_id:d-1": (trace(2, timedelta(days=-8)),)})
    assert only_later.install_time is None


def test_only_sites_of_the_conversions_touches_travel() -> None:
    """Of all flooding sites, those that a touch names; and what of it is on a list."""
    mine = case(touch("c", HOUR)._replace(site_id="s-1"))
    flooding = {
        site: SiteFinding(site, "Flat.", {})
        for site in (SiteKey("com.demo", "google_ads", "s-1"), SiteKey("com.demo", "google_ads", "s-2"))
    }
    facts = with_facts(mine, gather(mine, {}), FraudLists({ListKind.SITE: ["s-1"]}), flooding).fraud
    assert facts is not None
    assert [site.site_id for site in facts.sites] == ["s-1"]
    assert [hit.kind for hit in facts.hits] == [ListKind.SITE]
