"""From a pLTV champion to the bands of a tenant's cohorts, on the real stack."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pytest

from schemas.ids import TenantId
from schemas.learning import HORIZON_DAYS
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.install_values import InstallValues
from storage.names import clickhouse_tables
from storage.sql import fill
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.learned_models import pltv_champion
from tests.stack_fixtures import RunningStack, eventually
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(200)]

INSTALLS, DAYS, SPAN_DAYS = 840, 14, 20
PEOPLE = """
    SELECT number AS person, toString(number) AS device, ['search', 'social'][1 + number % 2] AS source,
        now64(3) - toIntervalSecond(number * 86400 * {days} / {count} + 60) AS at,
        xxh3(concat('vendor_id:', device)) AS person_key
    FROM numbers({count})
"""
# Every eighth pays on the first day.
STATEMENTS = (
    """
    INSERT INTO {events} (event_id, event_type, event_time, received_at, device_id, app_id, platform, country)
    SELECT concat('install ', device), 'install', at, at, device, 'app', 'android', 'DE' FROM ({people})
    """,
    """
    INSERT INTO {events} (
        event_id, event_type, event_time, received_at, device_id, app_id, platform, country, revenue, currency
    )
    SELECT concat('purchase ', device), 'purchase', at + 30, at + 30, device, 'app', 'android', 'DE', 5, 'EUR'
    FROM ({people}) WHERE person % 8 = 0
    """,
    """
    INSERT INTO {attributed} (
        conversion_id, revision, conversion_type, conversion_kind, conversion_time, received_at, app_id, platform,
        country, person_key, media_source
    )
    SELECT concat('install ', device), 1, 'install', 'install', at, at, 'app', 'android', 'DE', person_key, source
    FROM ({people})
    """,
    """
    INSERT INTO {attributed} (
        conversion_id, revision, conversion_type, conversion_kind, conversion_time, received_at, app_id, platform,
        country, person_key, media_source, revenue, currency
    )
    SELECT concat('purchase ', device), 1, 'purchase', 'purchase', at + 30, at + 30, 'app', 'android', 'DE',
        person_key, source, 5, 'EUR'
    FROM ({people}) WHERE person % 8 = 0
    """,
)


async def plant(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Write installs of the last days, one after the other, and what they paid."""
    tables = clickhouse_tables(tenant.tenant_id)
    people = PEOPLE.format(days=DAYS, count=INSTALLS)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for statement in STATEMENTS:
            answer = await client.post(running.stack.clickhouse_url, content=statement.format(**tables, people=people))
            assert answer.is_success, answer.text


def is_ahead(row: dict[str, Any], days: int) -> bool:
    return row[f"pltv_{days}"] is not None


async def test_cohorts_have_bands_by_the_champion(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """Without a champion words; with one each cohort's mean and band, which add up; in another currency words again."""
    settings = {"currency": "EUR", "time_zone": "UTC", "contributes_to_global_model": True}
    await api.put("/api/v1/settings", settings)
    today = utc_now().date()
    asked = {"from": str(today - timedelta(days=SPAN_DAYS)), "to": str(today), "cohort": "week", "tz": "UTC"}
    none = await api.get("/api/v1/reports/ltv", **asked)
    assert (none["pltv"]["state"], none["pltv"]["model_id"]) == ("no_champion", None)
    assert "champion" in none["pltv"]["says"]

    await plant(running, tenant)
    model_id = await pltv_champion(running, tenant.tenant_id, "EUR")

    async def ready() -> dict[str, Any] | None:
        found = await api.get("/api/v1/reports/ltv", **asked)
        assert found["pltv"]["state"] in {"no_champion", "pending", "ready"}
        return found if found["pltv"]["state"] == "ready" else None

    report: dict[str, Any] = await eventually(ready, seconds=120)
    told = report["pltv"]
    assert (told["model_id"], told["scope"], told["currency"], told["share"]) == (model_id, "own", "EUR", 0.8)
    # Of day 180 the model knows too few payers to say how wrong it is of cohorts.
    assert [each["days"] for each in told["horizons"]] == [7, 30, 90]
    assert report["totals"]["pltv_180"] is None
    assert all(0 < each["coverage"] <= 1 for each in told["horizons"])
    # Of the newest day's installs nobody knows the first day yet.
    assert told["installs"] == INSTALLS - INSTALLS // DAYS
    assert report["totals"]["pltv_installs"] == told["installs"]

    rows = [row for row in report["data"] if is_ahead(row, 90)]
    assert len(rows) >= 2
    for row in rows:
        for days in HORIZON_DAYS:
            low, mid, high = (Decimal(row[f"pltv_{days}{end}"] or 0) for end in ("_low", "", "_high"))
            assert low <= mid <= high
            assert not is_ahead(row, days) or low < high
        # An eighth paid 5 on the first day: no end lies below what has come.
        assert Decimal(row["pltv_90_low"]) >= Decimal("0.5")
        assert Decimal(row["pltv_30"] or 0) <= Decimal(row["pltv_90"])
    assert [is_ahead(row, 7) for row in rows][:-2] == [False] * (len(rows) - 2)
    sums = sum(Decimal(row["pltv_90"]) * row["pltv_installs"] for row in rows)
    counted = sum(row["pltv_installs"] for row in rows)
    total = report["totals"]
    whole = Decimal(total["pltv_90"]) * total["pltv_installs"]
    assert abs(sums - whole) <= Decimal("0.03") * whole + (told["installs"] - counted) * Decimal(total["pltv_90_high"])
    by_source = await api.get("/api/v1/reports/ltv", **asked, breakdown="media_source")
    assert sum(row["pltv_installs"] for row in by_source["data"]) == told["installs"]
    filtered = await api.get("/api/v1/reports/ltv", **asked, filter="media_source=search")
    assert filtered["totals"]["pltv_installs"] == pytest.approx(told["installs"] / 2, abs=2)

    await api.put("/api/v1/settings", settings | {"currency": "USD"})
    assert (await api.get("/api/v1/reports/ltv", **asked))["pltv"]["state"] == "no_rate"
    await api.post("/api/v1/models/rollback", {"model": "pltv"})
    gone = await api.get("/api/v1/reports/ltv", **asked)
    assert gone["pltv"]["state"] == "no_champion"
    assert gone["totals"]["pltv_90"] is None


async def test_of_snapshots_only_what_may_be_read_stays(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Each is whole, equal rows or not; the others go."""
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    numbers = pa.array([[1.0, 2.0]], pa.list_(pa.float64()))
    row = pa.table(
        {
            "person_key": pa.array([1], pa.uint64()),
            "installed_at": pa.array([0], pa.timestamp("ms", "UTC")),
            **dict.fromkeys(("known", "later", "variance"), numbers),
        }
    )
    try:
        values = InstallValues(store, TenantId(tenant.tenant_id))
        for snapshot in (1, 2, 3):
            await values.write(snapshot, row)
        await values.keep_only({2, 3})
        tables = clickhouse_tables(TenantId(tenant.tenant_id))
        async with store.client() as client:
            found = await client.query(fill("SELECT snapshot, later FROM {install_values} ORDER BY snapshot", tables))
    finally:
        await store.close()
    assert [tuple(each) for each in found.result_rows] == [(2, [1.0, 2.0]), (3, [1.0, 2.0])]
