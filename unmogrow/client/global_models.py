"""Models of the global plane, as openapi/global.json says: made by `make openapi`, never edited."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from unmogrow.client.shape import Shape


class AcceptedByTenant(Shape):
    """What became of each tenant's events: as on the tenant plane, or `accepted` 0 and a problem's members."""

    tenants: dict[str, dict[str, Any]]


class Actor(Shape):
    """An actor at work: one shard of a tenant, in the process that serves its place."""

    tenant_id: str
    shard: int
    """From 0."""
    shards: int
    """Of how many; 1 where one actor does all the tenant's work."""
    since: AwareDatetime
    place: str
    """Name of the process: `host/<n>` is shared by tenants, `tenant/<id>/<shard>` is not."""


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class AskedPlatformRollback(Shape):
    """Of which kind, and whose."""

    model: Literal["conversion", "pltv", "anomaly"]
    tenant_id: str | None = None


class CalibrationWeek(Shape):
    """What was foretold of the journeys that ended in a week, and what happened, as mean and as share."""

    week: date
    journeys: float
    predicted: float
    actual: float


class Estimate(Shape):
    """A figure with its 95 % interval, None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


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


class Host(Shape):
    """A process that serves actors."""

    node: str
    pid: int
    begun_at: AwareDatetime
    memory_bytes: int
    shards: int
    """Actors that it serves, of other pages too."""


class JobLine(Shape):
    """Something that a job said."""

    at: AwareDatetime
    line: str


class JobProgress(Shape):
    """
    How far a job came: steps of a tenant's life, rows and bytes of an import, conversions that were judged again.

    `current` is what it is at; within its step, a training has come to `stage_done` rows of `stage_total`.
    """

    unit: Literal["steps", "rows", "conversions"]
    done: int
    total: int | None
    """Null where it is not known before the end."""
    current: str | None
    bytes_done: int | None = None
    bytes_total: int | None = None
    stage_done: int | None = None
    stage_total: int | None = None


class JobWithLogs(Shape):
    """A job, its newest log lines, and where its archive lies if it makes one."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    model: Literal["conversion", "pltv", "anomaly"] | None = None
    """Of a training: which kind of model."""
    verdict: str | None = None
    """Of a training: what was decided about its model."""
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


class MetricValue(Shape):
    """
    One measure of one model on one set of rows.

    `metric` is for example `log_loss`, `auc`, `calibration_error`, `total_ratio`; `subject` is `model`, or the baseline
    that it is compared with (`last_touch`, `logistic`, `global`); `split` is `holdout` or `train`.
    """

    metric: str
    subject: str
    split: str
    estimate: Estimate


class NewKey(Shape):
    """What a new platform key is to be; it may have no scope that the key which makes it lacks."""

    name: str
    scopes: list[Literal["ingest", "tenants", "usage", "models", "jobs"]]


class NewPlatformRetrain(Shape):
    """Which model to train anew: a tenant's own, or with null the global one."""

    model: Literal["conversion", "pltv", "anomaly"]
    seed: int | None = None
    tenant_id: str | None = None


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


class PromotionShown(Shape):
    """One change of who is champion; `model_id` null: since then the scope has none."""

    model_id: str | None
    previous_model_id: str | None
    promoted_by: str
    reason: str
    at: AwareDatetime


class ReplicaLoad(Shape):
    """A replica of the attribution pool, with the calls that wait in it or are being decided."""

    pid: int
    begun_at: AwareDatetime
    calls_open: int
    conversions_decided: int
    """Since it began."""


class RolledBack(Shape):
    """Which model counts now; null: none, and the scope does without."""

    model_id: str | None


class ShadowShown(Shape):
    """
    How a challenger did on rows that came after both were trained: `difference` is its loss less the champion's.

    With a 95 % interval; below 0 the challenger is the better one. Null before there are any.
    """

    rows: int | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: str | None


class StandInShown(Shape):
    """
    Which model serves in the place of a champion that cannot be read or loaded.

    `model_id` null: none of its scope, so the global model or the rules.
    """

    model_id: str | None
    since: AwareDatetime


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
    requests_at_once: int | None
    """Open at each replica."""
    shards: int
    created_at: AwareDatetime


