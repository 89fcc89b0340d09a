"""Requests that are due at fixed moments, whether the last one was answered or not.

Latency counts from the moment a request was due, as for people, who do not wait for each other.
"""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable


class OpenLoop:
    """Sends requests over connections that are kept and reused.

    `latencies_seconds` are those of the answers with the expected status; `refused` counts the others.
    """

    def __init__(self, address: tuple[str, int], make_request: Callable[[], bytes], status: int) -> None:
        self._address = address
        self._make_request = make_request
        self._status = str(status).encode()
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self.latencies_seconds: list[float] = []
        self.refused = 0

    async def run(self, per_second: float, seconds: float) -> None:
        """Send so many a second, and wait for all answers."""
        started = time.perf_counter()
        async with asyncio.TaskGroup() as requests:
            for index in range(int(per_second * seconds)):
                due = started + index / per_second
                await asyncio.sleep(due - time.perf_counter())
                requests.create_task(self._send(due))
        for _, writer in self._idle:
            writer.close()

    def percentile_ms(self, percent: int) -> float:
        """Give a percentile of the latencies, in milliseconds."""
        return statistics.quantiles(self.latencies_seconds, n=100)[percent - 1] * 1_000

    async def _send(self, due: float) -> None:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        writer.write(self._make_request())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        if head[9:12] == self._status:
            self.latencies_seconds.append(time.perf_counter() - due)
        else:
            self.refused += 1
        self._idle.append((reader, writer))
