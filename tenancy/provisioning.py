"""Prepares the platform with an administrator's hands, and asks for tenants as the global plane does.

Tenants are made by the supervisor of their lives (`jobs.life_supervisor`), whoever asks.
"""

import uuid

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.problems import TenantUnknown
from schemas.settings import Settings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.schema import ensure_tables, tables_there
from storage.clickhouse.tenant_user import ensure_user
from storage.names import clickhouse_tables
from storage.postgres.admin import PostgresAdministrator
from storage.postgres.audit import OPERATOR, AuditEntry, AuditLog, Origin
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader, DirectoryRows, DirectoryWriter, TenantRecord
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.tenant_schemas import TenantSchemas, newest_schema
from storage.spool.layout import Layout
from telemetry.side_by_side import side_by_side
from tenancy.key_rotation import KeyRotation
from tenancy.keys import SHOWN_CHARS
from tenancy.life_jobs import LifeJobs
from tenancy.platform_keys import SCOPES, platform_key_record
from tenancy.registration import ProvisionedTenant, Registration, TenantRequest
from tenancy.sealing import Sealer
from tenancy.secret_rotation import renew_passwords, seal_anew

__all__ = ["ProvisionedTenant", "Provisioner", "TenantRequest"]


class Provisioner:
    """What the command line and the tests do to the platform."""

    def __init__(
        self, administrator: PostgresAdministrator, backends: Backends, settings: Settings, password: str
    ) -> None:
        """Take the administrator's hands, and the password of the role that makes tenants."""
        self._administrator = administrator
        self._password = password
        self._backends = backends
        self._databases = Databases(backends, settings.postgres)
        self._store = ClickHouse(backends, settings.clickhouse)
        self._tenants = TenantDatabases(backends, password)
        self._auth = settings.auth
        self._lives = LifeJobs(self._databases.control(), settings.tenants.create_seconds)

    async def prepare_platform(self) -> None:
        """Make the control database and the role that makes tenants, as far as they are missing."""
        await self._administrator.ensure_control()
        await self._administrator.ensure_provisioner(self._password)

    async def keep_operator_key(self, key: str) -> None:
        """Enter this machine's own platform key, which may do everything; if it was revoked, it stays so."""
        record = platform_key_record(key, SCOPES, "operator")
        await DirectoryWriter(self._databases.control()).add_key(record, key[:SHOWN_CHARS])

    async def renew_passwords(self) -> int:
        """Have all roles' passwords follow a new root secret; give how many tenants have one."""
        await self._administrator.ensure_control()
        return await renew_passwords(self._backends, self._databases, self._store, self._tenants)

    async def seal_anew(self) -> int:
        """Have all that is sealed follow a new root secret, which whatever runs knows; give how much that was."""
        return await seal_anew(self._backends, self._databases)

    async def renew_tenants(self) -> None:
        """Bring the databases, tables, users and layouts of all tenants to what this code and the directory say.

        A tenant that was brought there before is not looked at again, unless the event store has lost its tables.
        """
        schemas = TenantSchemas(self._databases.control())
        newest = newest_schema(self._auth.audit_days)
        brought_up, tables = await schemas.brought_up(newest), await tables_there(self._store)

        async def renew(tenant: TenantRecord) -> None:
            tenant_id = tenant.tenant_id
            if tenant_id in brought_up and tables >= set(clickhouse_tables(tenant_id).values()):
                if self._backends.clickhouse_has_users:
                    await ensure_user(self._store, self._backends, tenant_id)
                return
            await self._tenants.migrate(tenant_id)
            await self._tenants.ensure_audit(tenant_id, self._auth.audit_days)
            await ensure_tables(self._store, tenant_id)
            await ensure_user(self._store, self._backends, tenant_id)
            await lay_out(self._databases, tenant_id, tenant.shards)
            await schemas.note(tenant_id, newest)

        await side_by_side(renew, (await self._directory_rows()).tenants)

    async def rotate_keys(self, tenant_id: TenantId, *, at_once: bool) -> None:
        """Rotate the key of a tenant's tokens, or replace all of them at once.

        Raises:
            TenantUnknown: there is no such tenant.
            RotationUnderWay: see `KeyRotation.rotate`.
        """
        if all(tenant.tenant_id != tenant_id for tenant in (await self._directory_rows()).tenants):
            raise TenantUnknown
        rotation = KeyRotation(self._databases, Sealer(self._backends), self._auth)
        action = "signing-key.replace" if at_once else "signing-key.rotate"
        log = AuditLog(self._databases.tenant(tenant_id))
        async with log.announced(AuditEntry(OPERATOR, Origin(), action, tenant_id)):
            await (rotation.replace if at_once else rotation.rotate)(tenant_id)

    async def _directory_rows(self) -> DirectoryRows:
        return await DirectoryReader(self._databases.control()).rows()

    async def create_tenant(self, request: TenantRequest) -> ProvisionedTenant:
        """Make a tenant and answer when its first event can be sent; of one that is there, only a new write key.

        Raises:
            TenantIdInvalid: the id is none.
            TenantExists, HostTaken: it contradicts a tenant that is there.
            LifeUnavailable: it is not made in time; the supervisor goes on.
        """
        registration = Registration(self._databases.control(), Sealer(self._backends))
        job = await registration.claim(request, str(uuid.uuid4()))
        if job is None:
            return await registration.greet_again(request)
        return registration.answer(await self._lives.ended(job))

    async def close(self) -> None:
        """Close the connections."""
        await self._databases.close()
        await self._store.close()


async def lay_out(databases: Databases, tenant_id: TenantId, shards: int) -> None:
    """Have so many shards do a tenant's work; one that is being deleted has none, and gets none."""
    async with databases.briefly(tenant_id) as database:
        await Layout(database).change(shards)
