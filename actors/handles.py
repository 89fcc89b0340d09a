"""Which actor serves a tenant: the only module that knows. Everyone else calls by tenant."""

import asyncio
from typing import Any

import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RayTaskError

from actors.tenant_actor import TenantActor
from schemas.backends import Backends
from schemas.batches import AppendReceipt, EventBatch
from schemas.ids import TenantId
from schemas.problem import Problem
from schemas.problems import ActorUnavailable
from schemas.settings import Settings

_PREFIX = "tenant/"
_PENDING_CALLS_MAX = 1_000
_TRIES = 3
_RETRY_SECONDS = 0.3
_CHECK_SECONDS = 8.0


class TenantActors:
    """Typed calls to tenants' actors, started when first needed."""

    def __init__(self, backends: Backends, settings: Settings) -> None:
        self._backends = backends
        self._settings = settings
        self._handles: dict[TenantId, Any] = {}

    def handle(self, tenant_id: TenantId) -> Any:
        """Find the tenant's actor, or start it."""
        handle = self._handles.get(tenant_id)
        if handle is None:
            handle = self._handles[tenant_id] = (
                ray.remote(TenantActor)
                .options(
                    name=actor_name(tenant_id),
                    namespace=self._settings.ray_namespace,
                    lifetime="detached",
                    get_if_exists=True,
                    max_restarts=-1,
                    # The caller retries: it knows how long its own client waits.
                    max_task_retries=0,
                    max_pending_calls=_PENDING_CALLS_MAX,
                    num_cpus=self._settings.actor.cpus,
                )
                .remote(tenant_id, self._backends, self._settings)
            )
        return handle

    async def append(self, tenant_id: TenantId, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable. A call that may have run is repeated: event ids make that harmless.

        Raises:
            Problem: the actor's own refusal, or ActorUnavailable if it is out of reach.
        """
        receipt: AppendReceipt = await self._call(tenant_id, "append", self._settings.serve.append_seconds, batch)
        return receipt

    async def wait_stored(self, tenant_id: TenantId, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row.

        Raises:
            ActorUnavailable: it did not within `append_seconds`.
        """
        await self._call(tenant_id, "wait_stored", self._settings.serve.append_seconds, spool_id)

    async def check(self, tenant_id: TenantId) -> None:
        """Ask whether the actor's loops run; starts it if it is away.

        Raises:
            ActorUnavailable: it is out of reach, or could not start yet.
        """
        await self._call(tenant_id, "check", _CHECK_SECONDS)

    async def _call(self, tenant_id: TenantId, method: str, timeout_seconds: float, *arguments: Any) -> Any:
        problem = ActorUnavailable(retry_after_seconds=1)
        try:
            async with asyncio.timeout(timeout_seconds):
                for attempt in range(_TRIES):
                    try:
                        return await getattr(self.handle(tenant_id), method).remote(*arguments)
                    except ActorUnavailableError:
                        await asyncio.sleep(_RETRY_SECONDS * (attempt + 1))
                    except (ActorDiedError, RayActorError):
                        # It has left because nobody needed it, or died: the name leads to its successor.
                        self._handles.pop(tenant_id, None)
                        await asyncio.sleep(_RETRY_SECONDS * attempt)
        except TimeoutError as error:
            raise problem from error
        except RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Problem) else problem) from error
        raise problem


def actor_name(tenant_id: TenantId) -> str:
    """Name of the actor in Ray's namespace."""
    return f"{_PREFIX}{tenant_id}"


def is_tenant_actor(name: str) -> bool:
    """Say whether a name is one of those."""
    return name.startswith(_PREFIX)
