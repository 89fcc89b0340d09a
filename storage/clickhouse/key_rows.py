"""What the readers of the tables of keys share: a key's hash, the query's settings, and times that are aware."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from schemas.touchpoints import MatchKey
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment, number_list, text_hash
from storage.sql import fill


def key_hash(key: MatchKey) -> int:
    """Hash a match key as the tables' feeds do: xxh3-64 of `match_type:value`."""
    return text_hash(f"{key.match_type}:{key.value}")


async def rows_of(
    store: ClickHouse, query: str, hashes: Iterable[int], since: datetime, until: datetime, **slots: str
) -> list[Any]:
    """Read what a table has under some hashes between two times (aware), both included.

    Raises:
        StoreAwayError: the store did not answer.
    """
    values = {"hashes": number_list(hashes), "since": moment(since), "until": moment(until)} | slots
    async with store.client() as client:
        answer = await client.query(
            fill(query, values),
            settings={
                "max_threads": store.settings.query_threads,
                "max_execution_time": store.settings.query_seconds,
            },
        )
    return list(answer.result_rows)


def utc(time: datetime) -> datetime:
    """Make a time of the store aware."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
