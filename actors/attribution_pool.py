"""The shared attribution pool: a Serve deployment without a route, used by every tenant's actor.

It holds no credentials and reads nothing: conversions come with their candidate touches, results go back.
"""

from ray import serve

from actors.tenant_actor import POOL_DEPLOYMENT
from attribution.decide import attribute
from schemas.results import AttributionResult
from schemas.settings import PoolSettings
from schemas.touchpoints import ConversionCase, Policy


class AttributionPool:
    """Attributes batches of conversions."""

    async def attribute(self, cases: list[ConversionCase], policy: Policy) -> list[AttributionResult]:
        """Attribute each case under the policy; results are in the order of the cases."""
        return [attribute(case, policy) for case in cases]


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
