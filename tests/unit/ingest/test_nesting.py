"""Depth is counted without recursion."""

from typing import Any

import pytest

from ingest.nesting import nesting_levels


@pytest.mark.parametrize(
    ("value", "levels"), [(1, 0), ("[[", 0), ({}, 1), ([[]], 2), ({"a": 1, "b": {"c": [None]}}, 3)]
)
def test_levels_are_counted(value: Any, levels: int) -> None:
    """A scalar has no level, a container one more than its deepest member."""
    assert nesting_levels(value) == levels


def test_a_very_deep_value_is_counted_too() -> None:
    """100,000 levels exhaust no stack."""
    value: list[Any] = []
    for _ in range(99_999):
        value = [value]
    assert nesting_levels(value) == 100_000
