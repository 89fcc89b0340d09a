"""Spans and windows are said as people say them."""

from datetime import timedelta

import pytest

from attribution.explanations import duration, window_name


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.4, "less than 1 s"),
        (45, "45 s"),
        (61, "1 min 1 s"),
        (7_800, "2 h 10 min"),
        (7_205, "2 h"),
        (259_200, "3 d"),
        (270_000, "3 d 3 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    """Two units at most, the second left out where it is zero."""
    assert duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(604_800, "7-day"), (86_400, "24-hour"), (129_600, "36-hour"), (5_400, "90-minute"), (45, "45-second")],
)
def test_a_window_is_named_as_the_field_names_it(seconds: int, said: str) -> None:
    """Whole days beyond one, else whole hours, else minutes."""
    assert window_name(timedelta(seconds=seconds)) == said
