"""How deep a JSON value is."""

from typing import Any


def nesting_levels(value: Any) -> int:
    """Count the levels of objects and arrays in `value`: 0 for a scalar. Without recursion, however deep."""
    levels = 0
    level = [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        levels += 1
        level = [child for part in level for child in (part.values() if isinstance(part, dict) else part)]
    return levels
