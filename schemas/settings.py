"""Settings, in frozen groups. A class is handed the group it needs; nothing else reads the environment.

Every value can be set by an environment variable: `UNMOGROW_<GROUP>__<FIELD>`, for example
`UNMOGROW_PORTS__TENANT=18080`; the two database URLs also by their plain names.
"""

from base64 import b64decode
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.access_settings import AuthSettings, MailSettings
from schemas.ids import TenantId
from schemas.learning_settings import LakeSettings, LearningSettings
from schemas.listening_settings import EdgeSettings, PortSettings, TlsSettings
from schemas.placement_settings import PlacementSettings
from schemas.settings_group import SettingsGroup

_CREDENTIALS = (
    *("postgres_url", "clickhouse_url"),
    *("secret_key", "secret_key_previous", "provisioner_password", "operator_key"),
)


class MemorySettings(SettingsGroup):
    """Bounds on what the parts of the embedded stack may take."""

    object_store_bytes: int = Field(
        default=96 * 1024**2, description="Batches are small; Ray's minimum is about 75 MB."
    )
    clickhouse_bytes: int = Field(2 * 1024**3, description="Bound of the engine's queries and caches together.")
    postgres_shared_bytes: int = Field(64 * 1024**2, description="The spool is written once and read once.")


class PostgresSettings(SettingsGroup):
    """How tenants' databases are reached."""

    pool_connections_max: int = Field(
        default=4, description="Per tenant and process; commits are grouped, so few suffice."
    )
    shard_connections_max: int = Field(
        default=3,
        description="The same for a shard: one of them is for commits alone. A host may have hundreds of shards.",
    )
    patience_seconds: float = Field(
        default=0.05, description="Whoever waits for the first connection so long opens another: 20 ms, and 5 MB."
    )
    idle_seconds: float = Field(60.0, description="An idle connection is closed after this long.")
    extra_idle_seconds: float = Field(
        default=5.0, description="The same for all but the first one: a tenant that sends little has no use for them."
    )
    statement_seconds: float = Field(10.0, description="A statement that takes longer is broken off.")
    connect_seconds: float = Field(3.0, description="A health call must not hang on a server that is away.")

    def for_shards(self) -> Self:
        """Give the same, with the pool that a shard has for all but its commits."""
        return self.model_copy(update={"pool_connections_max": self.shard_connections_max - 1})


class ClickHouseSettings(SettingsGroup):
    """How the event store is used."""

    insert_seconds: float = Field(60.0, description="An insert without an answer by then is sent again.")
    query_seconds: float = Field(10.0, description="A report that takes longer is broken off.")
    journeys_seconds: float = Field(
        default=30.0, description="The same for journeys: reading a million of them takes a few seconds on one core."
    )
    query_threads: int = Field(
        default=1, description="Three reading threads make inserts 2.3 times slower on two cores."
    )
    dedup_window_blocks: int = Field(
        default=10_000, description="How many insert tokens a table remembers per partition."
    )
    query_memory_bytes: int = Field(
        default=1536 * 1024**2, description="What one question may take: the rest of the engine is for inserts."
    )
    query_read_rows_max: int = Field(
        default=10**9, description="Rows that one question may read: a hundred times what takes a second."
    )
    has_users: bool = Field(
        default=False,
        description="Whether each tenant is a user of the server. One machine finds out by asking; a cluster is told.",
    )
    query_result_rows_max: int = Field(
        default=10**7, description="Rows that one answer may have: journeys, the largest, have up to 5 million."
    )


