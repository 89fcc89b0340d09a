"""A load generator that costs little of the machine it shares with what it measures.

Each connection is a closed loop over a raw socket: a request is sent when the answer to the last one is there.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MIX = (("impression", 800), ("click", 100), ("session", 60), ("in_app", 30), ("purchase", 7), ("install", 3))
_PER_MILLE = 1_000


@dataclass(slots=True)
class LoadResult:
    """What a run of one body size came to; latencies in seconds, one for each acknowledged request."""

    events_per_body: int
    seconds: float = 0.0
    acknowledged_events: int = 0
    refused: int = 0
    latencies_seconds: list[float] = field(default_factory=list)

    @property
    def events_per_second(self) -> float:
        """Acknowledged events by wall time."""
        return self.acknowledged_events / self.seconds

    def quantile_ms(self, quantile: int) -> float:
        """A percentile (1 to 99) of the latency of a request, in milliseconds."""
        return statistics.quantiles(self.latencies_seconds, n=100)[quantile - 1] * 1_000


class Bodies:
    """Makes request bodies of realistic events of about 465 bytes, each with an id of its own."""

    def __init__(self, prefix: str, event_time: str) -> None:
        self._prefix = prefix
        # People of their own for each run: touches of an earlier one must not match this one's conversions.
        self._count = secrets.randbelow(10**9) * 1_000
        kinds = [kind for kind, share in _MIX for _ in range(share)]
        # A stride that shares no factor with 1,000 spreads the rare kinds evenly.
        self._kinds = [kinds[index * 619 % _PER_MILLE] for index in range(_PER_MILLE)]
        self._templates = {kind: _template(kind, event_time) for kind, _ in _MIX}

    def make(self, events: int) -> bytes:
        """Make an NDJSON body (one event: a JSON object)."""
        rows = []
        for index in range(self._count, self._count + events):
            person = index // 10
            rows.append(
                self._templates[self._kinds[index % _PER_MILLE]] % (self._prefix.encode(), index, person, person)
            )
        self._count += events
        return b"\n".join(rows)


def _template(kind: str, event_time: str) -> bytes:
    money = '"revenue":"4.99","currency":"EUR","product_id":"gems_500",' if kind == "purchase" else ""
    name = '"event_name":"level_up",' if kind == "in_app" else ""
    return (
        f'{{"event_id":"%b-%012d","event_type":"{kind}","event_time":"{event_time}","platform":"android",{money}{name}'
        '"app_id":"com.example.bench","app_version":"4.12.1","sdk_version":"2.1.0","os_version":"15",'
        '"device_model":"Pixel 9","language":"de-DE","device_id":"device-%012d",'
        '"gaid":"38400000-8cf0-11bd-b23e-%012d","country":"DE","city":"Berlin","media_source":"google_ads",'
        '"campaign":"autumn_sale","campaign_id":"c-20931","adset":"lookalike_3","ad":"video_15s_b"}'
    ).encode()


async def run_load(
    address: tuple[str, int],
    head: Callable[[int], bytes],
    bodies: Bodies,
    result: LoadResult,
    *,
    connections: int,
    seconds: float,
) -> None:
    """Load one endpoint with bodies of `result.events_per_body` events and fill the result in.

    `head` makes the request's head for a content length.
    """
    stop_at = time.perf_counter() + seconds
    started = time.perf_counter()
    await asyncio.gather(*(_connection(address, head, bodies, result, stop_at) for _ in range(connections)))
    result.seconds = time.perf_counter() - started


async def _connection(
    address: tuple[str, int], head: Callable[[int], bytes], bodies: Bodies, result: LoadResult, stop_at: float
) -> None:
    reader, writer = await asyncio.open_connection(*address)
    while time.perf_counter() < stop_at:
        body = bodies.make(result.events_per_body)
        sent_at = time.perf_counter()
        writer.write(head(len(body)) + body)
        status = await _answer(reader)
        if 200 <= status < 300:
            result.acknowledged_events += result.events_per_body
            result.latencies_seconds.append(time.perf_counter() - sent_at)
        else:
            result.refused += 1
            await asyncio.sleep(0.05)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    if length:
        await reader.readexactly(length)
    return int(head[9:12])
