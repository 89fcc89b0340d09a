"""How a tenant's actor calls the attribution pool: by its deployment handle, never through HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from typing import Any, TypeVar

from ray.exceptions import RayError

from actors.attributor import PoolAwayError
from actors.pool_calls import POOL_APP, POOL_DEPLOYMENT, pack_cases, pack_policy, portions, unpack_answers
from schemas.policy import Policy
from schemas.results import AttributionOutcome, RecordedOutcome
from schemas.touchpoints import ConversionCase

Portion = TypeVar("Portion")


class PoolClient:
    """Sends cases to the pool and waits for their results."""

    def __init__(self, deadline_seconds: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._opening = asyncio.Lock()
        self._handle: Any = None
        self._serve_error: type[Exception] = PoolAwayError

    async def open(self) -> Any:
        """Find the pool. Serve's client takes a second to import: a tenant's first event must not wait for it.

        Raises:
            PoolAwayError: the pool is not deployed, or Serve does not run.
        """
        async with self._opening:
            if self._handle is None:
                serve = await asyncio.to_thread(import_module, "ray.serve")
                self._serve_error = serve.exceptions.RayServeException
                try:
                    self._handle = serve.get_deployment_handle(POOL_DEPLOYMENT, app_name=POOL_APP)
                except (RayError, self._serve_error) as error:
                    raise PoolAwayError(repr(error)) from error
            return self._handle

    async def attribute(self, cases: Sequence[ConversionCase], policy: Policy) -> list[AttributionOutcome]:
        """Have cases decided.

        Raises:
            PoolAwayError: it did not answer within the deadline.
        """
        return await self._ask("attribute", cases, policy)

    async def decide(self, cases: Sequence[ConversionCase], policy: Policy) -> list[RecordedOutcome]:
        """Have cases decided, with their results as they are recorded.

        Raises:
            PoolAwayError: it did not answer within the deadline.
        """
        return await self._ask("decide", cases, policy)

    async def _ask(self, method: str, cases: Sequence[ConversionCase], policy: Policy) -> list[Any]:
        handle = await self.open()
        packed = [pack_cases(portion) async for portion in _with_breaks(tuple(portions(cases)))]
        try:
            async with asyncio.timeout(self._deadline_seconds):
                answered: list[bytes] = await getattr(handle, method).remote(packed, pack_policy(policy))
        except (RayError, self._serve_error, TimeoutError) as error:
            raise PoolAwayError(repr(error)) from error
        return [outcome async for portion in _with_breaks(answered) for outcome in unpack_answers(portion)]


async def _with_breaks(given: Sequence[Portion]) -> AsyncIterator[Portion]:
    """Give one portion after the other, and in between whatever else waits in this process a turn."""
    for portion in given:
        yield portion
        await asyncio.sleep(0)
