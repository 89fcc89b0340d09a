"""Which sites flood, measured on planted ones."""

import numpy as np
import pytest
from scipy import stats

from attribution.fraud.flooding import BUCKETS, bucket_edges, bucket_of, flooding_sites, ks_test
from schemas.fraud_policy import ClickFlooding
from tests.unit.attribution.fraud.fraud_cases import counts, flooded, genuine

LIMITS = ClickFlooding()


def test_flooding_sites_are_told_from_genuine_ones() -> None:
    """Of 10 flooding sites among 50, all are found, and no genuine one is accused, in each of 20 markets."""
    found = accused = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        sites = [counts(f"ok-{number}", genuine(random, 150)) for number in range(40)]
        sites += [counts(f"flood-{number}", flooded(random, 150)) for number in range(10)]
        names = [site.site_id for site in flooding_sites(sites, LIMITS)]
        found += sum(name.startswith("flood") for name in names)
        accused += sum(name.startswith("ok") for name in names)
    print(f"flooding sites found: {found} of 200; genuine ones accused: {accused} of 800")
    assert found == 200
    assert accused == 0


def test_a_flood_that_outnumbers_the_others_is_still_found() -> None:
    """Half of the sites and most of the installs: they are not part of what they are measured by."""
    random = np.random.default_rng(3)
    sites = [counts(f"ok-{number}", genuine(random, 100)) for number in range(3)]
    sites += [counts(f"flood-{number}", flooded(random, 2_000)) for number in range(3)]
    assert {site.site_id for site in flooding_sites(sites, LIMITS)} == {"flood-0", "flood-1", "flood-2"}


def test_too_few_installs_say_nothing() -> None:
    """Neither 99 of the site's, nor 99 of its neighbours'."""
    random = np.random.default_rng(4)
    many, few = genuine(random, 5_000), genuine(random, 99)
    assert flooding_sites([counts("ok", many), counts("s", flooded(random, 99))], LIMITS) == {}
    assert flooding_sites([counts("ok", few), counts("s", flooded(random, 500))], LIMITS) == {}
    assert flooding_sites([counts("s", flooded(random, 500))], LIMITS) == {}
    assert flooding_sites([], LIMITS) == {}


def test_neighbours_are_of_the_same_app() -> None:
    """Another app's sites are no measure."""
    random = np.random.default_rng(5)
    other = counts("ok", genuine(random, 5_000), app_id="other")
    assert flooding_sites([other, counts("s", flooded(random, 500))], LIMITS) == {}


def test_clicks_that_hardly_ever_lead_to_an_install_are_a_flood() -> None:
    """Fewer than 5 installs for 10,001 clicks; not for 10,000."""
    nothing = np.zeros(0)
    barren = flooding_sites([counts("s", nothing, clicks=10_001)], LIMITS)
    assert [finding.evidence["install_rate"] for finding in barren.values()] == [0.0]
    assert flooding_sites([counts("s", nothing, clicks=10_000)], LIMITS) == {}
    assert flooding_sites([counts("s", np.full(6, 60.0), clicks=10_001)], LIMITS) == {}


def test_the_distance_is_scipys_but_for_the_buckets() -> None:
    """Never larger, and at most the largest bucket's share smaller; the probability is that of the asymptotic law."""
    random = np.random.default_rng(6)
    one, other = genuine(random, 400), flooded(random, 300)
    distance, p = ks_test(counts("a", one).histogram, counts("b", other).histogram)
    exact = stats.ks_2samp(one, other, method="asymp")
    largest = max(counts("a", one).histogram.max() / 400, counts("b", other).histogram.max() / 300)
    assert exact.statistic - largest <= distance <= exact.statistic + 1e-12
    assert p == pytest.approx(stats.kstwobign.sf(np.sqrt(400 * 300 / 700) * distance), rel=1e-9)


def test_buckets_have_their_edges() -> None:
    """A time at an edge is in the bucket that begins there; what is below zero in the first, past all in the last."""
    edges = bucket_edges()
    assert len(edges) == BUCKETS
    assert bucket_of(edges[1:] * (1 + 1e-9)).tolist() == list(range(1, BUCKETS))
    assert bucket_of(np.array([-5.0, 0.0, 1e12])).tolist() == [0, 0, BUCKETS - 1]


def test_chance_alone_accuses_few() -> None:
    """Where the thresholds are open and all sites are alike, at most 3 of 100 markets have a site accused."""
    open_limits = ClickFlooding(late_share_max=0.0, ks_distance_max=0.0)
    hits = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        sites = [counts(f"s-{number}", genuine(random, 150)) for number in range(20)]
        # Their own late share must not take them out of the baseline.
        alike = [site.__class__(site.site, 0, site.installs, 0, site.histogram) for site in sites]
        tested = [site.__class__(site.site, 0, site.installs, site.late_installs, site.histogram) for site in sites[:1]]
        hits += bool(flooding_sites([*alike[1:], *tested], open_limits))
    assert hits <= 3
