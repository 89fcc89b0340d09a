"""What reports rest on: which weeks are summed, how many rates there may be, and a store that takes too long."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from schemas.money import RateLine
from storage.clickhouse.connect import ClickHouse, QueryTooLargeError
from storage.postgres.connect import Databases
from storage.postgres.event_hours import DirtyHours, EventHours
from storage.postgres.rates import StoredRates
from telemetry.clock import utc_now
from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant

pytestmark = pytest.mark.anyio


async def test_a_week_is_summed_at_rest_and_void_when_something_comes(running: RunningStack) -> None:
    """The newest week that is over and at rest is due; once an hour of it was counted anew, its sum is void."""
    made = await new_tenant(running)
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    database = databases.tenant(made.tenant_id)
    hours, week = EventHours(database), datetime(2026, 10, 19, tzinfo=UTC)
    within = week + timedelta(days=6, hours=12)
    noted = "INSERT INTO event_hours VALUES ($1, now() - interval '1 hour', now() - interval '30 minutes')"
    try:
        async with database.connection() as connection:
            await connection.executemany(noted, [(within,), (within + timedelta(days=7),), (utc_now(),)])
        for due in (week + timedelta(days=7), week):
            found = await hours.week_due()
            assert found is not None
            assert found.week == due.date()
            await hours.summed(found)
        assert await hours.week_due() is None
        assert await hours.summed_weeks(week, week + timedelta(days=7)) == [week.date()]
        assert await hours.summed_weeks(week + timedelta(hours=1), week + timedelta(days=8)) == []
        await hours.rolled(DirtyHours((int(within.timestamp()),), int(utc_now().timestamp() * 1000) + 1))
        assert await hours.summed_weeks(week, week + timedelta(days=7)) == []
        # What changed a moment ago may change again.
        async with database.connection() as connection:
            await connection.execute("UPDATE event_hours SET stored_at = now() WHERE hour = $1", within)
        assert await hours.week_due() is None
    finally:
        await databases.close()


async def test_rates_may_be_many(running: RunningStack) -> None:
    """Thirty currencies, each with a rate on each of 400 days: reports and models convert by them."""
    made = await new_tenant(running)
    last = utc_now().date()
    days = [last - timedelta(days=number) for number in range(400)]
    names = [f"{first}{second}Q" for first in "ABCDE" for second in "UVWXYZ"]
    lines = [RateLine(name, day, Decimal("0.5")) for name in names for day in days]
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    await StoredRates(databases.tenant(made.tenant_id), "EUR").put(lines)
    await databases.close()
    bought = event("purchase", device_id="d1", revenue="8", currency=names[-1])
    headers = {"X-Tenant-ID": made.tenant_id, "X-Write-Key": made.write_key}
    async with (
        api_of(running, made) as owner,
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http,
    ):
        await owner.put("/api/v1/settings", {"currency": "EUR", "time_zone": "UTC"})
        await http.post("/api/v1/events/ingest", json=bought)
        asked = {"from": str(days[-1]), "to": str(last)}

        async def is_there() -> bool:
            totals = (await owner.get("/api/v1/reports/overview", **asked))["totals"]
            return bool(Decimal(totals["revenue"]) == 4)

        assert await eventually(is_there)
        made_by = await owner.get("/api/v1/reports/models", measure="value", conversion_type="purchase", **asked)
        assert made_by["unconverted"] == []


async def test_a_query_that_takes_too_long_is_told_from_a_store_that_is_away(running: RunningStack) -> None:
    """The store's own limit of time has an error of its own, which becomes a problem with a remedy."""
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    try:
        with pytest.raises(QueryTooLargeError):
            async with store.client() as client:
                await client.query(
                    "SELECT sum(number) FROM numbers(100000000000)", settings={"max_execution_time": 0.1}
                )
    finally:
        await store.close()
