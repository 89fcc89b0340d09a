"""The shapes of what the global plane answers to operators: tenants, keys, jobs, usage."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from schemas.learning import LearnedKind
from schemas.tenant_life import TenantState

Scope = Literal["ingest", "tenants", "usage", "models", "jobs"]
JobKind = Literal["provision", "delete", "import", "retrain", "lake_export"]
JobState = Literal["queued", "running", "done", "failed"]


class Tenant(BaseModel):
    """A tenant; a limit of null is the platform's default."""

    tenant_id: str
    host: str
    name: str
    state: TenantState
    events_per_second: float | None
    events_per_day: int | None
    shards: int
    created_at: datetime


class Owner(BaseModel):
    """The first user; the password is told once, null if the tenant was there before."""

    email: str
    password: str | None


class NewTenantAnswer(BaseModel):
    """A tenant that can take its first event; the key and the password are told here and never again."""

    tenant_id: str
    host: str
    name: str
    write_key: str
    owner: Owner


class PlatformKey(BaseModel):
    """A platform key, without the key; `last_used_on` is a day (UTC), null if it was never used."""

    key_id: UUID
    key_prefix: str = Field(description="The first characters of the key, to tell keys apart.")
    name: str
    scopes: list[Scope]
    created_at: datetime
    last_used_on: date | None


class MadePlatformKey(PlatformKey):
    """A new platform key; `key` is told here and never again."""

    key: str


class JobProgress(BaseModel):
    """How far a job came: steps, or rows and bytes of an import; `current` is what it is at.

    Within its step, a training has come to `stage_done` rows of `stage_total`.
    """

    unit: Literal["steps", "rows"]
    done: int
    total: int | None = Field(description="Null where it is not known before the end.")
    current: str | None
    bytes_done: int | None = None
    bytes_total: int | None = None
    stage_done: int | None = None
    stage_total: int | None = None


class Job(BaseModel):
    """Work on a tenant that outlives the request that asked for it; of all tenants, `tenant_id` is empty."""

    job_id: str
    tenant_id: str
    kind: JobKind
    state: JobState
    progress: JobProgress
    error: str | None = Field(description="Of a running job: why its step is tried again.")
    created_at: datetime
    finished_at: datetime | None
    model: LearnedKind | None = Field(None, description="Of a training: which kind of model.")
    verdict: str | None = Field(None, description="Of a training: what was decided about its model.")


class JobLine(BaseModel):
    """Something that a job said."""

    at: datetime
    line: str


class JobWithLogs(Job):
    """A job, its newest log lines, and where its archive lies if it makes one."""

    archive: str | None = Field(None, description="Folder of the tenant's archive within the folder of exports.")
    logs: list[JobLine]


class EventUsage(BaseModel):
    """Events that came from `from` to `to`, by what became of them; accepted = stored + quarantined + waiting."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int


class WaitingUsage(BaseModel):
    """What is accepted and not in ClickHouse now."""

    events: int
    bytes: int
    age_seconds: float


class StorageUsage(BaseModel):
    """Bytes on disk; rows of events as they lie there, repeats that are not folded yet included."""

    postgres_bytes: int
    clickhouse_bytes: int | None
    event_rows: int | None


class TenantUsage(BaseModel):
    """What one tenant uses; null where a server is away."""

    tenant_id: str
    state: TenantState
    events: EventUsage | None
    waiting: WaitingUsage | None
    storage: StorageUsage | None
    actors: int = Field(description="Actors at work for it now.")


class Usage(BaseModel):
    """Usage by tenant, in the order of their ids; `next_cursor` leads to the next ones."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    data: list[TenantUsage]
    next_cursor: str | None
