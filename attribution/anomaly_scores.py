"""What an anomaly model is told of installs, from what was decided of them; and the score back into the results.

The facts are those of training, as far as one conversion's case has them: what stands behind an address where the fraud
rules have looked it up, and nothing of the other installs of its site. What is not known counts as usual.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from attribution.fraud.facts import address_names
from attribution.fraud.geography import distance_km
from attribution.fraud.sight import INSTALLS
from attribution.learned_credits import journey_touches
from attribution.ml.install_tables import InstallFactTable
from attribution.ml.journey_table import numbered
from schemas.fraud import AnomalyScore, FraudFacts
from schemas.results import AttributionOutcome, AttributionResult
from schemas.touchpoints import ConversionCase, TouchType

_HOUR = timedelta(hours=1)
_UNKNOWN = float("nan")
_NUMBERS = 7
"""Of each install; words come beside them."""


@dataclass(frozen=True, slots=True)
class CallInstalls:
    """The installs among the results of one call: their conversion ids, and as columns, in the same order."""

    conversion_ids: tuple[str, ...]
    table: InstallFactTable

    def __len__(self) -> int:
        return len(self.conversion_ids)


def installs_of(cases: Sequence[ConversionCase], outcomes: Sequence[AttributionOutcome]) -> CallInstalls:
    """Find the installs in what was decided of cases, both in the same order."""
    found = {
        each.conversion_id: (case, each)
        for case, each in zip(cases, outcomes, strict=True)
        if isinstance(each, AttributionResult) and each.conversion_type in INSTALLS
    }
    return CallInstalls(tuple(found), _table(tuple(found.values())))


def with_score(outcome: AttributionOutcome, scores: Mapping[str, AnomalyScore]) -> AttributionOutcome:
    """Add to a result what its install scored."""
    score = scores.get(outcome.conversion_id)
    return replace(outcome, anomaly=score) if score and isinstance(outcome, AttributionResult) else outcome


def questioned(cases: Iterable[ConversionCase], scores: Mapping[str, AnomalyScore]) -> dict[str, ConversionCase]:
    """Give the cases that are to be decided again, told of scores above their threshold; and those that inherit.

    Cases stand after those from which they inherit.
    """
    again: dict[str, ConversionCase] = {}
    for case in cases:
        conversion_id = case.conversion.conversion_id
        score = scores.get(conversion_id)
        if score is not None and score.score > score.threshold:
            again[conversion_id] = replace(case, fraud=replace(case.fraud or FraudFacts(), anomaly=score))
        elif any(origin in again for origin in case.origins if isinstance(origin, str)):
            again[conversion_id] = case
    return again


def _table(installs: Sequence[tuple[ConversionCase, AttributionResult]]) -> InstallFactTable:
    rows = np.array([_numbers(case, result) for case, result in installs], np.float64).reshape(-1, _NUMBERS)
    facts = [case.conversion.facts for case, _ in installs]
    platforms, platform = numbered(each.platform for each in facts)
    os_versions, os_version = numbered(each.os_version for each in facts)
    app_versions, app_version = numbered(each.app_version for each in facts)
    happened_at, ctit_seconds, candidates, clicks, address_installs, address_devices, km = rows.T
    return InstallFactTable(
        happened_at=happened_at,
        ctit_seconds=ctit_seconds,
        candidates=candidates,
        clicks_last_hour=clicks,
        address_installs=address_installs,
        address_devices=address_devices,
        new_device_share=np.full(len(installs), _UNKNOWN),
        distance_km=km,
        platforms=platforms,
        platform=platform,
        os_versions=os_versions,
        os_version=os_version,
        app_versions=app_versions,
        app_version=app_version,
        flagged=np.zeros(len(installs), np.bool_),
    )


def _numbers(case: ConversionCase, result: AttributionResult) -> tuple[float, ...]:
    at = case.conversion.conversion_time
    touches = journey_touches(result)
    clicks = [each for each in touches if each.touch_type is TouchType.CLICK and at - each.touch_time <= _HOUR]
    claiming = next((each for each in touches if each.touch_id == result.attributed_touch_id), None)
    km = distance_km(claiming.country, case.conversion.facts.country) if claiming else None
    return (
        at.timestamp(),
        _UNKNOWN if result.ctit_seconds is None else result.ctit_seconds,
        float(len(touches)),
        float(len(clicks)),
        *_behind_the_address(case),
        _UNKNOWN if km is None else km,
    )


def _behind_the_address(case: ConversionCase) -> tuple[float, float]:
    """Count installs and their devices behind the same address in the hour before, itself included."""
    conversion = case.conversion
    if not address_names(conversion.facts):
        return 1.0, 1.0
    if case.fraud is None or not case.fraud.same_ip:
        # It would be among them if anybody had looked.
        return _UNKNOWN, _UNKNOWN
    at = conversion.conversion_time
    near = [each for each in case.fraud.same_ip if timedelta(0) <= at - each.install_time <= _HOUR]
    return float(max(len(near), 1)), float(max(len({each.device for each in near}), 1))
