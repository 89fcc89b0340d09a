"""Whose turn it is at a database's connections: one suffices most of the time, and each is a process of 5 MB.

A borrower takes the first connection if it is free, and an extra one while those are open. Otherwise it waits: as a
rule the first one is back before another could be opened. Whoever has waited for `patience_seconds` opens an extra one,
and from then on nobody waits, until the extra ones were unused for so long that they are closed.

Several lanes can share the first connection. Each has extra ones of its own, so that none waits for what another does.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from schemas.settings import PostgresSettings


class Place(Enum):
    """Which connection it is: the first one, or one of a lane's own."""

    FIRST = auto()
    EXTRA = auto()


@dataclass(slots=True)
class First:
    """The first connection, and who waits in whatever lane, longest first. Nobody does while it is free."""

    is_free: bool = True
    waiting: deque[tuple["Lane", asyncio.Future[Place]]] = field(default_factory=deque)


class Lane:
    """Turns of those who share the first connection, and have up to `extra` ones besides."""

    def __init__(self, first: First, extra: int, settings: PostgresSettings) -> None:
        self._first = first
        self._free = extra
        self._settings = settings
        self._open_until = 0.0

    async def take(self) -> Place:
        """Wait for a turn; whoever takes one gives it back.

        Raises:
            TimeoutError: all connections were in use for `connect_seconds`.
        """
        loop = asyncio.get_running_loop()
        if self._first.is_free:
            self._first.is_free = False
            return Place.FIRST
        if self._free and loop.time() < self._open_until:
            self._free -= 1
            return Place.EXTRA
        turn: asyncio.Future[Place] = loop.create_future()
        waiter = self, turn
        self._first.waiting.append(waiter)
        growing = loop.call_later(self._settings.patience_seconds, self._grow, turn)
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give(turn.result())
            raise
        finally:
            growing.cancel()
            self._first.waiting.remove(waiter)

    def give(self, place: Place) -> None:
        """Give a turn back: whoever has waited longest and can use it has it."""
        if place is Place.EXTRA:
            self._open_until = asyncio.get_running_loop().time() + self._settings.extra_idle_seconds
        for lane, turn in self._first.waiting:
            if not turn.done() and (place is Place.FIRST or lane is self):
                turn.set_result(place)
                return
        if place is Place.FIRST:
            self._first.is_free = True
        else:
            self._free += 1

    def _grow(self, turn: asyncio.Future[Place]) -> None:
        if self._free and not turn.done():
            self._free -= 1
            turn.set_result(Place.EXTRA)
