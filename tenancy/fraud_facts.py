"""What a tenant's databases know for the fraud rules: read for many conversions at once.

A rule that is off costs nothing, and what nobody put on a list is not looked for. Lists and flooding sites are kept for
a few seconds: they change when somebody changes them, or with a review.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from attribution.fraud.facts import Traces, address_names, device_names, gather, with_facts
from attribution.fraud.lists import FraudLists
from attribution.fraud.sight import INSTALLS
from schemas.fraud import InstallFacts, InstallTrace, SiteFinding, SiteKey
from schemas.fraud_policy import FraudPolicy, FraudRule
from schemas.ids import TenantId
from schemas.touchpoints import Conversion, ConversionCase
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.fraud_reader import FraudReader
from storage.postgres.connect import Database
from storage.postgres.fraud_lists import FraudListStore
from telemetry.breaks import with_breaks

_LIST_RULES = (
    FraudRule.BLOCKED_DEVICE,
    FraudRule.BLOCKED_IP,
    FraudRule.BLOCKED_SITE,
    FraudRule.BLOCKED_USER_AGENT,
    FraudRule.DATA_CENTER,
)
_DEVICE_RULES = (FraudRule.DUPLICATE_DEVICE, FraudRule.VERSION_BACKWARD, FraudRule.IMPOSSIBLE_ORDER)
_DEVICE_MEMORY = timedelta(days=400)
"""How far back a device's installs are remembered."""

Sites = Mapping[SiteKey, SiteFinding]


class FraudFactsReader:
    """Gives the conversions of one tenant what the fraud rules look at."""

    def __init__(
        self, reader: FraudReader, stored: FraudListStore, keep_seconds: float, sites: Sites | None = None
    ) -> None:
        """Take the stores, and how long what they say is kept; `sites` are taken for those that flood, if given."""
        self._given_sites = sites
        self._reader = reader
        self._stored = stored
        self._keep_seconds = keep_seconds
        self._versions: dict[str, int] = {}
        self._lists = FraudLists({})
        self._sites: Sites = {}
        self._read_at: float | None = None

    async def add_facts(self, cases: Sequence[ConversionCase], policy: FraudPolicy) -> list[ConversionCase]:
        """Give each case its facts; those of its touches it has.

        Raises:
            StoreAwayError: the event store did not answer.
            OSError, TimeoutError, asyncpg.PostgresConnectionError: the tenant's database is away.
        """
        if not cases or not policy.runs(*FraudRule):
            return [replace(case, fraud=None) for case in cases]
        await self._refresh()
        looks_at_touches = policy.runs(FraudRule.DECLARED_BOT) or (
            not self._lists.is_empty and policy.runs(*_LIST_RULES)
        )
        traces = await self._traces([case.conversion for case in cases], policy)
        known = self._sites if policy.runs(FraudRule.CLICK_FLOODING) else {}
        return [
            with_facts(case, gather(case, traces, with_touches=looks_at_touches), self._lists, known)
            async for case in with_breaks(cases)
        ]

    def look_again(self) -> None:
        """Read lists and sites anew before the next conversions."""
        self._read_at = None

    async def _refresh(self) -> None:
        now = time.monotonic()
        if self._read_at is not None and now - self._read_at < self._keep_seconds:
            return
        versions = await self._stored.versions()
        if versions != self._versions:
            entries = await self._stored.all()
            # A hundred thousand networks take a second to put in order.
            self._lists = await asyncio.to_thread(FraudLists, entries)
            self._versions = versions
        self._sites = await self._stored.sites() if self._given_sites is None else self._given_sites
        self._read_at = now

    async def _traces(self, conversions: Sequence[Conversion], policy: FraudPolicy) -> Traces:
        installs = [each for each in conversions if each.conversion_type in INSTALLS]
        found: dict[str, tuple[InstallTrace, ...]] = {}
        if policy.runs(*_DEVICE_RULES):
            judged = conversions if policy.runs(FraudRule.IMPOSSIBLE_ORDER) else installs
            ahead = timedelta(days=policy.duplicate_device.days)
            found |= await self._look_up(judged, device_names, _DEVICE_MEMORY, ahead)
        if policy.runs(FraudRule.DEVICE_FARM, FraudRule.ANOMALY):
            # A learned model looks at an hour.
            span = max(timedelta(minutes=policy.device_farm.minutes), timedelta(hours=1))
            found |= await self._look_up(installs, address_names, span, span)
        return found

    async def _look_up(
        self,
        conversions: Sequence[Conversion],
        names_of: Callable[[InstallFacts], tuple[str, ...]],
        before: timedelta,
        after: timedelta,
    ) -> Traces:
        names = {name for each in conversions for name in names_of(each.facts)}
        if not names:
            return {}
        times = [each.conversion_time for each in conversions]
        return await self._reader.install_traces(names, min(times) - before, max(times) + after)


def fraud_facts_reader(
    database: Database, store: ClickHouse, tenant_id: TenantId, *, keep_seconds: float, sites: Sites | None = None
) -> FraudFactsReader:
    """Make the reader of one tenant; see `FraudFactsReader`."""
    return FraudFactsReader(FraudReader(store, tenant_id), FraudListStore(database), keep_seconds, sites)
