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
    labels: tuple[str, ...]

    def gauge(self) -> Gauge:
        """Make what a process records it by."""
        return Gauge(self.name, self.meaning, self.labels)


CHAMPIONS_STOOD_IN = Metric(
    "unmogrow_champions_stood_in",
    "Champions among the learned models that cannot be read or loaded: an earlier model serves instead, or none.",
    ("kind",),
)

METRICS = (CHAMPIONS_STOOD_IN,)
"""All of them."""
