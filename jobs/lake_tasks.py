"""Reads many files of the lake by Ray Data: two portions at once, each by a task."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data import DataContext, TaskPoolStrategy

_BLOCK_BYTES = 16 * 1024**2
"""The object store of a small machine takes 96 MB."""
_TASKS_AT_ONCE = 2


def read_by_tasks(portions: Sequence[pa.Table], read: Callable[[pa.Table], Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Give what tasks read of each portion, in any order; whoever asks is, or becomes, a driver of the cluster."""
    if not ray.is_initialized():
        ray.init(address="auto", log_to_driver=False, logging_level=logging.ERROR)
    _take_little()
    # Ray Data's own reader starts a process for each of the first files to look at it: dear where all are small.
    pieces = ray.data.from_arrow(list(portions)).map_batches(
        read, batch_format="pyarrow", batch_size=None, compute=TaskPoolStrategy(size=_TASKS_AT_ONCE)
    )
    yield from pieces.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


def _take_little() -> None:
    """Have Ray Data take little of the machine, and say nothing."""
    context: Any = DataContext.get_current()
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False
    context.print_on_execution_start = False
