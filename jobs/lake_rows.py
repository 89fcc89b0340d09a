"""Reads a tenant's days from the lake by Ray Data: a few files at once, a few megabytes at a time, as columns.

What a row is reduced to, the tasks that read do; who asks gets one small table after another, in any order.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import ray.data
from numpy.typing import NDArray
from ray.data import DataContext, ExecutionResources

from jobs.learning_columns import text_hashes
from storage.lake.lake import Lake
from storage.lake.manifest import Dataset, Manifest

_BLOCK_BYTES = 16 * 1024**2
"""The object store of a small machine takes 96 MB."""
_TASKS_AT_ONCE = 2
_MICROSECONDS = 1e6

TOUCH_COLUMNS = (
    "event_id",
    "event_type",
    "event_time",
    "person_key",
    "click_id",
    "media_source",
    "platform",
    "country",
)
CONVERSION_COLUMNS = (
    "conversion_id",
    "conversion_time",
    "person_key",
    "fraud_verdict",
    "touch_ids",
    "touch_times",
    "touch_types",
    "touch_sources",
)


@dataclass(frozen=True)
class Days:
    """The days of one tenant in the lake from which is read, both ends included."""

    lake: Lake
    manifest: Manifest
    first: date
    last: date

    @classmethod
    def newest(cls, lake: Lake, manifest: Manifest, days: int) -> "Days | None":
        """Take the last days that there are; None of an empty manifest."""
        if not manifest.files:
            return None
        last = max(file.date for file in manifest.files)
        return cls(lake, manifest, last - timedelta(days=days - 1), last)

    def paths(self, dataset: Dataset) -> list[str]:
        """Name the files of a dataset, as the lake's file system opens them."""
        return [self.lake.path(path) for path in self.manifest.paths(dataset, self.first, self.last)]

    def rows(
        self, dataset: Dataset, columns: Sequence[str], reduced: Callable[[pa.Table], pa.Table]
    ) -> Iterator[pa.Table]:
        """Give what each piece of the rows is reduced to."""
        paths = self.paths(dataset)
        if not paths:
            return
        read = ray.data.read_parquet(paths, filesystem=self.lake.filesystem, columns=list(columns))
        pieces = read.map_batches(reduced, batch_format="pyarrow", batch_size=None)
        yield from pieces.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


def bound_ray_data() -> None:
    """Have Ray Data take little of the machine, and say nothing."""
    context: Any = DataContext.get_current()
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.resource_limits = ExecutionResources(cpu=_TASKS_AT_ONCE)


def touches_of(rows: pa.Table) -> pa.Table:
    """Reduce events to their touches: hashes, seconds, words."""
    touches = rows.filter(pc.is_in(rows["event_type"].cast(pa.string()), pa.array(["click", "impression"])))
    own, clicks = text_hashes(one(touches["event_id"])), text_hashes(one(touches["click_id"]))
    has_click = pc.not_equal(one(touches["click_id"]).cast(pa.string()), "")
    return pa.table(
        {
            "touch": own,
            "time": seconds(touches["event_time"]),
            "person": one(touches["person_key"]).cast(pa.uint64()),
            # Without an identity, whoever has the same click id is one person.
            "otherwise": pc.if_else(has_click, pa.array(clicks), pa.array(own)),
            "is_click": pc.equal(one(touches["event_type"]).cast(pa.string()), "click"),
            **{name: word(touches[name]) for name in ("media_source", "platform", "country")},
        }
    )


def conversions_of(rows: pa.Table) -> pa.Table:
    """Reduce conversions to their persons and touches; one that was rejected is known, but has no touches."""
    touch_ids, is_rejected = one(rows["touch_ids"]), pc.equal(rows["fraud_verdict"].cast(pa.string()), "rejected")
    lengths = pc.if_else(is_rejected, 0, pc.list_value_length(touch_ids).cast(pa.int64()))
    return pa.table(
        {
            "conversion": text_hashes(one(rows["conversion_id"])),
            "time": seconds(rows["conversion_time"]),
            "person": one(rows["person_key"]).cast(pa.uint64()),
            "length": lengths,
            **{name: one(rows[name]) for name in ("touch_ids", "touch_times", "touch_types", "touch_sources")},
        }
    )


def seconds(times: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give moments in seconds since 1970."""
    micros = one(times).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    return pc.divide(micros.cast(pa.float64()), _MICROSECONDS)


def one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def word(column: pa.ChunkedArray) -> pa.Array:
    """Give a column of texts with each text once."""
    texts = one(column)
    return texts if pa.types.is_dictionary(texts.type) else pc.dictionary_encode(texts)


def numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """Give a column of numbers as one of NumPy's."""
    return np.asarray(one(column).to_numpy(zero_copy_only=False))
