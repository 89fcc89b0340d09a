"""The SQL that makes a tenant's ClickHouse user."""

import hashlib

from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.tenant_user import drop_statements, user_statements
from storage.names import data_tables

TENANT = TenantId("t123")


def test_a_user_has_its_own_tables_and_limits_alone() -> None:
    """A profile with limits, the user with a hashed password, and for each table of the tenant SELECT and INSERT."""
    settings = ClickHouseSettings(query_memory_bytes=5, query_read_rows_max=6, query_result_rows_max=7)
    profile, create, renew, *grants = user_statements(TENANT, "password", settings)
    digest = hashlib.sha256(b"password").hexdigest()
    assert " ".join(profile.split()) == (
        "CREATE SETTINGS PROFILE OR REPLACE tenant_t123 SETTINGS max_execution_time = 60, max_memory_usage = 5, "
        "max_rows_to_read = 6, max_result_rows = 7"
    )
    identified = f"tenant_t123 IDENTIFIED WITH sha256_hash BY '{digest}' SETTINGS PROFILE 'tenant_t123'"
    assert create == f"CREATE USER IF NOT EXISTS {identified}"
    assert renew.endswith(f"ALTER USER {identified}")
    assert grants == [f"GRANT SELECT, INSERT ON {table} TO tenant_t123" for table in data_tables(TENANT).values()]
    assert all(table.startswith("unmogrow.") and table.endswith("_t123") for table in data_tables(TENANT).values())
    assert drop_statements(TENANT) == ("DROP USER IF EXISTS tenant_t123", "DROP SETTINGS PROFILE IF EXISTS tenant_t123")
