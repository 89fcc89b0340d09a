"""All that depends on the root secret in the control database: for whoever has it follow a new one."""

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "sealed.sql")


class SealedSecrets:
    """Reads and replaces sealed bytes; knows whose passwords derive from the root secret."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def tenants(self) -> list[TenantId]:
        """List the tenants that have, or are about to have, a role: all but those that are being erased."""
        async with self._control.connection() as connection:
            return [TenantId(row["tenant_id"]) for row in await connection.fetch(_SQL["tenants"])]

    async def signing_keys(self) -> list[tuple[str, str, bytes]]:
        """List tenants' token keys: id, tenant, sealed private half."""
        async with self._control.connection() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["signing_keys"])]

    async def replace_signing_key(self, kid: str, sealed: bytes) -> None:
        """Replace a sealed private half."""
        await self._execute("replace_signing_key", kid, sealed)

    async def job_secrets(self) -> list[tuple[str, bytes]]:
        """List what jobs keep for their first answers: id of the job, sealed bytes."""
        async with self._control.connection() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["job_secrets"])]

    async def replace_job_secrets(self, job_id: str, sealed: bytes) -> None:
        """Replace what a job keeps."""
        await self._execute("replace_job_secrets", job_id, sealed)

    async def _execute(self, query: str, identity: str, sealed: bytes) -> None:
        async with self._control.connection() as connection:
            await connection.execute(_SQL[query], identity, sealed)
