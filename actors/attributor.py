"""Third loop of a tenant's actor: stored conversions go to the pool with their touches, and results come back."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from actors.cursor import Cursor
from actors.retry import Backoff
from attribution.keys import conversion_from_event, lookback
from schemas.results import AttributionResult
from schemas.settings import ActorSettings
from schemas.touchpoints import ConversionCase, Policy
from storage.clickhouse.connect import StoreAwayError
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import ConversionWriter
from telemetry.failpoints import reached

log = structlog.get_logger()

Attribute = Callable[[Sequence[ConversionCase], Policy], Awaitable[list[AttributionResult]]]


class PoolAwayError(Exception):
    """The attribution pool did not answer in time."""


class Attributor:
    """Attributes every conversion whose spool row ClickHouse has."""

    def __init__(
        self,
        conversions: ConversionWriter,
        touches: TouchReader,
        attribute: Attribute,
        stored: Cursor,
        settings: ActorSettings,
    ) -> None:
        self._conversions = conversions
        self._touches = touches
        self._attribute = attribute
        self._stored = stored
        self._settings = settings
        self._policy = Policy()
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Attribute until nothing is pending, wait for the next stored batch, and so on.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        while True:
            up_to = self._stored.spool_id
            try:
                done = await self._attribute_some(epoch, up_to)
            except (StoreAwayError, PoolAwayError, *CONNECTION_LOST) as error:
                log.warning("attribution_failed", error=repr(error))
                await self._backoff.wait()
                continue
            self._backoff.reset()
            if done < self._settings.attribution_rows:
                await self._stored.reach(up_to + 1)

    async def _attribute_some(self, epoch: int, up_to: int) -> int:
        events = await self._conversions.pending(up_to, self._settings.attribution_rows)
        if not events:
            return 0
        conversions = [conversion_from_event(event) for event in events]
        cases = await self._touches.cases(conversions, lookback(self._policy))
        results = await self._attribute(cases, self._policy)
        reached("actor_before_results")
        await self._conversions.record(epoch, results)
        return len(results)
