"""What is judged of a model's drift on one tenant's days: its newest whole week of rows enough.

A drift document has `newest_day`, `weeks` (each with `week` from its Monday, `rows`, `psi` by feature) and
`calibration` (each with `week`, `journeys`, `predicted`, `actual`).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

ROWS_MIN = 100
"""Of fewer rows PSI rises by chance: such weeks are not judged, as on the tenant's own page."""

Document = Mapping[str, Any]


def judged_week(document: Document) -> Document | None:
    """Find the newest week that is over and has rows enough."""
    judged = [each for each in document["weeks"] if each["rows"] >= ROWS_MIN and _is_over(each["week"], document)]
    return max(judged, key=lambda week: str(week["week"]), default=None)


def calibration_of(document: Document, week: str) -> Document | None:
    """Find what was foretold and happened in a week."""
    return next((each for each in document["calibration"] if each["week"] == week), None)


def without_channels(psi: Mapping[str, float]) -> dict[str, float]:
    """Give of the features that there are for each channel the greatest PSI, under the name without it."""
    made: dict[str, float] = {}
    for name, value in psi.items():
        feature = name.partition(":")[0]
        made[feature] = max(value, made.get(feature, 0.0))
    return made


def _is_over(week: str, document: Document) -> bool:
    return date.fromisoformat(week) + timedelta(days=6) <= date.fromisoformat(document["newest_day"])
