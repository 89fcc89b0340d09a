"""A snapshot of the directory, kept in memory by every replica: no request waits for the control database.

The feed looks for a new version twice a second. A tenant or key that the snapshot does not know makes it
look at once (at most ten times a second), so that a tenant made a moment ago is served; while the control database
is away, what the snapshot does not know is neither there nor not. If it is away when a replica starts, the copy that
an earlier one left on this machine's disk serves until it is back.
"""

import asyncio
import time
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import structlog

from schemas.ids import TenantId
from schemas.link_problems import LinkUnknown
from schemas.links import AppLinks, Link
from schemas.problems import (
    DirectoryUnavailable,
    KeyInvalid,
    ScopeMissing,
    TenantMismatch,
    TenantRequired,
    TenantSuspended,
    TenantUnknown,
)
from schemas.tenant_life import TenantState
from storage.directory_copy import DirectoryCopy
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.directory import (
    DirectoryReader,
    DirectoryRows,
    EndedRecord,
    EventSchemaRecord,
    KeyRecord,
    SigningKeyRecord,
    TenantRecord,
)
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
    signing_keys_of: dict[TenantId, tuple[SigningKeyRecord, ...]]
    links: dict[tuple[str, str], str]
    app_links: dict[str, str]
    event_schemas: dict[TenantId, tuple[EventSchemaRecord, ...]]
    ended_version: int
    ended: dict[tuple[str, str], int]

    @classmethod
    def of(cls, rows: DirectoryRows) -> "Directory":
        """Index what was read."""
        return cls(
            rows.version,
            {tenant.tenant_id: tenant for tenant in rows.tenants},
            {tenant.host: tenant for tenant in rows.tenants},
            {key.key_hash: key for key in rows.keys},
            {key.kid: key for key in rows.signing_keys},
            # In the order in which they sign; provisioning made one before all else.
            {tenant_id: tuple(keys) for tenant_id, keys in groupby(rows.signing_keys, key=attrgetter("tenant_id"))},
            {(link.tenant_id, link.link_id): link.definition for link in rows.links},
            {apps.tenant_id: apps.definition for apps in rows.app_links},
            {
                tenant_id: tuple(schemas)
                for tenant_id, schemas in groupby(rows.event_schemas, key=attrgetter("tenant_id"))
            },
            rows.ended_version,
            _by_subject(rows.ended),
        )

    def with_ended(self, version: int, ended: tuple[EndedRecord, ...]) -> "Directory":
        """Give the same with other tokens ended."""
        return replace(self, ended_version=version, ended=_by_subject(ended))

    def has_ended(self, tenant_id: TenantId, user_id: str, session_id: str, session_version: int) -> bool:
        """Say whether access tokens of a session, with a version of what its user may do, were ended."""
        oldest = self.ended.get((tenant_id, user_id), session_version)
        return session_version < oldest or (tenant_id, session_id) in self.ended


def _by_subject(ended: tuple[EndedRecord, ...]) -> dict[tuple[str, str], int]:
    return {(each.tenant_id, each.subject): each.version_min for each in ended}


EMPTY = Directory(0, {}, {}, {}, {}, {}, {}, {}, {}, 0, {})


