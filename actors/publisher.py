"""Fourth loop of a shard: recorded results go on to the table that reports and models read.

A result is in Postgres first, and is read from there by its id; nobody waits for this loop. It enters a queue in the
transaction that records it and leaves the queue when ClickHouse has it: a kill in between has it sent again, which
changes nothing, because the table keeps one row for each revision and its readers take the newest.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import structlog

from actors.signal import Signal
from actors.store_turns import StoreTurns
from attribution.attributed_rows import attributed_row
from schemas.settings import ActorSettings
from storage.clickhouse.attributed_writer import AttributedWriter
from storage.clickhouse.connect import RowsRefusedError, StoreAwayError
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.publications import Publications, RecordedResult
from telemetry.backoff import Backoff
from telemetry.failpoints import reached

log = structlog.get_logger()

_LOOK_SECONDS = 30.0
"""How often to look for results that others than this shard's actor have recorded."""


class Publisher:
    """Publishes what a shard's results say, oldest first, in batches with a rest between them."""

    def __init__(
        self,
        queue: Publications,
        attributed: AttributedWriter,
        recorded: Signal,
        turns: StoreTurns,
        settings: ActorSettings,
    ) -> None:
        """Take the queue, the table, the signal that results were recorded, and the host's turns for events.

        Not those for reports: whoever asks for a result there would wait for the rest after a roll-up, too.
        """
        self._queue = queue
        self._attributed = attributed
        self._recorded = recorded
        self._turns = turns
        self._settings = settings
        self._backoff = Backoff()

    async def run(self) -> None:
        """Publish until nothing waits, wait for the next results, and so on."""
        while True:
            given = self._recorded.count
            try:
                results = await self._queue.next(self._settings.publish_rows)
                if results:
                    async with self._turns.turn():
                        await self._publish(results)
            except (StoreAwayError, *CONNECTION_LOST) as error:
                log.warning("publish_failed", error=repr(error))
                await self._backoff.wait()
                continue
            self._backoff.reset()
            if not results:
                await self._recorded.after(given, _LOOK_SECONDS)
            elif len(results) < self._settings.publish_rows:
                # Where more wait, as after an import, a full batch is worth its part.
                await asyncio.sleep(self._settings.publish_rest_seconds)

    async def _publish(self, results: Sequence[RecordedResult]) -> None:
        """Publish results; what the table refuses is halved until it stands alone, and is set apart."""
        try:
            # Thousands of rows take a tenth of a second, which commits must not wait for.
            await self._attributed.insert(await asyncio.to_thread(_rows, results))
        except RowsRefusedError as error:
            if len(results) == 1:
                log.warning("result_refused", position=results[0].position, error=repr(error))
                await self._queue.fail(results[0].position, str(error))
                return
            middle = len(results) // 2
            await self._publish(results[:middle])
            await self._publish(results[middle:])
            return
        reached("actor_after_publish")
        await self._queue.done([each.position for each in results])


def _rows(results: Sequence[RecordedResult]) -> list[dict[str, Any]]:
    return [attributed_row(orjson.loads(each.event), orjson.loads(each.result), each.revision) for each in results]
