"""How a tenant's actor calls the attribution pool: by its deployment handle, never through HTTP."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from actors.attribution_pool import POOL_APP, POOL_DEPLOYMENT, pack_cases, unpack_results
from actors.attributor import PoolAwayError
from schemas.results import AttributionResult
from schemas.touchpoints import ConversionCase, Policy


class PoolClient:
    """Sends cases to the pool and waits for their results."""

    def __init__(self, deadline_seconds: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._handle: DeploymentHandle[Any] | None = None

    async def attribute(self, cases: Sequence[ConversionCase], policy: Policy) -> list[AttributionResult]:
        """Send cases to the pool.

        Raises:
            PoolAwayError: it did not answer within the deadline.
        """
        try:
            if self._handle is None:
                self._handle = serve.get_deployment_handle(POOL_DEPLOYMENT, app_name=POOL_APP)
            async with asyncio.timeout(self._deadline_seconds):
                packed: bytes = await self._handle.attribute.remote(pack_cases(cases, policy))
        except (RayError, RayServeException, TimeoutError) as error:
            raise PoolAwayError(repr(error)) from error
        return unpack_results(packed)
