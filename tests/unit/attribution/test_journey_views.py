"""Journeys without a model: counted by hand over a few paths."""

from dataclasses import replace

import numpy as np

from attribution.journey_views import Assists, Link, assists, flow, lag_counts, length_counts, top_paths
from attribution.journeys import journeys_of_paths

JOURNEYS = journeys_of_paths(
    [["a", "b", "a"], ["b"], ["a", "b"], ["c", "b", "b"]], [4, 2, 0, 1], [1, 3, 5, 0], [40, 10, 0, 7]
)


def test_top_paths() -> None:
    """Most conversions first, then most people; with what they were worth."""
    paths = top_paths(JOURNEYS, 3)
    assert [each.path for each in paths] == [("a", "b", "a"), ("b",), ("c", "b", "b")]
    assert (paths[0].conversions, paths[0].nulls, paths[0].value) == (4, 1, 40)


def test_flow() -> None:
    """Whoever is at a step goes on, ends, or is past what is shown; converters are told apart at the end."""
    links = flow(JOURNEYS, 2)
    assert set(links) == {
        Link(1, "a", "b", 10, 4),
        Link(1, "b", "(conversion)", 2, 2),
        Link(1, "b", "(null)", 3, 0),
        Link(1, "c", "b", 1, 1),
        Link(2, "b", "(more)", 6, 5),
        Link(2, "b", "(null)", 5, 0),
    }


def test_flow_keeps_everybody() -> None:
    """Who comes to a channel at a step leaves it there."""
    links = flow(JOURNEYS, 3)
    for step in (2, 3):
        came = sum(link.people for link in links if link.step == step - 1 and not link.target.startswith("("))
        assert came == sum(link.people for link in links if link.step == step)


def test_assists() -> None:
    """A touch but not the last is an assist; a channel that never was the last has no ratio."""
    assert assists(JOURNEYS) == [
        Assists("b", 4, 3, 2, 4 / 3),
        Assists("a", 0, 4, 4, 0),
        Assists("c", 1, 0, 1, None),
    ]


def test_lengths_and_lags() -> None:
    """Journeys by touches, without gaps; conversions by the hours from first and last touch."""
    assert [(each.touches, each.conversions, each.nulls) for each in length_counts(JOURNEYS)] == [
        (1, 2, 3),
        (2, 0, 5),
        (3, 5, 1),
    ]
    timed = replace(JOURNEYS, ages=np.array([3.0, 1.0, 0.01, 0.5, 9.0, 8.0, 100.0, 0.3, 0.02]))
    lags = {each.from_hours: (each.from_first_touch, each.from_last_touch) for each in lag_counts(timed)}
    assert {hours: counts for hours, counts in lags.items() if any(counts)} == {
        0: (0, 5),
        12: (2, 2),
        72: (4, 0),
        2160: (1, 0),
    }


def test_nothing() -> None:
    """Without journeys there is nothing to see."""
    none = journeys_of_paths([], [], [], [])
    assert (top_paths(none, 5), flow(none, 2), assists(none), length_counts(none)) == ([], [], [], [])
