"""Making a tenant's audit log: tables in the tenant's database that do not belong to the tenant's role.

Who owns a database may make a schema in it, and who owns a schema may drop it: so the schema belongs to a role of its
own, as which nobody logs in, and the tenant's role is granted what it needs. Whoever makes it must be able to put both
roles on. It may connect, and the owner may make a schema, only as long as this takes; the tenant's role never gains
anything.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from storage.names import AUDITOR
from storage.postgres.migrate import migrate
from storage.sql import fill, load_migrations, load_queries

_SQL = load_queries("storage.postgres", "audit_schema.sql")
_BEFORE = ("allow_connecting", "allow_schema")
_GRANTS = ("grant_schema", "grant_adding", "grant_reading", "revoke_sweep", "grant_sweep")
_AFTER = ("refuse_schema", "refuse_connecting")

Connect = Callable[[str | None], AbstractAsyncContextManager[Any]]
"""Opens a connection to a database (None: the one where databases are made from) as whoever makes tenants."""


class AuditSchemaTakenError(Exception):
    """A tenant's database has a schema `audit` that is not the platform's."""

    def __init__(self, database: str) -> None:
        super().__init__(f"{database} has a schema 'audit' that does not belong to {AUDITOR}.")


async def ensure_audit(connect: Connect, name: str, keep_days: int) -> None:
    """Make the audit log in a tenant's database, whose owner has the same name, as far as it is missing.

    Raises:
        AuditSchemaTakenError: the schema is there and belongs to somebody else.
    """
    async with connect(None) as outside:
        # Of two at once, none takes from the other what it needs.
        await outside.execute("SELECT pg_advisory_lock(hashtext($1))", f"audit {name}")
        await outside.execute(f'SET ROLE "{name}"')
        for grant in _BEFORE:
            await outside.execute(_of(grant, name))
        try:
            async with connect(name) as inside:
                await _make(inside, name, keep_days)
        finally:
            for revocation in _AFTER:
                await outside.execute(_of(revocation, name))


async def _make(inside: Any, name: str, keep_days: int) -> None:
    await inside.execute(f'SET ROLE "{AUDITOR}"')
    await inside.execute("CREATE SCHEMA IF NOT EXISTS audit")
    if await inside.fetchval(_SQL["owner"]) != AUDITOR:
        raise AuditSchemaTakenError(name)
    await inside.execute("SET search_path = audit")
    await migrate(inside, load_migrations("storage.postgres", "migrations/audit"))
    await inside.execute(_SQL["keep_days"], keep_days)
    for grant in _GRANTS:
        await inside.execute(_of(grant, name))


def _of(statement: str, name: str) -> str:
    return fill(_SQL[statement], {"role": f'"{name}"', "database": f'"{name}"', "auditor": f'"{AUDITOR}"'})
