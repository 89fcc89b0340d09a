"""Rolls raw events up into what reports count with. One shard of a tenant does this for all.

It has turns with the other tenants of its host, each with a rest many times as long as it took: however much they send,
this takes a small part of a core, and reports become later instead.
"""

import asyncio
import time

import structlog

from actors.signal import Signal
from actors.store_turns import StoreTurns
from schemas.settings import ActorSettings
from storage.clickhouse.connect import RowsRefusedError, StoreAwayError
from storage.clickhouse.rollups import Rollups
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.event_hours import SETTLE_SECONDS, EventHours
from telemetry.backoff import Backoff

_SPAN_HOURS_MAX = 24
_REST_SECONDS = 0.2
"""Least rest while older hours wait, as after an import."""

_SUM_SECONDS = 60.0
"""How often to look for a week to sum, once there was none."""

log = structlog.get_logger()


class Roller:
    """Keeps the counts of reports up with the events."""

    def __init__(
        self,
        hours: EventHours,
        rollups: Rollups,
        stored: Signal,
        turns: StoreTurns,
        settings: ActorSettings,
        *,
        has_others: bool,
    ) -> None:
        """Take the hours, the counts, the host's turns for reports, and the signal that this shard stored events.

        `has_others` says whether others store without a signal.
        """
        self._hours = hours
        self._rollups = rollups
        self._stored = stored
        self._turns = turns
        self._settings = settings
        self._look_seconds = settings.rollup_rest_seconds if has_others else SETTLE_SECONDS
        self._span_hours = _SPAN_HOURS_MAX
        self._backoff = Backoff(most_seconds=60.0)
        self._sum_at = 0.0

    async def run(self) -> None:
        """Roll the newest hours up first, until none is left, wait for more events, and so on."""
        while True:
            given = self._stored.count
            try:
                left = await self._roll_some()
            except (StoreAwayError, RowsRefusedError, *CONNECTION_LOST) as error:
                # It may have been too much at once.
                self._span_hours = max(1, self._span_hours // 4)
                log.warning("roll_up_failed", error=repr(error), next_hours=self._span_hours)
                await self._backoff.wait()
                continue
            self._backoff.reset()
            if left is None and not await self._sum_week():
                await self._stored.after(given, self._look_seconds)
                continue
            await asyncio.sleep(_REST_SECONDS if left else self._settings.rollup_rest_seconds)

    async def _roll_some(self) -> int | None:
        """Roll some hours up; say how many are left to do, None if there were none."""
        dirty = await self._hours.dirty()
        if not dirty.hours:
            return None
        rolled = dirty.newest(self._span_hours)
        async with self._turns.turn():
            await self._rollups.roll(rolled.hours, rolled.asked_at)
        await self._hours.rolled(rolled)
        self._span_hours = min(_SPAN_HOURS_MAX, 2 * self._span_hours)
        return len(dirty.hours) - len(rolled.hours)

    async def _sum_week(self) -> bool:
        """Sum a week that is over and at rest; say whether there was one. Reports do without, only slower."""
        if time.monotonic() < self._sum_at:
            return False
        self._sum_at = time.monotonic() + _SUM_SECONDS
        try:
            due = await self._hours.week_due()
            if due is None:
                return False
            async with self._turns.turn():
                await self._rollups.sum_week(due.week, due.asked_at)
            await self._hours.summed(due)
        except (StoreAwayError, RowsRefusedError, *CONNECTION_LOST) as error:
            log.warning("week_not_summed", error=repr(error))
            return False
        self._sum_at = 0.0
        return True
