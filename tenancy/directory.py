"""A snapshot of the directory, kept in memory by every replica: no request waits for the control database.

The feed looks for a new version twice a second. A tenant or key that the snapshot does not know makes it
look at once (at most ten times a second), so that a tenant made a moment ago is served.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog

from schemas.ids import TenantId
from schemas.problems import KeyInvalid, ScopeMissing, TenantMismatch, TenantRequired, TenantSuspended, TenantUnknown
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.directory import DirectoryReader, DirectoryRows, KeyRecord, SigningKeyRecord, TenantRecord
from tenancy.keys import hash_key

_LOOK_AGAIN_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory as of one version, indexed for look-up."""

    version: int
    by_id: dict[str, TenantRecord]
    by_host: dict[str, TenantRecord]
    keys: dict[bytes, KeyRecord]
    signing_keys: dict[str, SigningKeyRecord]

    @classmethod
    def of(cls, rows: DirectoryRows) -> "Directory":
        """Index what was read."""
        return cls(
            rows.version,
            {tenant.tenant_id: tenant for tenant in rows.tenants},
            {tenant.host: tenant for tenant in rows.tenants},
            {key.key_hash: key for key in rows.keys},
            {key.kid: key for key in rows.signing_keys},
        )

    def signing_key_of(self, tenant_id: TenantId) -> SigningKeyRecord:
        """Give the newest token key of a tenant; provisioning made one before the tenant became active."""
        return [key for key in self.signing_keys.values() if key.tenant_id == tenant_id][-1]


EMPTY = Directory(0, {}, {}, {}, {})


class DirectoryFeed:
    """Keeps a snapshot current and answers from it."""

    def __init__(self, reader: DirectoryReader, refresh_seconds: float) -> None:
        self._reader = reader
        self._refresh_seconds = refresh_seconds
        self._looked_at = 0.0
        self._looking = asyncio.Lock()
        self.snapshot = EMPTY

    async def run(self) -> None:
        """Follow the directory until cancelled; while the control database is away the last snapshot serves."""
        while True:
            try:
                await self.refresh()
            except CONNECTION_LOST as error:
                log.warning("directory_unreachable", error=repr(error))
            await asyncio.sleep(self._refresh_seconds)

    async def refresh(self) -> None:
        """Take a new snapshot if the directory changed."""
        self._looked_at = time.monotonic()
        if await self._reader.version() != self.snapshot.version:
            self.snapshot = Directory.of(await self._reader.rows())

    async def _look_again(self) -> None:
        """Look after a miss, unless somebody has done so since."""
        missed_at = time.monotonic()
        async with self._looking:
            if self._looked_at >= missed_at:
                return
            await asyncio.sleep(max(0.0, self._looked_at + _LOOK_AGAIN_SECONDS - time.monotonic()))
            try:
                await self.refresh()
            except CONNECTION_LOST as error:
                log.warning("directory_unreachable", error=repr(error))

    async def resolve(self, *, host: str, header: str | None, token_tenant: str | None = None) -> TenantRecord:
        """Find the one tenant that the host, the X-Tenant-ID header and the token name.

        Raises:
            TenantRequired: none of them names one.
            TenantUnknown: a name is no tenant's.
            TenantMismatch: they name different ones.
            TenantSuspended: the tenant may not be served.
        """
        named = self._named(host, header, token_tenant)
        if named is None:
            await self._look_again()
            named = self._named(host, header, token_tenant)
        if named is None:
            raise TenantUnknown if header or token_tenant else TenantRequired
        if named.state == "suspended":
            raise TenantSuspended
        return named

    def _named(self, host: str, header: str | None, token_tenant: str | None) -> TenantRecord | None:
        by_host = self.snapshot.by_host.get(host)
        tenant_id = header or token_tenant or (by_host.tenant_id if by_host else None)
        if tenant_id is None:
            return None
        if (token_tenant or tenant_id) != tenant_id or (by_host is not None and by_host.tenant_id != tenant_id):
            raise TenantMismatch
        return self.snapshot.by_id.get(tenant_id)

    async def key(self, text: str, *, scope: str) -> KeyRecord:
        """Find a key that may do something.

        Raises:
            KeyInvalid: it is unknown or revoked.
            ScopeMissing: it may not do this.
        """
        digest = hash_key(text)
        record = self.snapshot.keys.get(digest)
        if record is None:
            await self._look_again()
            record = self.snapshot.keys.get(digest)
        if record is None:
            raise KeyInvalid
        if scope not in record.scopes:
            raise ScopeMissing(f"This key lacks the scope '{scope}'.")
        return record
