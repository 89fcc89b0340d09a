"""A recorded result as the row that reports and models read: flat, with the journey in parallel arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

from attribution.people import person_key
from schemas.results import BEFORE_LEARNED_MODEL, ON_THE_JOURNEY, CandidateReason

_INSTALLS = frozenset({"install", "reinstall"})
_OF_EVENT = ("received_at", "app_id", "platform", "country", "event_name", "revenue", "currency")
_OF_RESULT = (
    *("conversion_id", "conversion_type", "conversion_time", "is_organic", "media_source", "channel", "campaign"),
    *("adset", "ad", "attributed_touch_id", "attributed_touch_type", "attributed_touch_time", "match_type"),
    *("match_confidence", "ctit_seconds", "policy_version", "conversion_kind", "site_id", "install_id", "install_time"),
)


def attributed_row(event: dict[str, Any], result: dict[str, Any], revision: int) -> dict[str, Any]:
    """Make the row of one revision from the stamped event and the result, both as objects read from JSON.

    What neither has is left out: the table's defaults stand for it. An install's source is its own, so its
    `install_id` is its own id.
    """
    row = {name: event[name] for name in _OF_EVENT if event.get(name) is not None}
    if result["conversion_type"] in _INSTALLS:
        row |= {"install_id": result["conversion_id"], "install_time": result["conversion_time"]}
    row |= {"conversion_kind": result["conversion_type"], "site_id": _winning_site(result["candidates"])}
    row |= {name: result[name] for name in _OF_RESULT if result.get(name) is not None}
    row |= _fraud(result, row["site_id"])
    row |= _journey(result["candidates"], result.get("touch_credits") or {})
    row["learned_model"] = result["model_version"].partition(BEFORE_LEARNED_MODEL)[2]
    return row | {"revision": revision, "person_key": person_key(event)}


def _winning_site(candidates: Sequence[dict[str, Any]]) -> str:
    return next((each["touch"]["site_id"] for each in candidates if each["reason"] == CandidateReason.WON), "")


def _fraud(result: dict[str, Any], site_id: str) -> dict[str, Any]:
    """Tell the verdicts, and who claimed the conversion: where no rule found anything, who has it."""
    fraud = result.get("fraud") or {}
    if not fraud.get("findings"):
        claim = {
            "claimed_touch_id": result["attributed_touch_id"],
            "claimed_media_source": result["media_source"],
            "claimed_campaign": result["campaign"],
            "claimed_site_id": site_id,
            "claimed_ctit_seconds": result["ctit_seconds"],
        }
    else:
        claim = {name: value for name, value in fraud.items() if name.startswith("claimed_")}
        claim |= {"claim_verdict": fraud["verdict"], "claim_rules": fraud["rules"]}
        claim |= {"fraud_verdict": fraud["conversion_verdict"], "fraud_rules": fraud["conversion_rules"]}
        claim["if_on_media_source"] = fraud["if_on_media_source"]
    return {name: value for name, value in claim.items() if value is not None}


def _journey(candidates: Sequence[dict[str, Any]], touch_credits: Mapping[str, float]) -> dict[str, Any]:
    touches = sorted(
        (each["touch"] for each in candidates if each["reason"] in ON_THE_JOURNEY),
        key=lambda touch: (touch["touch_time"], touch["touch_id"]),
    )
    return {
        "touch_ids": [touch["touch_id"] for touch in touches],
        "touch_times": [touch["touch_time"] for touch in touches],
        "touch_types": [touch["touch_type"] for touch in touches],
        "touch_sources": [touch["media_source"] for touch in touches],
        "touch_channels": [touch["channel"] for touch in touches],
        "touch_campaigns": [touch["campaign"] for touch in touches],
        "touch_credits": [touch_credits[touch["touch_id"]] for touch in touches] if touch_credits else [],
    }