class DirectoryFeed:
    """Keeps a snapshot current and answers from it."""

    def __init__(
        self, reader: DirectoryReader, copy: DirectoryCopy, refresh_seconds: float, only: TenantId | None = None
    ) -> None:
        """Follow the directory; with `only`, every other tenant is unknown to whoever calls."""
        self._only = only
        self._reader = reader
        self._copy = copy
        self._refresh_seconds = refresh_seconds
        self._looked_at = 0.0
        self._is_current = False
        self._looking = asyncio.Lock()
        self.snapshot = EMPTY
        self.used_keys: set[bytes] = set()

    async def run(self) -> None:
        """Follow the directory until cancelled; while the control database is away the last snapshot serves."""
        while True:
            await self._try_refresh()
            await asyncio.sleep(self._refresh_seconds)

    async def refresh(self) -> None:
        """Take a new snapshot if the directory changed, or of the ended tokens if only these did."""
        self._looked_at = time.monotonic()
        version, ended_version = await self._reader.version()
        if version != self.snapshot.version:
            rows = await self._reader.rows()
            self.snapshot = Directory.of(rows)
            await asyncio.to_thread(self._copy.save, rows)
        elif ended_version != self.snapshot.ended_version:
            ended = await self._reader.ended()
            self.snapshot = self.snapshot.with_ended(*ended)

    async def _try_refresh(self) -> None:
        try:
            await self.refresh()
            self._is_current = True
        except CONNECTION_LOST as error:
            self._is_current = False
            log.warning("directory_unreachable", error=repr(error))
            if self.snapshot is EMPTY and (rows := self._copy.load()):
                # Whatever version it is, the database's own replaces it.
                self.snapshot = Directory.of(replace(rows, version=EMPTY.version))

    async def _look_again(self) -> None:
        """Look after a miss, unless somebody has done so since.

        Raises:
            DirectoryUnavailable: the control database does not answer.
        """
        missed_at = time.monotonic()
        async with self._looking:
            if self._looked_at < missed_at:
                await asyncio.sleep(max(0.0, self._looked_at + _LOOK_AGAIN_SECONDS - time.monotonic()))
                await self._try_refresh()
        if not self._is_current:
            raise DirectoryUnavailable

    async def resolve(self, *, host: str, header: str | None, token_tenant: str | None = None) -> TenantRecord:
        """Find the one tenant that the host, the X-Tenant-ID header and the token name.

        Raises:
            TenantRequired: none of them names one.
            TenantUnknown: a name is no tenant's, or not that of the one tenant that is served here.
            TenantMismatch: they name different ones.
            TenantSuspended: the tenant may not be served, or is being deleted.
            DirectoryUnavailable: it cannot be told at the moment; so `key` and `link`.
        """
        named = self._named(host, header, token_tenant)
        if named is None:
            await self._look_again()
            named = self._named(host, header, token_tenant)
        if named is None:
            raise TenantUnknown if header or token_tenant else TenantRequired
        if self._only not in {None, named.tenant_id}:
            raise TenantUnknown("The tenant is not served here: these replicas are another's alone.")
        if named.state == TenantState.EXPORTING:
            raise TenantSuspended("The tenant is being deleted.")
        if named.state != TenantState.ACTIVE:
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

    def is_served(self, tenant_id: TenantId) -> bool:
        """Say whether a tenant is still served: asked by answers that go on for long."""
        tenant = self.snapshot.by_id.get(tenant_id)
        return tenant is not None and tenant.state == TenantState.ACTIVE

    def is_gone(self, tenant_id: TenantId) -> bool:
        """Say whether a tenant that was there is not any more; False while the directory does not answer."""
        return self._is_current and tenant_id not in self.snapshot.by_id

    async def key(self, text: str, *, scope: str, kind: str | None = None) -> KeyRecord:
        """Find a key that may do something; of another kind than the one that is asked for, there is none.

        Raises:
            KeyInvalid: it is unknown or revoked.
            ScopeMissing: it may not do this.
        """
        digest = hash_key(text)
        record = self.snapshot.keys.get(digest)
        if record is None:
            await self._look_again()
            record = self.snapshot.keys.get(digest)
        if record is None or kind not in (None, record.kind):
            raise KeyInvalid
        self.used_keys.add(digest)
        if scope not in record.scopes:
            raise ScopeMissing(f"This key lacks the scope '{scope}'.")
        return record

    def has_key(self, record: KeyRecord) -> bool:
        """Say whether a key has not been revoked since, as far as this replica knows."""
        return record.key_hash in self.snapshot.keys

    async def signing_key(self, kid: str) -> SigningKeyRecord | None:
        """Find a token key; None if there is none."""
        record = self.snapshot.signing_keys.get(kid)
        if record is None:
            await self._look_again()
            record = self.snapshot.signing_keys.get(kid)
        return record

    async def link(self, tenant_id: TenantId, link_id: str) -> Link:
        """Find a tracking link of a tenant.

        Raises:
            LinkUnknown: there is none.
        """
        definition = self.snapshot.links.get((tenant_id, link_id))
        if definition is None:
            await self._look_again()
            definition = self.snapshot.links.get((tenant_id, link_id))
        if definition is None:
            raise LinkUnknown
        return Link.model_validate_json(definition)

    def app_links(self, tenant_id: TenantId) -> AppLinks:
        """Give the apps that open a tenant's links; most tenants have none."""
        return AppLinks.model_validate_json(self.snapshot.app_links.get(tenant_id, "{}"))
