"""Makes a tenant whole: database, role, tables, keys, owner. One function, used by everything that makes tenants.

Every step may be repeated, so that a run that was broken off is finished by running it again. The tenant is
let in last: until then no request finds it.
"""

import asyncio
import secrets
from dataclasses import dataclass, field

from schemas.access_problems import UserExists
from schemas.backends import Backends
from schemas.ids import TenantId, parse_tenant_id
from schemas.problems import TenantUnknown
from schemas.settings import AuthSettings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.schema import ensure_tables
from storage.postgres.admin import PostgresAdministrator
from storage.postgres.audit import OPERATOR, AuditEntry, AuditLog, Origin
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader, DirectoryRows, DirectoryWriter, KeyRecord, TenantRecord
from storage.postgres.users import Users
from storage.spool.layout import Layout
from tenancy.key_rotation import KeyRotation
from tenancy.keys import SHOWN_CHARS, hash_key, make_key
from tenancy.passwords import Passwords
from tenancy.sealing import Sealer
from tenancy.tokens import new_signing_key

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class TenantRequest:
    """What a new tenant is to be."""

    tenant_id: str
    host: str
    name: str
    owner_email: str


@dataclass(frozen=True, slots=True)
class ProvisionedTenant:
    """A tenant that can take its first event. Key and password are in clear here and nowhere else.

    `owner_password` is None when the owner was there before: a password is never read back.
    """

    tenant_id: TenantId
    host: str
    name: str
    write_key: str = field(repr=False)
    owner_email: str
    owner_password: str | None = field(repr=False)


class Provisioner:
    """Makes tenants and platform keys, with an administrator's hands."""

    def __init__(
        self,
        administrator: PostgresAdministrator,
        databases: Databases,
        store: ClickHouse,
        backends: Backends,
        auth: AuthSettings,
    ) -> None:
        self._administrator = administrator
        self._databases = databases
        self._store = store
        self._sealer = Sealer(backends)
        self._passwords = Passwords(auth)
        self._auth = auth

    async def prepare_platform(self) -> None:
        """Make the control database, as far as it is missing."""
        await self._administrator.ensure_control()

    async def create_platform_key(self) -> str:
        """Make a key for the global plane's ingest."""
        key = make_key("platform")
        record = KeyRecord(hash_key(key), None, "platform", frozenset({"ingest"}))
        await DirectoryWriter(self._databases.control()).add_key(record, key[:SHOWN_CHARS])
        return key

    async def renew_tenants(self) -> None:
        """Bring the databases, tables and layouts of all tenants to what this code and the directory say."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def renew(tenant: TenantRecord) -> None:
            async with gate:
                await self._administrator.migrate_tenant(tenant.tenant_id)
                await self._administrator.ensure_audit(tenant.tenant_id, self._auth.audit_days)
                await ensure_tables(self._store, tenant.tenant_id)
                await self._lay_out(tenant)

        await asyncio.gather(*map(renew, (await self._directory_rows()).tenants))

    async def set_limits(
        self,
        tenant_id: TenantId,
        *,
        events_per_second: float | None = None,
        events_per_day: int | None = None,
        shards: int | None = None,
    ) -> bool:
        """Set what a tenant may send (None: the default) and its shards (None: as they are); False if it is unknown.

        The directory keeps what was asked for, the tenant's own database what is. A run that was broken off between the
        two has changed nothing yet; the next one, or `renew_tenants`, finishes it.
        """
        directory = DirectoryWriter(self._databases.control())
        tenant = await directory.set_limits(
            tenant_id, events_per_second=events_per_second, events_per_day=events_per_day, shards=shards
        )
        if tenant is None:
            return False
        await self._lay_out(tenant)
        return True

    async def rotate_keys(self, tenant_id: TenantId, *, at_once: bool) -> None:
        """Rotate the key of a tenant's tokens, or replace all of them at once.

        Raises:
            TenantUnknown: there is no such tenant.
            RotationUnderWay: see `KeyRotation.rotate`.
        """
        if all(tenant.tenant_id != tenant_id for tenant in (await self._directory_rows()).tenants):
            raise TenantUnknown
        rotation = KeyRotation(self._databases, self._sealer, self._auth)
        action = "signing-key.replace" if at_once else "signing-key.rotate"
        log = AuditLog(self._databases.tenant(tenant_id))
        async with log.announced(AuditEntry(OPERATOR, Origin(), action, tenant_id)):
            await (rotation.replace if at_once else rotation.rotate)(tenant_id)

    async def _lay_out(self, tenant: TenantRecord) -> None:
        database = self._databases.tenant(tenant.tenant_id)
        await Layout(database).change(tenant.shards)
        await database.close()

    async def _directory_rows(self) -> DirectoryRows:
        return await DirectoryReader(self._databases.control()).rows()

    async def create_tenant(self, request: TenantRequest) -> ProvisionedTenant:
        """Make a tenant and answer when its first event can be sent; running it again adds a write key.

        Raises:
            TenantIdInvalid: the id is none.
            TenantExists, HostTaken: it contradicts a tenant that is there.
        """
        tenant_id = parse_tenant_id(request.tenant_id)
        directory = DirectoryWriter(self._databases.control())
        record = await directory.claim(tenant_id, request.host, request.name)
        await self._administrator.ensure_tenant(tenant_id)
        await self._administrator.ensure_audit(tenant_id, self._auth.audit_days)
        await ensure_tables(self._store, tenant_id)
        await directory.add_signing_key(new_signing_key(tenant_id, self._sealer))
        write_key = make_key("write")
        key = KeyRecord(hash_key(write_key), tenant_id, "write", frozenset({"ingest"}))
        await directory.add_key(key, write_key[:SHOWN_CHARS])
        password = await self._add_owner(tenant_id, request.owner_email)
        await directory.activate(tenant_id)
        return ProvisionedTenant(tenant_id, record.host, record.name, write_key, request.owner_email, password)

    async def _add_owner(self, tenant_id: TenantId, email: str) -> str | None:
        password = secrets.token_urlsafe(12)
        users = Users(self._databases.tenant(tenant_id))
        try:
            await users.add(email, await self._passwords.hash(password), "owner")
        except UserExists:
            return None
        return password