class ActorSettings(SettingsGroup):
    """Tenants' hosts, and the loops of each shard in them."""

    hosts: int = Field(1, description="Processes that tenants of one shard share: one fills a core.")
    flush_rows: int = Field(100_000, description="So many rows go to ClickHouse without waiting for more.")
    flush_seconds: float = Field(1.0, description="The longest that rows wait for company before an insert.")
    conversion_flush_seconds: float = Field(0.1, description="The same when a conversion waits for its result.")
    insert_rest_seconds: float = Field(
        default=0.5, description="Least rest between two inserts of one tenant: bounds its parts."
    )
    insert_rest_factor: float = Field(
        default=2.0,
        description="A host's rest in multiples of what its last insert took: a busy store gets fewer, larger ones.",
    )
    insert_rest_seconds_max: float = Field(1.5, description="Longest such rest: results wait for it.")
    insert_lull_seconds: float = Field(
        default=0.2, description="A tenth of `flush_rows` to which nothing was added for so long goes without a rest."
    )
    insert_wait_seconds_max: float = Field(
        default=2.0, description="Whoever has waited so long for a host's inserts has no rest to wait for."
    )
    spool_bytes_max: int = Field(
        512 * 1024**2, description="Compressed backlog past which a tenant gets 429; shards share it."
    )
    spool_age_seconds_max: float = Field(
        default=3_600.0, description="Age of the backlog past which a tenant gets 429."
    )
    keep_hours: float = Field(
        default=24.0, description="Stored rows stay this long: ClickHouse does not fsync by default."
    )
    attribution_rows: int = Field(1_000, description="Conversions sent to the pool in one call.")
    attribution_tries_max: int = Field(
        default=3, description="Failed tries of one conversion before it is set apart; the others do not wait."
    )
    publish_rows: int = Field(5_000, description="Results sent to the reports' table at once: about 5 MB of JSON.")
    publish_rest_seconds: float = Field(
        default=2.0, description="Rest between two such inserts: reports may be so late, and parts stay few."
    )
    fraud_keep_seconds: float = Field(
        default=2.0, description="How long lists and flooding sites are kept: so late does a change of them apply."
    )
    fraud_review_hours: float = Field(
        default=24.0, description="How often verdicts are reviewed: flooding shows over days, not minutes."
    )
    fraud_review_days: int = Field(
        default=7, description="How far back a review of its own accord reaches: most networks bill by the week."
    )
    rollup_rest_seconds: float = Field(
        default=5.0, description="Least rest after a roll-up for reports that left no hour: each makes two parts."
    )
    rollup_rest_factor: float = Field(
        default=9.0, description="A host's rest in multiples of what the last one took: a tenth of one core at most."
    )
    idle_seconds: float = Field(
        default=900.0, description="An actor with an empty spool leaves after this long unused."
    )
    dedup_days: int = Field(30, description="How long an event id is remembered, as the contracts promise.")
    dead_letter_days: int = Field(30, description="How long a rejected event is kept to be mended and replayed.")
    dead_letters_max: int = Field(100_000, description="Of more than these, a tenant's oldest are dropped.")
    cpus: float = Field(0.05, description="Ray's book-keeping share: actors are bound by I/O, not by a core.")


class ServeSettings(SettingsGroup):
    """The HTTP planes."""

    replicas_min: int = Field(1, description="One replica fills a core; two cores run the whole stack.")
    replicas_max: int = Field(1, description="Raise with the cores of the cluster.")
    requests_ongoing_max: int = Field(
        default=500, description="Requests a replica holds before Serve sends them elsewhere."
    )
    replica_cpus: float = Field(0.1, description="Ray's book-keeping share of a replica.")
    check_seconds: float = Field(
        default=1.0, description="How often Serve looks whether a replica lives; so late does it miss a dead one."
    )
    directory_seconds: float = Field(0.5, description="How often a replica looks for changed tenants and keys.")
    append_seconds: float = Field(30.0, description="An append without an answer by then becomes a 503.")
    dedicated: dict[TenantId, str] = Field(
        default={}, description="Tenants that have replicas of their own, each with the host that leads to them (JSON)."
    )


class LimitSettings(SettingsGroup):
    """What a tenant or a key may send, where `unmogrow tenant limits` says nothing else."""

    tenant_events_per_second: float = Field(
        default=200_000.0, description="More than one machine takes: set it to what your cluster can share out."
    )
    key_events_per_second: float = Field(200_000.0, description="The same for each key.")
    tenant_requests_at_once: int = Field(
        default=200, description="Per replica: one tenant's flood must not fill it; see requests_ongoing_max."
    )
    keyless_requests_at_once: int = Field(
        default=100, description="Per replica: requests with their key in the body, read before anybody is known."
    )


