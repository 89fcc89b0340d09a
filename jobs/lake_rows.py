"""Reads a tenant's days from the lake a few megabytes at a time, as columns: where they are many, by tasks of Ray.

What a row is reduced to, whoever reads it does; who asks gets one small table after another, in any order.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.learning_columns import text_hashes
from storage.lake.lake import Lake
from storage.lake.manifest import Dataset, LakeFile, Manifest

_ROWS_AT_ONCE = 65_536
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
    """The days of one tenant in the lake from which is read, both ends included.

    Files of `task_bytes` are a task: fewer are read by whoever asks, as a process starts as long as it reads those.
    """

    lake: Lake
    manifest: Manifest
    first: date
    last: date
    task_bytes: int

    @classmethod
    def newest(cls, lake: Lake, manifest: Manifest, days: int, task_bytes: int) -> "Days | None":
        """Take the last days that there are; None of an empty manifest."""
        if not manifest.files:
            return None
        last = max(file.date for file in manifest.files)
        return cls(lake, manifest, last - timedelta(days=days - 1), last, task_bytes)

    def rows(
        self, dataset: Dataset, columns: Sequence[str], reduced: Callable[[pa.Table], pa.Table]
    ) -> Iterator[pa.Table]:
        """Give what each piece of the rows is reduced to."""
        files = [
            file for file in self.manifest.files if file.dataset == dataset and self.first <= file.date <= self.last
        ]
        portions = [pa.table({"path": paths}) for paths in self._portions(files)]
        read = _Read(self.lake, tuple(columns), reduced)
        if len(portions) > 1:
            # Here and not above: it takes seconds and 100 MB, which most tenants' days need not.
            from jobs.lake_tasks import read_by_tasks  # noqa: PLC0415

            yield from read_by_tasks(portions, read)
        elif portions:
            yield from read(portions[0])

    def _portions(self, files: Sequence[LakeFile]) -> Iterator[list[str]]:
        """Cut files into portions for a task each."""
        portion: list[str] = []
        portion_bytes = 0
        for file in files:
            portion.append(self.lake.path(file.path))
            portion_bytes += file.size_bytes
            if portion_bytes >= self.task_bytes:
                yield portion
                portion, portion_bytes = [], 0
        if portion:
            yield portion


class _Read:
    """Reads the files of a portion, a few thousand rows at a time, and reduces each."""

    def __init__(self, lake: Lake, columns: tuple[str, ...], reduced: Callable[[pa.Table], pa.Table]) -> None:
        self._lake = lake
        self._columns = columns
        self._reduced = reduced
        # What a callable is named in Ray Data's plans.
        self.__name__ = "read"

    def __call__(self, portion: pa.Table) -> Iterator[pa.Table]:
        for path in portion["path"].to_pylist():
            with pq.ParquetFile(path, filesystem=self._lake.filesystem) as file:
                for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=list(self._columns)):
                    yield self._reduced(pa.Table.from_batches([batch]))


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
