"""A connection that knows Postgres' own types from another one: it asks nothing, and reads the same."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from storage.postgres.lean_connection import LeanConnection
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_ID = uuid.UUID("0b8ea1f6-0000-4000-8000-00000000002a")
ARRAYS: dict[str, list[Any]] = {
    "smallint": [1, None, -2],
    "integer": [1, 2],
    "bigint": [2**62, -(2**62)],
    "boolean": [True, False, None],
    "text": ["a", "", None, 'quo"te,{}'],
    "bytea": [b"\x00\xff", b""],
    "uuid": [_ID],
    "timestamptz": [_NOON, None],
    "numeric": [Decimal("1.5"), Decimal(10**20)],
    "double precision": [1.25, None],
    "jsonb": ['{"a": 1}'],
    "oid": [42],
}
"""What the platform's statements bind and read as arrays, and some more."""

_SQL = "SELECT " + ", ".join(f"${number}::{name}[]" for number, name in enumerate(ARRAYS, 1))


@asynccontextmanager
async def opened(running: RunningStack, kind: type[asyncpg.Connection]) -> AsyncIterator[tuple[Any, list[str]]]:
    """Open a connection; give the statements that it has sent, too."""
    connection = await asyncpg.connect(running.stack.postgres_url, connection_class=kind)
    sent: list[str] = []
    connection.add_query_logger(lambda record: sent.append(record.query))
    try:
        yield connection, sent
    finally:
        await connection.close()


async def asked(running: RunningStack, kind: type[asyncpg.Connection], read: Callable[..., Any]) -> bool:
    """Have a new connection read something; say whether it asked the server about types first."""
    async with opened(running, kind) as (connection, sent):
        await read(connection)
    return any("pg_type" in each for each in sent)


async def read_arrays(connection: Any) -> None:
    """Bind and read arrays of many types, of one level, of two, and empty."""
    row = await connection.fetchrow(_SQL, *ARRAYS.values())
    assert dict(zip(ARRAYS, row, strict=True)) == ARRAYS
    assert await connection.fetchval("SELECT $1::integer[]", [[1, 2], [3, 4]]) == [[1, 2], [3, 4]]
    assert await connection.fetchval("SELECT $1::text[]", []) == []


async def read_own_type(connection: Any) -> None:
    """Read an array of a type that this session has made."""
    await connection.execute("CREATE TYPE pg_temp.mood AS ENUM ('calm', 'busy')")
    found = await connection.fetchrow("SELECT ARRAY['calm', 'busy']::pg_temp.mood[], ARRAY[1, 2]::bigint[]")
    assert tuple(found) == (["calm", "busy"], [1, 2])


async def test_what_one_connection_learned_the_next_one_knows(running: RunningStack) -> None:
    """Connections of asyncpg itself ask about types each time; of ours, at most the first one of a process does."""
    assert [await asked(running, asyncpg.Connection, read_arrays) for _ in range(2)] == [True, True]
    await asked(running, LeanConnection, read_arrays)
    assert [await asked(running, LeanConnection, read_arrays) for _ in range(2)] == [False, False]


async def test_types_of_a_database_are_asked_for(running: RunningStack) -> None:
    """What is no type of Postgres' own is another in each database: nothing of it is kept."""
    assert [await asked(running, LeanConnection, read_own_type) for _ in range(3)] == [True, True, True]
