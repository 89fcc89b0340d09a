"""Which sites flood: their clicks come at random times, so the installs that follow do so by chance.

A site that clicks for everybody all the time is the last one before every install, organic ones too. What gives it away
is when: a person who clicks installs within minutes, while the time from a random click is flat. Three things must
agree before a site is flagged, because many honest sites have one of them:

1. it has enough installs to say anything;
2. more than a share of them came later than an hour;
3. its distribution of click-to-install times lies farther from that of its neighbours than a distance, and than chance
   explains: two-sample Kolmogorov-Smirnov, p by the asymptotic distribution, over all sites at a false discovery rate
   (Benjamini and Hochberg 1995).

The *neighbours* are the app's other sites of which 2 is not true: a flood that brings half of all installs must not
become what the others are measured by. Without enough neighbours nothing is said. Times are counted in buckets of a
quarter octave, between whose edges the distance cannot be seen: it is never larger than the exact one.

Apart from that, a site with very many clicks that hardly ever lead to an install floods, whatever the times.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.fraud import Evidence, SiteFinding, SiteKey
from schemas.fraud_policy import ClickFlooding

BUCKETS = 84
"""Bucket i holds times from 2^(i/4) - 1 to 2^((i+1)/4) - 1 seconds; the last ones reach past 20 days."""

Histogram = NDArray[np.int64]


@dataclass(frozen=True)
class SiteCounts:
    """A site's clicks and installs; `late_installs` came later than the policy's time; `histogram` is [BUCKETS]."""

    site: SiteKey
    clicks: int
    installs: int
    late_installs: int
    histogram: Histogram

    @property
    def late_share(self) -> float:
        """Late installs among all, 0 without any."""
        return self.late_installs / self.installs if self.installs else 0.0


def bucket_of(ctit_seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Tell the bucket of each time; those below zero are in the first."""
    place = np.floor(4 * np.log2(np.maximum(ctit_seconds, 0.0) + 1.0))
    buckets: NDArray[np.int64] = np.minimum(place, BUCKETS - 1).astype(np.int64)
    return buckets


def bucket_edges() -> NDArray[np.float64]:
    """Give the lower edge of each bucket, in seconds."""
    return np.exp2(np.arange(BUCKETS, dtype=np.float64) / 4) - 1.0


def flooding_sites(counts: Iterable[SiteCounts], limits: ClickFlooding) -> dict[SiteKey, SiteFinding]:
    """Judge all sites of a tenant together: the false discovery rate is one over all of them."""
    listed = list(counts)
    tested = [
        (site, *ks_test(site.histogram, baseline))
        for site, baseline in _with_baselines(listed, limits)
        if site.installs >= limits.installs_min and baseline.sum() >= limits.installs_min
    ]
    discovered = _discoveries([p for _, _, p in tested], limits.false_discovery_rate)
    findings = {
        site.site: _flat(site, distance, p, limits)
        for (site, distance, p), is_discovered in zip(tested, discovered, strict=True)
        if is_discovered and site.late_share > limits.late_share_max and distance > limits.ks_distance_max
    }
    for site in listed:
        if site.clicks > limits.clicks_min and site.installs < limits.install_rate_min * site.clicks:
            findings.setdefault(site.site, _barren(site, limits))
    return findings


def baselines(counts: Sequence[SiteCounts], limits: ClickFlooding) -> dict[SiteKey, Histogram]:
    """Give each site the histogram that it is measured by: that of its app's other sites that are not late."""
    return {site.site: baseline for site, baseline in _with_baselines(counts, limits)}


def ks_test(one: Histogram, other: Histogram) -> tuple[float, float]:
    """Measure two samples' Kolmogorov-Smirnov distance and the probability of a larger one by chance."""
    # Here and not above: it is a tenth of what a host of tenants would import, and is needed once a day.
    from scipy.special import kolmogorov  # noqa: PLC0415

    n, m = int(one.sum()), int(other.sum())
    distance = float(np.abs(np.cumsum(one) / n - np.cumsum(other) / m).max())
    return distance, float(kolmogorov(np.sqrt(n * m / (n + m)) * distance))


def _with_baselines(counts: Sequence[SiteCounts], limits: ClickFlooding) -> list[tuple[SiteCounts, Histogram]]:
    totals: defaultdict[str, Histogram] = defaultdict(lambda: np.zeros(BUCKETS, np.int64))
    for site in counts:
        if site.late_share <= limits.late_share_max:
            totals[site.site.app_id] += site.histogram
    return [
        (site, totals[site.site.app_id] - (site.histogram if site.late_share <= limits.late_share_max else 0))
        for site in counts
    ]


def _discoveries(probabilities: Sequence[float], rate: float) -> list[bool]:
    """Benjamini-Hochberg: those up to the largest p that is at most its rank's share of the rate."""
    ordered = np.sort(np.asarray(probabilities, np.float64))
    passing = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(1, len(ordered)))
    limit = ordered[passing[-1]] if len(passing) else -1.0
    return [p <= limit for p in probabilities]


def _named(site: SiteKey) -> str:
    return f"{site.site_id or 'without a site'} of {site.media_source or 'no source'}"


def _flat(site: SiteCounts, distance: float, p: float, limits: ClickFlooding) -> SiteFinding:
    said = (
        f"Site {_named(site.site)}: {site.late_share:.0%} of its {site.installs:,} installs came more than "
        f"{limits.late_ctit_seconds / 3600:g} h after the click, not when those of other sites do."
    )
    evidence: Evidence = {
        "installs": site.installs,
        "late_share": round(site.late_share, 4),
        "late_share_max": limits.late_share_max,
        "late_ctit_seconds": limits.late_ctit_seconds,
        "ks_distance": round(distance, 4),
        "ks_distance_max": limits.ks_distance_max,
        "p_value": float(f"{p:.3g}"),
        "days": limits.days,
    }
    return SiteFinding(site.site, said, evidence)


def _barren(site: SiteCounts, limits: ClickFlooding) -> SiteFinding:
    said = f"Site {_named(site.site)}: {site.clicks:,} clicks led to {site.installs:,} installs."
    evidence: Evidence = {
        "clicks": site.clicks,
        "clicks_min": limits.clicks_min,
        "installs": site.installs,
        "install_rate": round(site.installs / site.clicks, 6),
        "install_rate_min": limits.install_rate_min,
        "days": limits.days,
    }
    return SiteFinding(site.site, said, evidence)
