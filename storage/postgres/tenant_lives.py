"""Decides on tenants' lives in the control database: each change of a state in one transaction with the job it begins.

The row of the tenant is locked first, so that of two requests one sees what the other did.
"""

from typing import Any

import asyncpg
import orjson

from schemas.ids import TenantId
from schemas.problems import HostTaken, IdempotencyKeyReused, TenantExists, TenantUnknown
from schemas.tenant_life import LifeEvent, TenantState, after
from storage.postgres.connect import Database
from storage.postgres.jobs import SQL, JobRecord, JobSupersededError, job_of

_LIFE_TABLES_OF_CONTROL = (
    "forget_shards",
    "forget_work",
    "forget_promotions",
    "forget_secrets_of_tenant",
    "erase_tenant",
)


class TenantLives:
    """What operators' requests and the jobs that they begin do to tenants' states."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def claim(
        self, job_id: str, request: dict[str, str], secrets_sealed: bytes, idempotency_key: str
    ) -> JobRecord | None:
        """Enter a new tenant and the job that makes it, or find the job of the same request; None if it is there.

        `request` has tenant_id, host, name and owner_email.

        Raises:
            TenantExists: it is there, or being made, otherwise.
            HostTaken: another tenant has the host.
            IdempotencyKeyReused: the key came with another request.
        """
        # The second time, whatever came in between the look and the entry is there to be seen.
        for is_last in (False, True):
            async with self._control.connection() as connection:
                try:
                    async with connection.transaction():
                        return await _claim(connection, job_id, request, secrets_sealed, idempotency_key)
                except asyncpg.UniqueViolationError as error:
                    if error.constraint_name == "tenants_host_key":
                        raise HostTaken(f"{request['host']} belongs to another tenant.") from error
                    if is_last:
                        raise TenantExists(f"{request['tenant_id']} is being made by another request.") from error
        raise AssertionError

    async def change(self, tenant_id: TenantId, event: LifeEvent) -> TenantState:
        """Suspend or resume; give the state.

        Raises:
            TenantUnknown: there is no such tenant.
            TenantStateConflict: its state does not lead there.
        """
        async with self._control.connection() as connection, connection.transaction():
            state = await _lock(connection, tenant_id)
            target = after(state, event)
            if target != state:
                await connection.execute(SQL["set_state"], tenant_id, target)
        return target

    async def delete(self, job_id: str, tenant_id: TenantId) -> JobRecord:
        """Begin to delete a tenant, or find the job that does or did.

        Raises:
            TenantUnknown: there is no such tenant and there was none.
        """
        async with self._control.connection() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock_tenant"], tenant_id)
            if row is None or row["state"] in (TenantState.EXPORTING, TenantState.ERASING):
                found = await connection.fetchrow(SQL["last_delete"], tenant_id)
                if found is None:
                    raise TenantUnknown(f"There is no tenant {tenant_id}.")
                return job_of(found)
            making = await connection.fetchrow(SQL["of_life"], tenant_id)
            if making is not None:
                await connection.execute(SQL["finish"], making["job_id"], "The tenant was deleted.")
            detail = orjson.dumps({name: row[name] for name in ("tenant_id", "host", "name")})
            await connection.execute(SQL["add"], job_id, tenant_id, "delete", detail, None, None)
            await connection.execute(SQL["set_state"], tenant_id, after(TenantState(row["state"]), LifeEvent.DELETE))
            return job_of(await connection.fetchrow(SQL["one"], job_id))

    async def state(self, tenant_id: TenantId) -> TenantState:
        """Read a tenant's state; one without a row is gone."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(SQL["tenant_state"], tenant_id)
        return TenantState.GONE if row is None else TenantState(row["state"])

    async def end(self, job: JobRecord, state: TenantState, event: LifeEvent) -> TenantState:
        """Leave a state whose steps are done; give the next one. The job ends with the last.

        Raises:
            JobSupersededError: a later run has begun.
        """
        target = after(state, event)
        async with self._control.connection() as connection, connection.transaction():
            if await connection.fetchval(SQL["hold"], job.job_id, job.run) is None:
                raise JobSupersededError
            if target is TenantState.GONE:
                for name in _LIFE_TABLES_OF_CONTROL:
                    await connection.execute(SQL[name], job.tenant_id)
            else:
                await connection.execute(SQL["set_state"], job.tenant_id, target)
            if target in (TenantState.ACTIVE, TenantState.GONE):
                await connection.execute(SQL["finish"], job.job_id, None)
        return target


async def _lock(connection: Any, tenant_id: TenantId) -> TenantState:
    row = await connection.fetchrow(SQL["lock_tenant"], tenant_id)
    if row is None:
        raise TenantUnknown(f"There is no tenant {tenant_id}.")
    return TenantState(row["state"])


async def _claim(
    connection: Any, job_id: str, request: dict[str, str], secrets_sealed: bytes, idempotency_key: str
) -> JobRecord | None:
    tenant_id = request["tenant_id"]
    known = await connection.fetchrow(SQL["by_key"], idempotency_key)
    if known is not None:
        if orjson.loads(known["detail"]) != request:
            raise IdempotencyKeyReused
        return job_of(known)
    tenant = await connection.fetchrow(SQL["lock_tenant"], tenant_id)
    if tenant is None:
        await connection.execute(SQL["add_tenant"], tenant_id, request["host"], request["name"])
    elif tenant["host"] != request["host"]:
        raise TenantExists(f"{tenant_id} exists with the host {tenant['host']}.")
    elif tenant["state"] in (TenantState.EXPORTING, TenantState.ERASING):
        raise TenantExists(f"{tenant_id} is being deleted.")
    elif tenant["state"] != TenantState.PROVISIONING:
        return None
    making = await connection.fetchrow(SQL["of_life"], tenant_id)
    if making is None:
        await connection.execute(
            SQL["add"], job_id, tenant_id, "provision", orjson.dumps(request), secrets_sealed, idempotency_key
        )
        making = await connection.fetchrow(SQL["one"], job_id)
    elif orjson.loads(making["detail"]) != request:
        raise TenantExists(f"{tenant_id} is being made by another request.")
    return job_of(making)
