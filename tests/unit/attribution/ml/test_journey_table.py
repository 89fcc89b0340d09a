"""Journeys in columns: choosing, joining, and new words for old."""

import numpy as np
import pytest

from attribution.ml.journey_table import JourneyTable, concat, recoded
from bench.planted_journeys import planted_journeys

DAY = 86_400.0


def table(paths: list[str], channels: tuple[str, ...] = ("a", "b", "c")) -> JourneyTable:
    lengths = [len(path) for path in paths]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    size = len(paths)
    return JourneyTable(
        channels=channels,
        touches=np.array([channels.index(step) for path in paths for step in path]),
        starts=starts,
        times=np.concatenate([np.arange(length) * DAY for length in lengths]),
        is_click=np.ones(starts[-1], bool),
        platforms=("ios",),
        platform=np.zeros(size, np.int64),
        countries=("DE",),
        country=np.zeros(size, np.int64),
        converted=np.arange(size) % 2 == 0,
        weights=np.ones(size),
    )


def paths(journeys: JourneyTable) -> list[str]:
    words = [*journeys.channels, "?"]
    steps = [words[code] for code in journeys.touches]
    return ["".join(steps[a:b]) for a, b in zip(journeys.starts[:-1], journeys.starts[1:], strict=True)]


def test_journeys_are_chosen_by_mask_or_by_index() -> None:
    """A mask keeps the order; an index gives its own order, and a journey as often as it is named."""
    made = table(["abc", "b", "ca"])
    assert paths(made.select(np.array([True, False, True]))) == ["abc", "ca"]
    chosen = made.select(np.array([2, 0, 2]))
    assert paths(chosen) == ["ca", "abc", "ca"]
    assert chosen.converted.tolist() == [True, True, True]
    assert chosen.times[:2].tolist() == [0.0, DAY]
    assert len(made.select(np.zeros(3, bool))) == 0


def test_tables_with_other_words_are_joined() -> None:
    """Each journey keeps its channels by name, and touches of no known channel stay so."""
    first, second = table(["ab"], ("a", "b")), table(["zb", "b"], ("z", "b"))
    second.touches[1] = -1
    joined = concat([first, second])
    assert joined.channels == ("a", "b", "z")
    assert paths(joined) == ["ab", "z?", "b"]
    assert joined.lengths.tolist() == [2, 2, 1]
    with pytest.raises(ValueError, match="no table"):
        concat([])


def test_a_table_that_was_cut_is_joined_again() -> None:
    """Both halves together are the whole."""
    whole = planted_journeys(300, seed=0).table
    again = concat([whole.select(np.arange(120)), whole.select(np.arange(120, 300))])
    for name in ("touches", "starts", "times", "is_click", "platform", "country", "converted", "weights"):
        assert np.array_equal(getattr(again, name), getattr(whole, name)), name


def test_words_are_found_by_name() -> None:
    """A word that is not in the target, and what was not known, become the word for that."""
    assert recoded(np.array([0, 1, 2, -1]), ("x", "y", "z"), ("z", "x"), unknown=9).tolist() == [1, 9, 0, 9]
