"""What a tenant's sites claim, counted by the event store, as the flooding rule takes it."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np

from attribution.fraud.flooding import BUCKETS, Histogram, SiteCounts
from schemas.fraud import SiteKey
from schemas.fraud_policy import ClickFlooding
from storage.clickhouse.fraud_reader import FraudReader


async def count_sites(
    reader: FraudReader, limits: ClickFlooding, until: datetime, *, since: datetime | None = None
) -> list[SiteCounts]:
    """Count clicks and claimed installs of each site, over the policy's days or from `since` on.

    Clicks are known of those sites only that have more of them than the policy asks about.

    Raises:
        StoreAwayError: the store did not answer.
    """
    since = since or until - timedelta(days=limits.days)
    installs, clicks = await asyncio.gather(
        reader.site_installs(since, until, late_seconds=limits.late_ctit_seconds, buckets=BUCKETS),
        reader.site_clicks(since, until, clicks_min=limits.clicks_min),
    )
    histograms: defaultdict[SiteKey, Histogram] = defaultdict(lambda: np.zeros(BUCKETS, np.int64))
    late: defaultdict[SiteKey, int] = defaultdict(int)
    for site, bucket, count, late_count in installs:
        histograms[site][bucket] += count
        late[site] += late_count
    return [
        SiteCounts(site, clicks.get(site, 0), int(histograms[site].sum()), late[site], histograms[site])
        for site in sorted(histograms.keys() | clicks.keys())
    ]
