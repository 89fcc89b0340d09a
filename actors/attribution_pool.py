"""The shared attribution pool: a Serve deployment without a route, used by every tenant's actor.

It holds no credentials and reads nothing: conversions come with their candidate touches, results go back.
Both travel as one bytes object: Ray's own pickler asks Python about every object in them, which costs more than
deciding the conversions.
"""

import pickle
from collections.abc import Sequence

from ray import serve

from attribution.decide import attribute
from schemas.results import AttributionResult
from schemas.settings import PoolSettings
from schemas.touchpoints import ConversionCase, Policy
from telemetry.heap import settle_heap

POOL_APP = "attribution"
POOL_DEPLOYMENT = "AttributionPool"


class AttributionPool:
    """Attributes batches of conversions."""

    def __init__(self) -> None:
        """Get ready for calls."""
        settle_heap()

    async def attribute(self, packed: bytes) -> bytes:
        """Attribute what `pack_cases` packed; results are in the order of the cases, for `unpack_results`."""
        cases, policy = pickle.loads(packed)  # noqa: S301 - from a tenant's actor, over an authenticated call
        return pickle.dumps([attribute(case, policy) for case in cases], pickle.HIGHEST_PROTOCOL)


def pack_cases(cases: Sequence[ConversionCase], policy: Policy) -> bytes:
    """Pack what the pool is to decide."""
    return pickle.dumps((list(cases), policy), pickle.HIGHEST_PROTOCOL)


def unpack_results(packed: bytes) -> list[AttributionResult]:
    """Unpack what the pool decided."""
    results: list[AttributionResult] = pickle.loads(packed)  # noqa: S301 - from our own pool
    return results


def pool_application(settings: PoolSettings) -> serve.Application:
    """Bind the pool, sized by settings."""
    configured = serve.deployment(
        name=POOL_DEPLOYMENT,
        max_ongoing_requests=8,
        autoscaling_config={
            "min_replicas": settings.replicas_min,
            "max_replicas": settings.replicas_max,
            "target_ongoing_requests": 2,
        },
        ray_actor_options={"num_cpus": settings.replica_cpus},
    )
    return configured(AttributionPool).bind()
