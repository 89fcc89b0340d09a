"""Results on their way to the reports: recorded in Postgres, not yet in ClickHouse."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.shards import Shard
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "publications.sql")

_REASON_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class RecordedResult:
    """A result, as it was recorded, with the stamped event of its conversion, both JSON, and its place in the queue."""

    position: int
    revision: int
    event: str
    result: str


class Publications:
    """The queue of one shard of a tenant. Every recorded result enters it in the transaction that records it."""

    def __init__(self, database: Database, shard: Shard) -> None:
        self._database = database
        self._place = (shard.index, shard.count)

    async def next(self, limit: int) -> list[RecordedResult]:
        """Read the results that wait longest."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["next"], *self._place, limit)
        return [RecordedResult(*row) for row in rows]

    async def done(self, positions: Sequence[int]) -> None:
        """Take results that ClickHouse has out of the queue."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["done"], list(positions))

    async def fail(self, position: int, reason: str) -> None:
        """Set a result apart that ClickHouse does not take."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["fail"], position, reason.replace("\0", "")[:_REASON_CHARS_MAX])

    async def has_waiting(self) -> bool:
        """Say whether any result waits."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_waiting"], *self._place))
