"""The directory of tenants in the control database: read whole by replicas, written by provisioning."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import Base64Bytes

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "directory.sql")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """A tenant as the directory knows it; `state` is a `TenantState`.

    A limit of None is the default one. `shards` is what was asked for; the tenant's own database says what is.
    `conversion_events` is what the tenant's policy says.
    """

    tenant_id: TenantId
    host: str
    name: str
    state: str
    events_per_second: float | None = None
    events_per_day: int | None = None
    requests_at_once: int | None = None
    shards: int = 1
    conversion_events: frozenset[str] = frozenset({"purchase"})


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key: SHA-256 of it, whose it is (None: the platform's), and what it may do."""

    key_hash: Base64Bytes
    tenant_id: TenantId | None
    kind: str
    scopes: frozenset[str]
    events_per_second: float | None = None
    key_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class SigningKeyRecord:
    """A tenant's token key: the private half sealed, the public half as a JWK (JSON text); when it begins to sign.

    Who enters a key leaves the time to the database.
    """

    kid: str
    tenant_id: TenantId
    private_key_sealed: Base64Bytes = field(repr=False)
    public_jwk: str
    signs_from: datetime = _BEGINNING


@dataclass(frozen=True, slots=True)
class EndedRecord:
    """Access tokens that ended before their time: those of a user below a session version, or all of a session."""

    tenant_id: TenantId
    subject: str
    version_min: int


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A tracking link: its `Link` as JSON text, opened when somebody follows it."""

    tenant_id: TenantId
    link_id: str
    definition: str


@dataclass(frozen=True, slots=True)
class AppLinksRecord:
    """A tenant's `AppLinks` as JSON text."""

    tenant_id: TenantId
    definition: str


@dataclass(frozen=True, slots=True)
class EventSchemaRecord:
    """The newest schema of the properties of a tenant's in-app event, as JSON text; on_violation: reject or flag."""

    tenant_id: TenantId
    event_name: str
    version: int
    on_violation: str
    definition: str


@dataclass(frozen=True, slots=True)
class DirectoryRows:
    """Everything a replica's snapshot is made of, as of one version."""

    version: int
    tenants: tuple[TenantRecord, ...]
    keys: tuple[KeyRecord, ...]
    signing_keys: tuple[SigningKeyRecord, ...]
    links: tuple[LinkRecord, ...]
    app_links: tuple[AppLinksRecord, ...]
    event_schemas: tuple[EventSchemaRecord, ...]
    ended_version: int = 0
    ended: tuple[EndedRecord, ...] = ()


def _key(row: Mapping[str, Any]) -> KeyRecord:
    return KeyRecord(**{**row, "scopes": frozenset(row["scopes"]), "key_id": str(row["key_id"])})


def _ended(row: Mapping[str, Any]) -> EndedRecord:
    return EndedRecord(row["tenant_id"], row["subject"], row["version_min"])


def _tenant(row: Mapping[str, Any]) -> TenantRecord:
    return TenantRecord(**{**row, "conversion_events": frozenset(row["conversion_events"])})


class DirectoryReader:
    """What every process may read of the directory."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def version(self) -> tuple[int, int]:
        """Read the numbers that grow with every change of the directory, and with every token that is ended."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["version"])
        return row["version"], row["ended"]

    async def ended(self) -> tuple[int, tuple[EndedRecord, ...]]:
        """Read which tokens were ended, and the number that goes with it."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["ended_as_of"])
        # The number comes with each row, so that both are of one moment.
        return rows[0]["version"], tuple(_ended(row) for row in rows if row["subject"] is not None)

    async def conversion_events(self, tenant_id: TenantId) -> frozenset[str]:
        """Read which later events of a tenant are conversions."""
        async with self._control.connection() as connection:
            return _tenant(await connection.fetchrow(_SQL["tenant"], tenant_id)).conversion_events

    async def rows(self) -> DirectoryRows:
        """Read the whole directory as of one moment."""
        async with (
            self._control.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version, ended_version = await connection.fetchrow(_SQL["version"])
            tenants = await connection.fetch(_SQL["tenants"])
            keys = await connection.fetch(_SQL["keys"])
            signing_keys = await connection.fetch(_SQL["signing_keys"])
            links = await connection.fetch(_SQL["links"])
            app_links = await connection.fetch(_SQL["app_links"])
            event_schemas = await connection.fetch(_SQL["event_schemas"])
            ended = await connection.fetch(_SQL["ended"])
        return DirectoryRows(
            version,
            tuple(map(_tenant, tenants)),
            tuple(map(_key, keys)),
            tuple(SigningKeyRecord(**row) for row in signing_keys),
            tuple(LinkRecord(**row) for row in links),
            tuple(AppLinksRecord(**row) for row in app_links),
            tuple(EventSchemaRecord(**row) for row in event_schemas),
            ended_version,
            tuple(map(_ended, ended)),
        )


class DirectoryWriter:
    """What provisioning and operators write; all of it may be repeated."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def set_conversion_events(self, tenant_id: TenantId, names: Collection[str]) -> None:
        """Say which later events of a tenant are conversions; replicas know within a second."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["set_conversion_events"], tenant_id, sorted(names))

    async def add_key(self, record: KeyRecord, prefix: str) -> None:
        """Enter a key, unless it is there; `prefix` is the part of it that may be shown again."""
        async with self._control.connection() as connection:
            await connection.execute(
                _SQL["add_key"],
                *(record.key_hash, prefix, record.tenant_id, record.kind, sorted(record.scopes), record.name),
            )

    async def add_signing_key(self, record: SigningKeyRecord) -> None:
        """Enter the tenant's token key, unless it has one."""
        async with self._control.connection() as connection:
            await connection.execute(
                _SQL["add_signing_key"], record.kid, record.tenant_id, record.private_key_sealed, record.public_jwk
            )
