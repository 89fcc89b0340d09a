"""What a fraud policy would do with the installs of the last 30 days: judged as live ones are, and nothing recorded.

Of more installs than a preview judges, a sample by a hash of their ids: the same ones for each policy, so that two
previews differ by the policies alone. Flooding sites are counted over all installs, whatever the sample.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from actors.case_reader import CaseReader
from actors.journey_reader import JourneyReader
from actors.pool_client import PoolClient
from actors.signal import Signal
from attribution.fraud.flooding import flooding_sites
from attribution.fraud.preview import FraudTally
from schemas.fraud import SiteFinding, SiteKey
from schemas.fraud_policy import FraudPolicy, FraudRule
from schemas.fraud_problems import TooManyPreviews
from schemas.ids import TenantId
from schemas.policy import Policy
from schemas.results import AttributionResult
from schemas.settings import FraudSettings
from schemas.shards import WHOLE_TENANT
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.fraud_reader import FraudReader
from storage.clickhouse.install_reader import InstallReader
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import Databases
from storage.postgres.conversion_writer import ConversionWriter, PendingConversion
from storage.postgres.identity_edges import IdentityEdges
from storage.postgres.origin_reader import OriginReader
from storage.postgres.past_conversions import PastConversions
from storage.postgres.policies import Policies
from telemetry.clock import utc_now
from telemetry.side_by_side import side_by_side
from tenancy.fraud_facts import fraud_facts_reader
from tenancy.fraud_sites import count_sites

_SPAN = timedelta(days=30)
_PORTION = 500
_PORTIONS_AT_ONCE = 3
_RETRY_AFTER_SECONDS = 5


class FraudPreviews:
    """Previews for any tenant; the pool judges."""

    def __init__(self, databases: Databases, store: ClickHouse, pool: PoolClient, settings: FraudSettings) -> None:
        self._databases = databases
        self._store = store
        self._pool = pool
        self._settings = settings
        self._running: Counter[TenantId] = Counter()

    async def preview(self, tenant_id: TenantId, fraud: FraudPolicy) -> dict[str, Any]:
        """Judge by the policy in force, but for its fraud rules.

        Raises:
            TooManyPreviews: as many of the tenant's are being made here as may be at once.
            StoreAwayError: the event store did not answer.
            PoolAwayError: the pool did not answer.
            TimeoutError: it took longer than a preview may.
        """
        if self._running[tenant_id] >= self._settings.previews_at_once:
            raise TooManyPreviews(retry_after_seconds=_RETRY_AFTER_SECONDS)
        self._running[tenant_id] += 1
        try:
            async with asyncio.timeout(self._settings.preview_seconds):
                return await self._preview(tenant_id, fraud)
        finally:
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]

    async def _preview(self, tenant_id: TenantId, fraud: FraudPolicy) -> dict[str, Any]:
        until = utc_now()
        since = until - _SPAN
        reader = FraudReader(self._store, tenant_id)
        policy = replace(await Policies(self._databases.tenant(tenant_id)).in_force(), fraud=fraud)
        total, ids, sites = await asyncio.gather(
            reader.installs_total(since, until),
            reader.installs_sample(since, until, self._settings.preview_rows),
            self._flooding(reader, fraud),
        )
        tally = await self._judge(tenant_id, policy, ids, sites)
        costs = await reader.touch_costs([(each.touch_id, each.touch_time) for each in tally.rejected])
        return tally.document(total) | {
            "from": since,
            "to": until,
            "flooding_sites": [
                finding.site._asdict() | {"explanation": finding.explanation, "evidence": finding.evidence}
                for finding in sites.values()
            ],
            "cost_rejected": _sums(costs),
        }

    async def _flooding(self, reader: FraudReader, fraud: FraudPolicy) -> dict[SiteKey, SiteFinding]:
        if not fraud.runs(FraudRule.CLICK_FLOODING):
            return {}
        limits = fraud.click_flooding
        return flooding_sites(await count_sites(reader, limits, utc_now()), limits)

    async def _judge(
        self, tenant_id: TenantId, policy: Policy, ids: Sequence[str], sites: dict[SiteKey, SiteFinding]
    ) -> FraudTally:
        database = self._databases.tenant(tenant_id)
        facts = fraud_facts_reader(
            database, self._store, tenant_id, keep_seconds=self._settings.preview_seconds, sites=sites
        )
        store = self._store
        cases = CaseReader(TouchReader(store, tenant_id), InstallReader(store, tenant_id), OriginReader(database))
        journeys = JourneyReader(
            cases, ConversionWriter(database, WHOLE_TENANT), IdentityEdges(database), facts, Signal()
        )
        past, tally = PastConversions(database), FraudTally()

        async def judge(portion: Sequence[str]) -> None:
            stored = await past.some(portion)
            pending = [PendingConversion(each.conversion_id, each.event) for each in stored]
            outcomes = await self._pool.attribute(tenant_id, await journeys.cases(pending, policy, watch=False), policy)
            results = {each.conversion_id: each for each in outcomes if isinstance(each, AttributionResult)}
            for each in stored:
                if each.conversion_id in results:
                    tally.add(each.result, results[each.conversion_id])

        portions = (ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION))
        await side_by_side(judge, portions, at_most=_PORTIONS_AT_ONCE)
        return tally


def _sums(costs: dict[str, tuple[Any, str]]) -> list[dict[str, str]]:
    """Add up by currency: amounts as decimals in text."""
    sums: dict[str, Decimal] = {}
    for amount, currency in costs.values():
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(amount)
    return [{"currency": currency, "amount": f"{amount.normalize():f}"} for currency, amount in sorted(sums.items())]
