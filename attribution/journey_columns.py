"""Journeys as the event store answers them, in Arrow, as the columns that models read: no object for any touch."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from attribution.journeys import Floats, Ints, Journeys


def folded_journeys(answer: bytes, channels: tuple[str, ...]) -> Journeys:
    """Read distinct paths: `path` (places in `channels`), `lead`, `conversions`, `nulls`, `value`. Ages are 0.

    Raises:
        pyarrow.ArrowInvalid: the bytes are no Arrow stream.
    """
    table = ipc.open_stream(answer).read_all()
    return _journeys(table, channels, _column(table, "conversions"), _column(table, "nulls"))


def timed_journeys(answer: bytes, channels: tuple[str, ...]) -> Journeys:
    """Read converting journeys, each on its own: `path`, `ages` (days), `lead`, `value`, `touch_credits` (or none).

    Raises:
        pyarrow.ArrowInvalid: the bytes are no Arrow stream.
    """
    table = ipc.open_stream(answer).read_all()
    ages = _lists(table["ages"])[1].astype(np.float64)
    journeys = _journeys(table, channels, np.ones(len(table)), np.zeros(len(table)), ages)
    return replace(journeys, touch_credits=_touch_credits(table, journeys))


def _journeys(
    table: pa.Table, channels: tuple[str, ...], conversions: Floats, nulls: Floats, ages: Floats | None = None
) -> Journeys:
    starts, touches = _lists(table["path"])
    return Journeys(
        channels=channels,
        touches=touches.astype(np.int64),
        starts=starts,
        conversions=conversions,
        nulls=nulls,
        values=_column(table, "value"),
        ages=np.zeros(len(touches)) if ages is None else ages,
        leads=_column(table, "lead").astype(np.int64),
    )


def _touch_credits(table: pa.Table, journeys: Journeys) -> Floats:
    """Spread the credits over the touches, 0 over those of journeys that have none."""
    starts, given = _lists(table["touch_credits"])
    counts = np.diff(starts)
    credits_ = np.zeros(len(journeys.touches))
    credits_[np.repeat(counts > 0, journeys.lengths)] = given
    return credits_


def _lists(column: pa.ChunkedArray) -> tuple[Ints, Floats]:
    """Give where each list begins (and the last one ends), and the values of all."""
    if not column.num_chunks:
        return np.zeros(1, np.int64), np.zeros(0)
    lists = column.combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return offsets - offsets[0], lists.flatten().to_numpy()


def _column(table: pa.Table, name: str) -> Floats:
    values: Floats = table[name].to_numpy().astype(np.float64)
    return values
