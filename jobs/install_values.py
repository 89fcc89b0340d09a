"""Has a pLTV model foretell a tenant's installs, and puts that into the tenant's own table: a Ray task.

An install is foretold when its first day is over. What came already stands, and at a horizon that it is old enough for
nothing else is open. Which cohort an install belongs to is asked by whoever reads; rows of one install add up to any.
"""

import time

import numpy as np
import pyarrow as pa
import structlog

from attribution.journeys import Floats
from attribution.ml.artifacts import ArtifactRefusedError, load_as
from attribution.ml.install_tables import InstallTable
from attribution.ml.pltv import PltvModel
from jobs.lake_installs import commonest_currency, days_of_installs, read_installs_of
from jobs.lake_rows import Days
from jobs.learning_columns import Hashes
from jobs.nicely import run_nicely
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import HORIZON_DAYS, ForetoldHorizon, ForetoldInstalls, ForetoldState, LearnedModelDocument
from schemas.settings import Settings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.install_values import InstallValues
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake
from telemetry.logs import configure_logs

_FIRST_DAY_DAYS = 1.0
_MOMENT = pa.timestamp("ms", "UTC")

log = structlog.get_logger()


def foretell_installs(
    backends: Backends, settings: Settings, tenant_id: TenantId, document: LearnedModelDocument, counting: int
) -> ForetoldInstalls:
    """Do the Ray task: write a snapshot of what the model foretells, and say what it holds, or why there is none.

    The one that is `counting` meanwhile stays, as a report may be reading it; those before it go.

    Raises:
        StoreAwayError: ClickHouse is away.
    """
    configure_logs()
    lake = Lake.open(settings.lake_address)
    manifest = lake.manifest(tenant_id)
    learning = settings.learning
    back = days_of_installs(learning.days)
    days = None if manifest is None else Days.newest(lake, manifest, back, learning.task_bytes)
    if days is None:
        return ForetoldInstalls(state=ForetoldState.NO_INSTALLS)
    currency = commonest_currency(days)
    if currency != (document.currency or ""):
        return ForetoldInstalls(state=ForetoldState.OTHER_CURRENCY, currency=currency, newest_day=days.last)
    try:
        model = load_as(PltvModel, Artifacts(lake).get(document.artifact.sha256))
    except (FileNotFoundError, ArtifactCorruptError, ArtifactRefusedError) as error:
        log.warning("model_unreadable", model_id=document.model_id, error=repr(error))
        return ForetoldInstalls(state=ForetoldState.UNREADABLE, newest_day=days.last)
    if not model.reaches:
        return ForetoldInstalls(state=ForetoldState.NO_COHORTS, newest_day=days.last)
    person, table = read_installs_of(days, learning.rows_max, lambda _dataset, _rows: None, currency)
    is_over = table.observed_days >= _FIRST_DAY_DAYS
    installs = table.select(is_over)
    if not len(installs):
        return ForetoldInstalls(state=ForetoldState.NO_INSTALLS, newest_day=days.last)
    # A later snapshot has a higher number, on whatever machine it is made.
    snapshot = time.time_ns() // 1_000
    rows = value_rows(person[is_over], installs, model)
    run_nicely(_write(backends, settings, tenant_id, snapshot, rows, counting))
    return ForetoldInstalls(
        state=ForetoldState.READY,
        snapshot=snapshot,
        installs=len(installs),
        currency=currency,
        newest_day=days.last,
        horizons=tuple(
            ForetoldHorizon(days=HORIZON_DAYS[place], common=reach.common, low=reach.low, high=reach.high)
            for place, reach in model.reaches.items()
        ),
    )


async def _write(
    backends: Backends, settings: Settings, tenant_id: TenantId, snapshot: int, rows: pa.Table, counting: int
) -> None:
    store = ClickHouse(backends, settings.clickhouse)
    try:
        values = InstallValues(store, tenant_id)
        await values.write(snapshot, rows)
        await values.keep_only({counting, snapshot})
    finally:
        await store.close()


def value_rows(person: Hashes, table: InstallTable, model: PltvModel) -> pa.Table:
    """Write down what is foretold of installs [I]: a list by install, a number for each horizon that has bands."""
    places = list(model.reaches)
    later, variance = model.moments_to_come(table)
    columns = {"known": table.revenue_to, "later": later, "variance": variance}
    return pa.table(
        {
            "person_key": pa.array(person, pa.uint64()),
            "installed_at": pa.array(np.round(table.installed_at * 1_000).astype("datetime64[ms]"), _MOMENT),
            **{name: _lists(each[:, places]) for name, each in columns.items()},
        }
    )


def _lists(numbers: Floats) -> pa.Array:
    rows, size = numbers.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * size)
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(numbers).reshape(-1)))
