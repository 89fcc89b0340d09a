"""How a tenant's actor calls the attribution pool: by its deployment handle, never through HTTP.

A replica may die while it decides (memory, a fault in a library), and with it all calls of other tenants that it had.
Which of them was the cause, nobody knows; so each is decided again apart, by a replica that takes one call at a time
and is there only while somebody needs it. Who kills that one, too, is the cause, and stays apart for a while: the
others never meet it again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from typing import Any, TypeVar

import structlog
from ray.exceptions import RayActorError, RayError

from actors.attributor import PoolAwayError, PoolKilledError
from actors.pool_calls import (
    APART_APP,
    APART_DEPLOYMENT,
    POOL_APP,
    POOL_DEPLOYMENT,
    pack_cases,
    pack_policy,
    portions,
    unpack_answers,
)
from schemas.ids import TenantId
from schemas.policy import Policy
from schemas.results import AttributionOutcome, RecordedOutcome
from schemas.settings import PoolSettings
from schemas.touchpoints import ConversionCase

Portion = TypeVar("Portion")

_METHODS = ("attribute", "decide")

log = structlog.get_logger()


class PoolClient:
    """Sends cases to the pool and waits for their results."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._methods: dict[tuple[str, str], Any] = {}
        self._serve_error: type[Exception] = PoolAwayError
        self._apart_until: dict[TenantId, float] = {}

    async def open(self) -> None:
        """Find the pool. Serve's client takes a second to import: a tenant's first event must not wait for it.

        Raises:
            PoolAwayError: the pool is not deployed, or Serve does not run.
        """
        async with self._opening:
            if not self._methods:
                serve = await asyncio.to_thread(import_module, "ray.serve")
                self._serve_error = serve.exceptions.RayServeException
                try:
                    self._methods = await asyncio.to_thread(_methods_of, serve)
                except (RayError, self._serve_error) as error:
                    raise PoolAwayError(repr(error)) from error

    async def attribute(
        self, tenant_id: TenantId, cases: Sequence[ConversionCase], policy: Policy
    ) -> list[AttributionOutcome]:
        """Have a tenant's cases decided.

        Raises:
            PoolAwayError: it did not answer within the deadline.
            PoolKilledError: they kill it.
        """
        return await self._ask("attribute", tenant_id, cases, policy)

    async def decide(
        self, tenant_id: TenantId, cases: Sequence[ConversionCase], policy: Policy
    ) -> list[RecordedOutcome]:
        """Have a tenant's cases decided, with their results as they are recorded.

        Raises:
            PoolAwayError: it did not answer within the deadline.
            PoolKilledError: they kill it.
        """
        return await self._ask("decide", tenant_id, cases, policy)

    async def _ask(
        self, method: str, tenant_id: TenantId, cases: Sequence[ConversionCase], policy: Policy
    ) -> list[Any]:
        await self.open()
        packed = [pack_cases(portion) async for portion in _with_breaks(tuple(portions(cases)))]
        call = (method, tenant_id, packed, pack_policy(policy))
        answered = None if self._is_apart(tenant_id) else await self._call(POOL_APP, *call)
        if answered is None:
            answered = await self._call(APART_APP, *call)
        if answered is None:
            self._apart_until[tenant_id] = time.monotonic() + self._settings.apart_seconds
            raise PoolKilledError("deciding it ended the process that did so, more than once")
        return [outcome async for portion in _with_breaks(answered) for outcome in unpack_answers(portion)]

    def _is_apart(self, tenant_id: TenantId) -> bool:
        if self._apart_until.get(tenant_id, 0.0) > time.monotonic():
            return True
        self._apart_until.pop(tenant_id, None)
        return False

    async def _call(self, app: str, method: str, tenant_id: TenantId, *call: Any) -> list[bytes] | None:
        """Make a call; None if the replica died of it, or of another that it had at the same time."""
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                answered: list[bytes] = await self._methods[app, method].remote(tenant_id, *call)
        except RayActorError as error:
            log.warning("pool_died", app=app, tenant=tenant_id, error=repr(error))
            return None
        except (RayError, self._serve_error, TimeoutError) as error:
            raise PoolAwayError(repr(error)) from error
        return answered


def _methods_of(serve: Any) -> dict[tuple[str, str], Any]:
    """Get every method ready to be called. Not on the loop: Ray's control service is asked, which may be away."""
    handles = {
        app: serve.get_deployment_handle(deployment, app_name=app)
        for app, deployment in ((POOL_APP, POOL_DEPLOYMENT), (APART_APP, APART_DEPLOYMENT))
    }
    return {(app, method): getattr(handle, method) for app, handle in handles.items() for method in _METHODS}


async def _with_breaks(given: Sequence[Portion]) -> AsyncIterator[Portion]:
    """Give one portion after the other, and in between whatever else waits in this process a turn."""
    for portion in given:
        yield portion
        await asyncio.sleep(0)
