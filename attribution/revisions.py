"""When two results say the same, and what differs if they do not.

Who gets a conversion, by which touch, with which assists and shares: that is the answer. Two results with the same
answer are one revision, though they may have considered other touches, or word their reasons by another policy.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

REMARKS = ("candidates", "policy_version", "model_version", "touch_credits", "model_fallback", "anomaly")
"""Fields of a result that are not part of its answer; `conversions.sql` compares without them, too."""


class Change(NamedTuple):
    """A field of the answer, before and after."""

    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields of the answer that differ between two results as they are stored, in the order of the newer.

    A learned model that did not answer in time has not changed its mind: its credits before do not differ from none.
    """
    if after.get("model_fallback"):
        before = {**before, "credits": _without_learned(before.get("credits"))}
    fields = dict.fromkeys((*after, *before))
    return [
        Change(field, before.get(field), after.get(field))
        for field in fields
        if field not in REMARKS and before.get(field) != after.get(field)
    ]


def _without_learned(credits_by_model: Mapping[str, Any] | None) -> dict[str, Any]:
    return {model: shares for model, shares in (credits_by_model or {}).items() if model != "data_driven"}