class LinkSettings(SettingsGroup):
    """Tracking links."""

    journal_dir: Path | None = Field(
        None,
        description="Where clicks wait for their tenant's actor: a disk that stays. Unset: in the data folder.",
    )
    journal_bytes_max: int = Field(
        256 * 1024**2, description="Past this much, about 350,000 clicks, a replica redirects without recording."
    )
    hand_over_seconds: float = Field(
        0.2, description="How long clicks wait for company: each hand-over costs two syncs of the disk and a commit."
    )


class PoolSettings(SettingsGroup):
    """The shared attribution pool."""

    replicas_min: int = Field(1, description="One is always warm: a result is due within a second.")
    replicas_max: int = Field(2, description="Raise with the cluster.")
    requests_ongoing_target: float = Field(
        default=2.0, description="Calls that wait or run for each replica, on average: for more, one is added."
    )
    requests_ongoing_max: int = Field(
        default=32, description="Calls a replica holds, at 3 MB at most: among these, tenants have their turns."
    )
    upscale_seconds: float = Field(
        default=10.0, description="So long must calls queue, on the average of 30 s, before a replica is added."
    )
    downscale_seconds: float = Field(
        default=120.0, description="So long must replicas idle before one leaves: imports come in waves."
    )
    apart_seconds: float = Field(
        default=600.0, description="So long does a tenant whose conversions killed a replica keep to another one."
    )
    check_seconds: float = Field(
        default=1.0, description="How often Serve looks whether a replica lives; so late does it miss a dead one."
    )
    deadline_seconds: float = Field(30.0, description="A batch without an answer by then is sent again.")
    case_seconds: float = Field(
        default=5.0, description="A conversion not decided by then has failed, and the others go on: 0.3 ms is usual."
    )
    replica_cpus: float = Field(0.1, description="Ray's book-keeping share of a replica.")


class FraudSettings(SettingsGroup):
    """Previews of fraud policies."""

    preview_rows: int = Field(
        default=5_000, description="Installs that a preview judges; of more, a sample, whose error is below 1.5%."
    )
    previews_at_once: int = Field(
        default=2,
        description="Of a tenant in a replica; past it there is 429: each judges thousands of installs.",
    )
    preview_seconds: float = Field(default=20.0, description="A preview that takes longer is broken off.")


class ModelSettings(SettingsGroup):
    """Multi-touch models and journeys, computed while somebody waits."""

    at_once: int = Field(2, description="Questions that a replica has computed at once, each of another tenant.")
    wait_seconds: float = Field(20.0, description="A question that has not had its turn by then becomes a 503.")
    deadline_seconds: float = Field(60.0, description="A computation that takes longer is ended, and becomes a 422.")
    cache_seconds: float = Field(
        default=60.0, description="So long is an answer kept, unless anything new has been stored for the tenant."
    )
    answers_kept: int = Field(100, description="Of more than these, a replica drops the oldest.")
    task_cpus: float = Field(0.1, description="Ray's book-keeping share: computing is nice to all other work.")


class ImportSettings(SettingsGroup):
    """Bulk imports of files."""

    folder: Path | None = Field(
        None,
        description="Where files wait. Unset: `imports` in the data folder. On a cluster: storage all nodes share.",
    )
    file_bytes_max: int = Field(10 * 1024**3, description="One file as it is sent; larger ones are split.")
    unfinished_max: int = Field(20, description="Imports of one tenant that wait or run; past it a tenant gets 429.")
    at_once: int = Field(2, description="Imports that run at once, each of another tenant: each fills a core.")
    task_cpus: float = Field(0.1, description="Ray's book-keeping share of a running import.")


class TenantSettings(SettingsGroup):
    """Making, exporting and erasing tenants."""

    exports_folder: Path | None = Field(
        None,
        description="Where the archives of deleted tenants go. Unset: `exports` in the data folder.",
    )
    create_seconds: float = Field(
        default=25.0,
        description="A tenant that is not made by then gets a 503; the same request again goes on with it.",
    )
    export_query_seconds: float = Field(
        default=3_600.0, description="One partition of a table may take so long to export."
    )


