"""A result as it is recorded, and as the API gives it: one JSON object with the fields' names."""

from typing import Any

import orjson

from schemas.results import AttributionResult, ResultRecord


def result_record(result: AttributionResult) -> ResultRecord:
    """Write a result."""
    return ResultRecord(
        result.conversion_id,
        result.is_organic,
        result.media_source,
        result.campaign,
        result.match_type,
        result.policy_version,
        result.model_version,
        orjson.dumps(result, default=_as_object),
    )


def _as_object(value: Any) -> dict[str, Any]:
    """Write a touchpoint, which is a tuple, as an object; of what found it, only the type by which it counts.

    Where it was, rules and models read, and its event tells.
    """
    fields: dict[str, Any] = value._asdict()
    fields["match_type"] = fields.pop("found_by")[0]
    del fields["platform"], fields["country"]
    return fields
