"""A tenant's own ClickHouse user: on servers that have users, the server itself refuses it any other tenant's table.

The embedded engine has none. There a tenant's readers and writers are bound to its tables by construction: their names
come from `storage.names.clickhouse_tables` alone.
"""

import hashlib

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.connect import ClickHouse, RowsRefusedError, StoreAwayError
from storage.names import clickhouse_user, data_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "users.sql")
_NO_USERS = ("ACCESS_DENIED", "ACCESS_STORAGE_READONLY", "NOT_IMPLEMENTED")


def user_statements(tenant_id: TenantId, password: str, settings: ClickHouseSettings) -> tuple[str, ...]:
    """Write what makes a tenant's user: a profile with its limits, and its tables alone.

    The id was validated, so that it needs no quotes; of the password only the SHA-256 leaves this process.
    """
    slots = {
        "user": clickhouse_user(tenant_id),
        "password_sha256": hashlib.sha256(password.encode()).hexdigest(),
        "seconds": str(int(settings.insert_seconds)),
        "memory_bytes": str(settings.query_memory_bytes),
        "read_rows": str(settings.query_read_rows_max),
        "result_rows": str(settings.query_result_rows_max),
    }
    grants = (fill(_SQL["grant"], slots | {"table": table}) for table in data_tables(tenant_id).values())
    first = ("create_profile", "create_user", "renew_user")
    return (*(fill(_SQL[name], slots) for name in first), *grants)


def drop_statements(tenant_id: TenantId) -> tuple[str, ...]:
    """Write what takes the user and its profile away."""
    slots = {"user": clickhouse_user(tenant_id)}
    return tuple(fill(_SQL[name], slots) for name in ("drop_user", "drop_profile"))


async def has_users(store: ClickHouse) -> bool:
    """Find out by trying whether the server lets the platform make users.

    Raises:
        StoreAwayError: the server did not answer.
    """
    return await _execute(store, (_SQL["create_probe"], _SQL["drop_probe"]))


async def ensure_user(store: ClickHouse, backends: Backends, tenant_id: TenantId) -> bool:
    """Make the tenant's user as it is to be; False if the server has no users.

    Raises:
        StoreAwayError: the server did not answer.
    """
    password = backends.role_password(clickhouse_user(tenant_id))
    return await _execute(store, user_statements(tenant_id, password, store.settings))


async def drop_user(store: ClickHouse, tenant_id: TenantId) -> bool:
    """Take the tenant's user away; False if the server has no users.

    Raises:
        StoreAwayError: the server did not answer.
    """
    return await _execute(store, drop_statements(tenant_id))


async def _execute(store: ClickHouse, statements: tuple[str, ...]) -> bool:
    first, *others = statements
    try:
        await _command(store, first)
    except (RowsRefusedError, StoreAwayError) as error:
        if not any(name in str(error) for name in _NO_USERS):
            raise
        return False
    for statement in others:
        await _command(store, statement)
    return True


async def _command(store: ClickHouse, statement: str) -> None:
    async with store.client() as client:
        await client.command(statement)
