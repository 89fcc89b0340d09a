"""What the platform tells Prometheus of itself: each metric once, with what it means. docs/metrics.md lists the same.

Ray gathers what its processes record, and serves it at each node's port for metrics with `ray_` before the name.
"""

from dataclasses import dataclass

from ray.util.metrics import Gauge


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is as it is now, for each value of its labels."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()

    def gauge(self) -> Gauge:
        """Make what a process records it by."""
        return Gauge(self.name, self.meaning, self.labels)


CHAMPIONS_STOOD_IN = Metric(
    "unmogrow_champions_stood_in",
    "Champions among the learned models that cannot be read or loaded: an earlier model serves instead, or none.",
    ("kind",),
)

DRIFT_TENANTS_SHIFTED = Metric(
    "unmogrow_drift_tenants_shifted",
    "Tenants whose newest whole week of 100 rows is another population than their model's training: PSI from 0.25 on.",
    ("kind",),
)
DRIFT_OLDEST_LOOK_SECONDS = Metric(
    "unmogrow_drift_oldest_look_seconds",
    "How long ago that tenant was exported, and its model looked at, whose turn was longest ago.",
    ("kind",),
)
CONVERSIONS_FORETOLD = Metric(
    "unmogrow_conversions_foretold",
    "Conversions that the models that serve foretold of the journeys of each tenant's newest whole week, all together.",
)
CONVERSIONS_CAME = Metric("unmogrow_conversions_came", "Conversions that came of the same journeys.")

METRICS = (
    CHAMPIONS_STOOD_IN,
    DRIFT_TENANTS_SHIFTED,
    DRIFT_OLDEST_LOOK_SECONDS,
    CONVERSIONS_FORETOLD,
    CONVERSIONS_CAME,
)
"""All of them."""
