"""Models of the global plane, as openapi/global.json says: made by `make openapi`, never edited."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from unmogrow.client.shape import Shape


class AcceptedByTenant(Shape):
    """What became of each tenant's events: as on the tenant plane, or `accepted` 0 and a problem's members."""

    tenants: dict[str, dict[str, Any]]


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class EventTypes(Shape):
    """Every event type."""

    event_types: list[str]


class EventUsage(Shape):
    """Events that came from `from` to `to`, by what became of them; accepted = stored + quarantined + waiting."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int


class Health(Shape):
    """Each part as it was measured just now."""

    status: Literal["ok", "degraded"]
    tenant: str | None = None
    components: dict[str, Literal["ok", "down"]]


class JobLine(Shape):
    """Something that a job said."""

    at: AwareDatetime
    line: str


class JobProgress(Shape):
    """
    How far a job came: steps of a tenant's life, rows and bytes of an import, conversions that were judged again.

    `current` is what it is at.
    """

    unit: Literal["steps", "rows", "conversions"]
    done: int
    total: int | None
    """Null where it is not known before the end."""
    current: str | None
    bytes_done: int | None = None
    bytes_total: int | None = None


class JobWithLogs(Shape):
    """A job, its newest log lines, and where its archive lies if it makes one."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    archive: str | None = None
    """Folder of the tenant's archive within the folder of exports."""
    logs: list[JobLine]


class MadePlatformKey(Shape):
    """A new platform key; `key` is told here and never again."""

    key_id: str
    key_prefix: str
    """The first characters of the key, to tell keys apart."""
    name: str
    scopes: list[Literal["ingest", "tenants", "usage", "models", "jobs"]]
    created_at: AwareDatetime
    last_used_on: date | None
    key: str


class NewKey(Shape):
    """What a new platform key is to be; it may have no scope that the key which makes it lacks."""

    name: str
    scopes: list[Literal["ingest", "tenants", "usage", "models", "jobs"]]


class NewTenant(Shape):
    """What a new tenant is to be."""

    tenant_id: str
    host: str
    """Host name of its site and API, in lower case, with a dot: client124.example.com."""
    name: str
    owner_email: str


class Owner(Shape):
    """The first user; the password is told once, null if the tenant was there before."""

    email: str
    password: str | None


class PlatformKey(Shape):
    """A platform key, without the key; `last_used_on` is a day (UTC), null if it was never used."""

    key_id: str
    key_prefix: str
    """The first characters of the key, to tell keys apart."""
    name: str
    scopes: list[Literal["ingest", "tenants", "usage", "models", "jobs"]]
    created_at: AwareDatetime
    last_used_on: date | None


class PlatformKeyListing(Shape):
    data: list[PlatformKey]


class StorageUsage(Shape):
    """Bytes on disk; rows of events as they lie there, repeats that are not folded yet included."""

    postgres_bytes: int
    clickhouse_bytes: int | None
    event_rows: int | None


class Tenant(Shape):
    """A tenant; a limit of null is the platform's default."""

    tenant_id: str
    host: str
    name: str
    state: Literal["provisioning", "active", "suspended", "exporting", "erasing", "gone"]
    events_per_second: float | None
    events_per_day: int | None
    shards: int
    created_at: AwareDatetime


class TenantPage(Shape):
    data: list[Tenant]
    next_cursor: str | None


class TenantPatch(Shape):
    """What is to be another; what is left out stays. A limit of null goes back to the platform's default."""

    host: str = ""
    """Host name of its site and API, in lower case, with a dot: client124.example.com."""
    name: str = ""
    events_per_second: float | None = None
    events_per_day: int | None = None
    shards: int = 1


class WaitingUsage(Shape):
    """What is accepted and not in ClickHouse now."""

    events: int
    bytes: int
    age_seconds: float


class Job(Shape):
    """Work on a tenant that outlives the request that asked for it."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class JobPage(Shape):
    data: list[Job]
    next_cursor: str | None


class NewTenantAnswer(Shape):
    """A tenant that can take its first event; the key and the password are told here and never again."""

    tenant_id: str
    host: str
    name: str
    write_key: str
    owner: Owner


class TenantUsage(Shape):
    """What one tenant uses; null where a server is away."""

    tenant_id: str
    state: Literal["provisioning", "active", "suspended", "exporting", "erasing", "gone"]
    events: EventUsage | None
    waiting: WaitingUsage | None
    storage: StorageUsage | None
    actors: int
    """Actors at work for it now."""


class Usage(Shape):
    """Usage by tenant, in the order of their ids; `next_cursor` leads to the next ones."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    data: list[TenantUsage]
    next_cursor: str | None
