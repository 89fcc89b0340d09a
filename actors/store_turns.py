"""Which of a host's shards may store: one at a time, and with a rest after each insert.

The slower the store, be it for this host's rows or for everyone's, the longer the rest: fewer and larger inserts are
less work for it, and nobody has to know how busy the others are. What arrives while a shard waits for its turn makes
its next insert larger. For whoever has waited long there is no rest: results wait for the store, too. Nor is there one
while somebody has a ripe insert: more time would not make it larger.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from actors.signal import Signal
from schemas.settings import ActorSettings

_REPORTS_WAIT_SECONDS_MAX = 8.0
"""Longest rest after a roll-up, and longest wait for such rests: then one core rolls more, and reports are no later."""


class StoreTurns:
    """Turns in the order in which they are asked for."""

    def __init__(self, *, rest_factor: float, rest_seconds_max: float, wait_seconds_max: float) -> None:
        """Rest `rest_factor` times as long as a turn took, within bounds, but not for whoever has waited long."""
        self._rest_factor = rest_factor
        self._rest_seconds_max = rest_seconds_max
        self._wait_seconds_max = wait_seconds_max
        self._gate = asyncio.Lock()
        self._rests_until = 0.0
        self._hurried = Signal()

    def hurry(self) -> None:
        """End the rest that is going on, and those of all who have asked for a turn: somebody has a ripe insert."""
        self._hurried.give()

    @asynccontextmanager
    async def turn(self, *, is_ripe: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block ends. Whoever has a ripe insert does not rest, nor do others."""
        asked_at, hurried = time.monotonic(), self._hurried.count
        if is_ripe:
            self.hurry()
        async with self._gate:
            until = min(self._rests_until, asked_at + self._wait_seconds_max)
            if (rest_seconds := until - time.monotonic()) > 0.0:
                await self._hurried.after(hurried, rest_seconds)
            started_at = time.monotonic()
            try:
                yield
            finally:
                ended_at = time.monotonic()
                rest = (ended_at - started_at) * self._rest_factor
                self._rests_until = ended_at + min(rest, self._rest_seconds_max)


@dataclass(frozen=True, slots=True)
class HostTurns:
    """The turns of a host: for events and results, and for roll-ups, which can be later."""

    events: StoreTurns
    reports: StoreTurns

    @classmethod
    def of(cls, settings: ActorSettings) -> Self:
        """Make those that settings describe."""
        return cls(
            StoreTurns(
                rest_factor=settings.insert_rest_factor,
                rest_seconds_max=settings.insert_rest_seconds_max,
                wait_seconds_max=settings.insert_wait_seconds_max,
            ),
            StoreTurns(
                rest_factor=settings.rollup_rest_factor,
                rest_seconds_max=_REPORTS_WAIT_SECONDS_MAX,
                wait_seconds_max=_REPORTS_WAIT_SECONDS_MAX,
            ),
        )
