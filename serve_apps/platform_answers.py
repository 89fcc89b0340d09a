"""The shapes of what the global plane answers to operators: tenants, keys, jobs, usage."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from schemas.learning import LearnedKind
from schemas.tenant_life import TenantState

Scope = Literal["ingest", "tenants", "usage", "models", "jobs"]
JobKind = Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
JobState = Literal["queued", "running", "done", "failed"]


class Tenant(BaseModel):
    """A tenant; a limit of null is the platform's default."""

    tenant_id: str
    host: str
    name: str
    state: TenantState
    events_per_second: float | None
    events_per_day: int | None
    requests_at_once: int | None = Field(description="Open at each replica.")
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
    """How far a job came: steps of a tenant's life, rows and bytes of an import, conversions that were judged again.

    `current` is what it is at; within its step, a training has come to `stage_done` rows of `stage_total`.
    """

    unit: Literal["steps", "rows", "conversions"]
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
    """What is accepted and not in ClickHouse now, and conversions that wait for their first result."""

    events: int
    bytes: int
    age_seconds: float
    conversions: int


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


class ReplicaLoad(BaseModel):
    """A replica of the attribution pool, with the calls that wait in it or are being decided."""

    pid: int
    begun_at: datetime
    calls_open: int
    conversions_decided: int = Field(description="Since it began.")


class Pool(BaseModel):
    """The attribution pool: as Serve sees it, and its replicas as they see themselves."""

    status: str = Field(description="Serve's word: HEALTHY, UPDATING, UPSCALING, DOWNSCALING, UNHEALTHY; AWAY if none.")
    message: str
    replicas: dict[str, int] = Field(description="How many there are by Serve's state: RUNNING, STARTING, STOPPING.")
    replicas_min: int
    replicas_max: int
    loads: list[ReplicaLoad] = Field(description="Of the replicas that answered at once.")


class Actor(BaseModel):
    """An actor at work: one shard of a tenant, in the process that serves its place."""

    tenant_id: str
    shard: int = Field(description="From 0.")
    shards: int = Field(description="Of how many; 1 where one actor does all the tenant's work.")
    since: datetime
    place: str = Field(
        description="Name of the process: `host/<n>` is shared by tenants, `tenant/<id>/<shard>` is not."
    )


class Host(BaseModel):
    """A process that serves actors."""

    node: str
    pid: int
    begun_at: datetime
    memory_bytes: int
    shards: int = Field(description="Actors that it serves, of other pages too.")


class Actors(BaseModel):
    """Actors at work in the order of their tenants; `hosts` by place, null for a process that does not answer."""

    data: list[Actor]
    hosts: dict[str, Host | None]
    next_cursor: str | None
