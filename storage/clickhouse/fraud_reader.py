"""What the fraud rules look up of a tenant's events: ranges of primary keys, many conversions in one query."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.fraud import InstallTrace, SiteKey
from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment, number_list, text_hash
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "fraud.sql")
_STATEMENT_BYTES_MAX = 4 * 1024**2


class FraudReader:
    """Reads for the fraud rules of one tenant."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def install_traces(
        self, names: Collection[str], since: datetime, until: datetime
    ) -> dict[str, tuple[InstallTrace, ...]]:
        """Read installs by what they are found under (`ip:203.0.113.7`, `advertising_id:…`), oldest first.

        Of one name, at most 1,000.

        Raises:
            StoreAwayError: the store did not answer.
        """
        if not names:
            return {}
        by_hash = {text_hash(name): name for name in names}
        rows = await self._rows(
            "install_traces", {}, hashes=number_list(by_hash), since=moment(since), until=moment(until)
        )
        found: dict[str, list[InstallTrace]] = {}
        for hashed, install_id, time, app_id, device, os_version, app_version, platform in rows:
            trace = InstallTrace(install_id, _utc(time), app_id, device, os_version, app_version, platform)
            found.setdefault(by_hash[hashed], []).append(trace)
        return {name: tuple(traces) for name, traces in found.items()}

    async def site_installs(
        self, since: datetime, until: datetime, *, late_seconds: float, buckets: int
    ) -> list[tuple[SiteKey, int, int, int]]:
        """Count what each site claims: (site, bucket of the click-to-install time, installs, late installs).

        Bucket i holds times from 2^(i/4) - 1 seconds on.

        Raises:
            StoreAwayError: the store did not answer.
        """
        parameters = {"last_bucket": buckets - 1, "late_seconds": late_seconds}
        rows = await self._rows("site_installs", parameters, since=moment(since), until=moment(until))
        return [(SiteKey(*row[:3]), *row[3:]) for row in rows]

    async def site_clicks(self, since: datetime, until: datetime, *, clicks_min: int) -> dict[SiteKey, int]:
        """Count the clicks of sites that have more than some.

        Raises:
            StoreAwayError: the store did not answer.
        """
        rows = await self._rows("site_clicks", {"clicks_min": clicks_min}, since=moment(since), until=moment(until))
        return {SiteKey(*row[:3]): row[3] for row in rows}

    async def installs_total(self, since: datetime, until: datetime) -> int:
        """Count installs and reinstalls.

        Raises:
            StoreAwayError: the store did not answer.
        """
        rows = await self._rows("installs_total", {}, since=moment(since), until=moment(until))
        return int(rows[0][0])

    async def installs_sample(self, since: datetime, until: datetime, limit: int) -> list[str]:
        """Choose installs by a hash of their ids: the same ones at each call.

        Raises:
            StoreAwayError: the store did not answer.
        """
        rows = await self._rows("installs_sample", {"limit": limit}, since=moment(since), until=moment(until))
        return [row[0] for row in rows]

    async def touch_costs(self, touches: Sequence[tuple[str, datetime]]) -> dict[str, tuple[Any, str]]:
        """Read what touches cost, as they say it themselves: (amount, currency) by touch id.

        Raises:
            StoreAwayError: the store did not answer.
        """
        if not touches:
            return {}
        times = ",".join(sorted({moment(time) for _, time in touches}))
        hashes = number_list({text_hash(touch_id) for touch_id, _ in touches})
        rows = await self._rows("touch_costs", {}, times=times, hashes=hashes)
        return {row[0]: (row[1], row[2]) for row in rows}

    async def _rows(self, query: str, parameters: dict[str, Any], **slots: str) -> list[Any]:
        async with self._store.client() as client:
            answer = await client.query(
                fill(_SQL[query], self._tables | slots),
                parameters=parameters,
                settings={
                    "max_threads": self._store.settings.query_threads,
                    "max_execution_time": self._store.settings.query_seconds,
                    "max_query_size": _STATEMENT_BYTES_MAX,
                },
            )
        return list(answer.result_rows)


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
