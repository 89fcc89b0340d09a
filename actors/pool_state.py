"""How the attribution pool fares: what Serve says of it, and what its replicas say of themselves."""

import asyncio

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from actors.pool_calls import POOL_APP, POOL_DEPLOYMENT
from schemas.working_parts import PoolState, ReplicaLoad

_ANSWER_SECONDS = 5.0
AWAY = "AWAY"
"""The status of a pool that is not deployed, or of which Serve's controller does not answer."""


async def pool_state() -> PoolState:
    """Ask Serve, then every replica. One that does not answer within five seconds is not among the loads."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            seen = await asyncio.to_thread(serve.status)
    except (RayError, RayServeException, TimeoutError) as error:
        return PoolState(AWAY, repr(error), {}, ())
    application = seen.applications.get(POOL_APP)
    deployment = application and application.deployments.get(POOL_DEPLOYMENT)
    if not deployment:
        return PoolState(AWAY, "The pool is not deployed.", {}, ())
    # What names a state is a text, whatever its type is said to be.
    replicas: dict[str, int] = {state: count for state, count in deployment.replica_states.items() if count}
    return PoolState(deployment.status.value, deployment.message, replicas, await _loads())


async def _loads() -> tuple[ReplicaLoad, ...]:
    try:
        handle = serve.get_deployment_handle(POOL_DEPLOYMENT, app_name=POOL_APP)
        answers = await handle.broadcast("load").results_async(timeout_s=_ANSWER_SECONDS, return_exceptions=True)
    except (RayError, RayServeException, TimeoutError):
        return ()
    return tuple(sorted(answer for answer in answers if isinstance(answer, ReplicaLoad)))
