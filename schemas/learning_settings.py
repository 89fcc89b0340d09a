"""Settings of the lake and of learned models."""

from pydantic import Field

from schemas.settings_group import SettingsGroup


class LakeSettings(SettingsGroup):
    """The lake: each tenant's events and attributions as Parquet, from which models learn."""

    export_hours: float = Field(24.0, description="How often every tenant's new days are exported: models learn daily.")
    keep_replaced_seconds: float = Field(
        default=3_600.0, description="A replaced file stays so long: a job that reads it ends first."
    )
    files_at_once: int = Field(2, description="Days exported at once: each fills a core while it is written.")


class LearningSettings(SettingsGroup):
    """Learned models: when they are trained, and when one takes the place of another."""

    retrain_hours: float = Field(168.0, description="How often each model is trained anew: a week, as buyers plan.")
    seed: int = Field(0, description="Of every random choice of a training, unless its request names another.")
    days: int = Field(
        90, description="So far back training reads, and for pLTV 180 days more: older campaigns are no longer bought."
    )
    rows_min: int = Field(
        default=1_000,
        description="Of fewer journeys or installs a tenant has no model of its own: the global one serves.",
    )
    rows_max: int = Field(
        default=2_000_000, description="Of more, a sample drawn by person is trained on, which bounds memory to 4 GB."
    )
    task_bytes: int = Field(
        default=64 * 1024**2,
        description="Files that one task reads; fewer are read by whoever needs them: a task starts as long.",
    )
    promote_margin: float = Field(
        default=0.005,
        description="A challenger takes over when its log-loss is lower by this share, and the interval excludes 0.",
    )
    shadow_rows_min: int = Field(
        default=500, description="Journeys that came after both were trained, before a challenger is judged by them."
    )
    tick_seconds: float = Field(30.0, description="How often is looked for what is due, and for models made by hand.")
    jobs_address: str | None = Field(None, description="Where Ray's job API is. Unset: on this machine.")
    job_cpus: float = Field(0.1, description="Ray's book-keeping share of a training: it is nice to all other work.")
    trial_seconds: float = Field(
        default=60.0, description="A model that has not loaded by then does not become champion: a second is usual."
    )
    pool_look_seconds: float = Field(1.0, description="How often a replica of the pool asks for newer champions.")
    pool_models_max: int = Field(
        default=64, description="Models a replica keeps loaded, at 1 MB or so; one more takes the place of the stalest."
    )
    keeper_bytes_max: int = Field(
        default=64 * 1024**2, description="Artifacts that their keeper remembers; others are read from the lake again."
    )
    deadline_seconds: float = Field(
        default=2.0,
        description="Credits and scores of a batch that are not there by then are left out: the rules' results stand.",
    )
