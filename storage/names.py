"""The only functions that turn a tenant id into names of databases, roles and tables."""

from schemas.ids import TenantId

CONTROL_DATABASE = "unmogrow_control"
AUDITOR = "unmogrow_auditor"
"""The role that owns every audit log. Nobody logs in as it."""
CONTROL_ROLE = "unmogrow_control"
PROVISIONER_ROLE = "unmogrow_provisioner"
CLICKHOUSE_DATABASE = "unmogrow"


def tenant_database(tenant_id: TenantId) -> str:
    """Name of the tenant's Postgres database, and of the one role that may connect to it."""
    return f"unmogrow_tenant_{tenant_id}"


def clickhouse_tables(tenant_id: TenantId) -> dict[str, str]:
    """Qualified names of the tenant's ClickHouse tables, by the slot that stands for each in `.sql` files."""
    return {
        "events": f"{CLICKHOUSE_DATABASE}.events_{tenant_id}",
        "touch_keys": f"{CLICKHOUSE_DATABASE}.touch_keys_{tenant_id}",
        "touch_keys_feed": f"{CLICKHOUSE_DATABASE}.touch_keys_feed_{tenant_id}",
        "install_keys": f"{CLICKHOUSE_DATABASE}.install_keys_{tenant_id}",
        "install_keys_feed": f"{CLICKHOUSE_DATABASE}.install_keys_feed_{tenant_id}",
        "attributed": f"{CLICKHOUSE_DATABASE}.attributed_{tenant_id}",
        "install_values": f"{CLICKHOUSE_DATABASE}.install_values_{tenant_id}",
        "person_aliases": f"{CLICKHOUSE_DATABASE}.person_aliases_{tenant_id}",
        "activity": f"{CLICKHOUSE_DATABASE}.activity_{tenant_id}",
        "touch_counts": f"{CLICKHOUSE_DATABASE}.touch_counts_{tenant_id}",
        "activity_weeks": f"{CLICKHOUSE_DATABASE}.activity_weeks_{tenant_id}",
        "touch_weeks": f"{CLICKHOUSE_DATABASE}.touch_weeks_{tenant_id}",
        "revenue_weeks": f"{CLICKHOUSE_DATABASE}.revenue_weeks_{tenant_id}",
        "cost_weeks": f"{CLICKHOUSE_DATABASE}.cost_weeks_{tenant_id}",
    }


def data_tables(tenant_id: TenantId) -> dict[str, str]:
    """Qualified names of those of the tenant's ClickHouse tables that hold rows: all but the feeds of others."""
    return {slot: name for slot, name in clickhouse_tables(tenant_id).items() if not slot.endswith("_feed")}


def clickhouse_user(tenant_id: TenantId) -> str:
    """Name of the tenant's ClickHouse user, and of its settings profile, on servers that have users."""
    return f"tenant_{tenant_id}"
