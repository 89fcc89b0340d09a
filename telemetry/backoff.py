"""Waiting between tries of what must succeed in the end."""

import asyncio
import random


class Backoff:
    """Waits longer after each failure, with jitter, up to a bound; `reset` after a success."""

    def __init__(self, first_seconds: float = 0.1, most_seconds: float = 5.0) -> None:
        self._first_seconds = first_seconds
        self._most_seconds = most_seconds
        self._next_seconds = first_seconds

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self._next_seconds = self._first_seconds

    async def wait(self, least_seconds: float = 0.0) -> None:
        """Wait, at least as long as one was told to, and let the next wait be twice as long."""
        await asyncio.sleep(max(least_seconds, self._next_seconds * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter
        self._next_seconds = min(self._most_seconds, self._next_seconds * 2)