class TenantDrift(Shape):
    """How a model does on the newest days of one tenant that it serves, without the tenant's channels."""

    tenant_id: str
    seen_at: AwareDatetime
    newest_day: date
    """The newest day that the lake had of the tenant."""
    week: date | None
    """The newest week that is over and has 100 rows; null: there is none."""
    level: Literal["steady", "moved", "shifted"] | None
    """Null: no week has rows enough to be judged."""
    psi: dict[str, float]
    """By feature its PSI in that week; of one that there is for each channel the greatest."""


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
    requests_at_once: int | None = None
    """Open at each replica."""
    shards: int = 1


class WaitingUsage(Shape):
    """What is accepted and not in ClickHouse now, and conversions that wait for their first result."""

    events: int
    bytes: int
    age_seconds: float
    conversions: int


class Actors(Shape):
    """Actors at work in the order of their tenants; `hosts` by place, null for a process that does not answer."""

    data: list[Actor]
    hosts: dict[str, Host | None]
    next_cursor: str | None


class Job(Shape):
    """Work on a tenant that outlives the request that asked for it; of all tenants, `tenant_id` is empty."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    model: Literal["conversion", "pltv", "anomaly"] | None = None
    """Of a training: which kind of model."""
    verdict: str | None = None
    """Of a training: what was decided about its model."""


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


class PlatformDrift(Shape):
    """
    How a champion does on the newest days of the tenants that it serves; the furthest moved come first.

    `oldest_day` is the newest day of whoever has not been exported for longest. `calibration` is that of all of them.
    """

    kind: Literal["conversion", "pltv", "anomaly"]
    model_id: str
    scope: Literal["own", "global"]
    tenants_shifted: int
    oldest_day: date
    newest_day: date
    tenants: list[TenantDrift]
    calibration: list[CalibrationWeek]


class PlatformDriftListing(Shape):
    data: list[PlatformDrift]


class PlatformModel(Shape):
    """A learned model as operators see it; `tenant_id` null is the global one."""

    model_id: str
    kind: Literal["conversion", "pltv", "anomaly"]
    scope: Literal["own", "global"]
    state: Literal["challenger", "champion", "retired", "refused"]
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None
    seed: int
    code_version: str
    schema_hash: str
    metrics: list[MetricValue]
    base_model_id: str | None
    """The global model from which a tenant's own was fine-tuned, or (pLTV) which it had to beat."""
    currency: str | None
    """Of foretold revenue."""
    artifact_sha256: str
    artifact_bytes: int
    first_day: date | None
    last_day: date | None
    rows: int | None
    shadow: ShadowShown | None
    stand_in: StandInShown | None
    tenant_id: str | None
    job_id: str
    manifests: dict[str, int]
    """By tenant, the version of the lake's manifest that was read."""


class PlatformModelPage(Shape):
    data: list[PlatformModel]
    next_cursor: str | None


class PlatformModelWithHistory(Shape):
    """The same, with the history of its scope."""

    model_id: str
    kind: Literal["conversion", "pltv", "anomaly"]
    scope: Literal["own", "global"]
    state: Literal["challenger", "champion", "retired", "refused"]
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None
    seed: int
    code_version: str
    schema_hash: str
    metrics: list[MetricValue]
    base_model_id: str | None
    """The global model from which a tenant's own was fine-tuned, or (pLTV) which it had to beat."""
    currency: str | None
    """Of foretold revenue."""
    artifact_sha256: str
    artifact_bytes: int
    first_day: date | None
    last_day: date | None
    rows: int | None
    shadow: ShadowShown | None
    stand_in: StandInShown | None
    tenant_id: str | None
    job_id: str
    manifests: dict[str, int]
    """By tenant, the version of the lake's manifest that was read."""
    history: list[PromotionShown]


class Pool(Shape):
    """The attribution pool: as Serve sees it, and its replicas as they see themselves."""

    status: str
    """Serve's word: HEALTHY, UPDATING, UPSCALING, DOWNSCALING, UNHEALTHY; AWAY if none."""
    message: str
    replicas: dict[str, int]
    """How many there are by Serve's state: RUNNING, STARTING, STOPPING."""
    replicas_min: int
    replicas_max: int
    loads: list[ReplicaLoad]
    """Of the replicas that answered at once."""


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
