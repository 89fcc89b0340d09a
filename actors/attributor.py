"""Third loop of a shard: stored conversions go to the pool with their touches, and results come back.

A conversion waits until ClickHouse has all that the tenant committed before it, in whatever shard: the click that led
to an install may be another shard's. When this shard has stored something, it looks; while something still waits for
another shard, it looks again and again.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from actors.retry import Backoff
from actors.signal import Signal
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
    """Attributes every conversion of a shard whose touches ClickHouse has."""

    def __init__(
        self,
        conversions: ConversionWriter,
        touches: TouchReader,
        attribute: Attribute,
        stored: Signal,
        poll_seconds: float | None,
        settings: ActorSettings,
    ) -> None:
        """Take the shard's stores, and how often to look for what other shards store (None: there are none)."""
        self._conversions = conversions
        self._touches = touches
        self._attribute = attribute
        self._stored = stored
        self._poll_seconds = poll_seconds
        self._settings = settings
        self._policy = Policy()
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Attribute until nothing is pending, wait for the next stored batch, and so on.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        while True:
            given = self._stored.count
            try:
                done = await self._attribute_some(epoch)
                is_done = done < self._settings.attribution_rows
                is_polling = is_done and self._poll_seconds is not None and await self._conversions.has_pending()
            except (StoreAwayError, PoolAwayError, *CONNECTION_LOST) as error:
                log.warning("attribution_failed", error=repr(error))
                await self._backoff.wait()
                continue
            self._backoff.reset()
            if is_done:
                await self._stored.after(given, self._poll_seconds if is_polling else None)

    async def _attribute_some(self, epoch: int) -> int:
        events = await self._conversions.ready(self._settings.attribution_rows)
        if not events:
            return 0
        conversions = [conversion_from_event(event) for event in events]
        cases = await self._touches.cases(conversions, lookback(self._policy))
        results = await self._attribute(cases, self._policy)
        reached("actor_before_results")
        await self._conversions.record(epoch, results)
        return len(results)
