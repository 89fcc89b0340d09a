"""When two results say the same, and what differs if they do not.

Who gets a conversion, by which touch, with which assists and shares: that is the answer. Two results with the same
answer are one revision, though they may have considered other touches, or word their reasons by another policy.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

REMARKS = ("candidates", "policy_version", "model_version")
"""Fields of a result that are not part of its answer; `conversions.sql` compares without them, too."""


class Change(NamedTuple):
    """A field of the answer, before and after."""

    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields of the answer that differ between two results as they are stored, in the order of the newer."""
    fields = dict.fromkeys((*after, *before))
    return [
        Change(field, before.get(field), after.get(field))
        for field in fields
        if field not in REMARKS and before.get(field) != after.get(field)
    ]
