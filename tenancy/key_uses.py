"""Which keys were used today, written down now and then: requests wait for no database."""

import asyncio
from datetime import date

import structlog

from storage.postgres.api_keys import KeyUses
from storage.postgres.connect import CONNECTION_LOST
from telemetry.clock import utc_now
from tenancy.directory import DirectoryFeed

_REST_SECONDS = 5.0

log = structlog.get_logger()


class KeyUseNotes:
    """Writes each key down once a day."""

    def __init__(self, feed: DirectoryFeed, uses: KeyUses) -> None:
        self._feed = feed
        self._uses = uses
        self._day = date.min
        self._written: set[bytes] = set()

    async def run(self) -> None:
        """Write until cancelled; what the control database did not take is written the next time."""
        while True:
            await asyncio.sleep(_REST_SECONDS)
            try:
                await self._write(utc_now().date())
            except CONNECTION_LOST as error:
                log.warning("key_uses_not_written", error=repr(error))

    async def _write(self, today: date) -> None:
        if today != self._day:
            self._day, self._written = today, set()
        used = self._feed.used_keys - self._written
        if used:
            await self._uses.record(used, today)
            self._written |= used
        self._feed.used_keys -= used