class Settings(BaseSettings):
    """All groups, from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="UNMOGROW_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        # What is wrong may be beside a password, or be one.
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(
        default=Path(".local"), description="Where the embedded stack keeps its data, logs and secrets."
    )
    postgres_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("POSTGRES_URL", "postgres_url"),
        description="Administrator's URL of your own server (16 or newer). Unset: the embedded one.",
    )
    clickhouse_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("CLICKHOUSE_URL", "clickhouse_url"),
        description="URL of your own server's HTTP interface. Unset: the embedded engine.",
    )
    lake_url: str | None = Field(
        None,
        validation_alias=AliasChoices("LAKE_URL", "lake_url"),
        description="Where models learn from: a folder, or `s3://bucket/prefix`. Unset: `lake` in the data folder.",
    )
    secret_key: SecretStr | None = Field(
        None, description="32 bytes, base64: the root of every database password and sealed secret."
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="The root secret before: what was sealed under it can be read until it is sealed anew."
    )
    provisioner_password: SecretStr | None = Field(
        None, description="Password of the role that makes tenants' databases. Unset: made at first use and kept."
    )
    operator_key: SecretStr | None = Field(
        None, description="The first platform key, `pk_…`, that operators have. Unset: made at first use and kept."
    )
    ray_namespace: str = Field("unmogrow", description="Where tenant actors are named.")
    ports: PortSettings = PortSettings()
    edge: EdgeSettings = EdgeSettings()
    memory: MemorySettings = MemorySettings()
    postgres: PostgresSettings = PostgresSettings()
    clickhouse: ClickHouseSettings = ClickHouseSettings()
    actor: ActorSettings = ActorSettings()
    serve: ServeSettings = ServeSettings()
    placement: PlacementSettings = PlacementSettings()
    limits: LimitSettings = LimitSettings()
    links: LinkSettings = LinkSettings()
    pool: PoolSettings = PoolSettings()
    models: ModelSettings = ModelSettings()
    lake: LakeSettings = LakeSettings()
    learning: LearningSettings = LearningSettings()
    imports: ImportSettings = ImportSettings()
    fraud: FraudSettings = FraudSettings()
    tenants: TenantSettings = TenantSettings()
    auth: AuthSettings = AuthSettings()
    tls: TlsSettings = TlsSettings()
    mail: MailSettings = MailSettings()

    @model_validator(mode="after")
    def _is_not_overheard(self) -> Self:
        if self.edge.host is not None and not self.edge.host.is_loopback and not self.tls.is_on:
            raise ValueError(
                "UNMOGROW_EDGE__HOST is no loopback address: set UNMOGROW_TLS__CERTIFICATE, or "
                "UNMOGROW_TLS__IN_FRONT=true if something before the edge ends TLS"
            )
        return self

    def without_credentials(self) -> Self:
        """Give the same without anybody's: what a process needs of them is in its backends."""
        return self.model_copy(update=dict.fromkeys(_CREDENTIALS))

    @property
    def root_secrets(self) -> tuple[bytes, bytes | None] | None:
        """The root secret and the one before the last rotation, where they are set."""
        if self.secret_key is None:
            return None
        previous = self.secret_key_previous
        return (
            b64decode(self.secret_key.get_secret_value()),
            b64decode(previous.get_secret_value()) if previous else None,
        )

    @property
    def lake_address(self) -> str:
        """Where the lake is: a folder's full path, or an address of S3."""
        url = self.lake_url or str(self.data_dir / "lake")
        return url if "://" in url else str(Path(url).absolute())

    @property
    def jobs_address(self) -> str:
        """Where Ray's job API is."""
        return self.learning.jobs_address or f"http://{self.ports.host}:{self.ports.dashboard}"

    @property
    def imports_folder(self) -> Path:
        """Where files wait for their import."""
        return self.imports.folder or self.data_dir / "imports"

    @property
    def exports_folder(self) -> Path:
        """Where the archives of deleted tenants go."""
        return self.tenants.exports_folder or self.data_dir / "exports"
