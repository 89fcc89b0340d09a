"""Fifth loop of a tenant's actor, in its first shard alone: raw events are rolled up into what reports count with.

It rests many times as long as it worked: however much a tenant sends, this takes a small part of a core, and reports
become later instead.
"""

import asyncio
import time

import structlog

from actors.signal import Signal
from schemas.settings import ActorSettings
from storage.clickhouse.connect import RowsRefusedError, StoreAwayError
from storage.clickhouse.rollups import SETTLE_SECONDS, Rollups
from telemetry.backoff import Backoff

_SPAN_HOURS_MAX = 24
_REST_SECONDS = 0.2
"""Least rest while older hours wait, as after an import."""

log = structlog.get_logger()


class Roller:
    """Keeps the counts of reports up with the events."""

    def __init__(self, rollups: Rollups, stored: Signal, settings: ActorSettings, *, has_others: bool) -> None:
        """Take the counts, the signal that this shard stored events, and whether others store without a signal."""
        self._rollups = rollups
        self._stored = stored
        self._settings = settings
        self._look_seconds = settings.rollup_rest_seconds if has_others else SETTLE_SECONDS
        self._span_hours = _SPAN_HOURS_MAX
        self._backoff = Backoff(most_seconds=60.0)

    async def run(self) -> None:
        """Roll the newest hours up first, until none is left, wait for more events, and so on."""
        while True:
            given = self._stored.count
            started = time.monotonic()
            try:
                left = await self._roll_some()
            except (StoreAwayError, RowsRefusedError) as error:
                # It may have been too much at once.
                self._span_hours = max(1, self._span_hours // 4)
                log.warning("roll_up_failed", error=repr(error), next_hours=self._span_hours)
                await self._backoff.wait()
                continue
            self._backoff.reset()
            if left is None:
                await self._stored.after(given, self._look_seconds)
                continue
            least = _REST_SECONDS if left else self._settings.rollup_rest_seconds
            took = time.monotonic() - started
            await asyncio.sleep(max(least, took * self._settings.rollup_rest_factor))

    async def _roll_some(self) -> int | None:
        """Roll some hours up; say how many are left to do, None if there were none."""
        dirty = await self._rollups.dirty()
        if not dirty.hours:
            return None
        rolled = dirty.newest(self._span_hours)
        await self._rollups.roll(rolled)
        self._span_hours = min(_SPAN_HOURS_MAX, 2 * self._span_hours)
        return len(dirty.hours) - len(rolled.hours)
