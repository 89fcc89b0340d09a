"""One writer per shard: the database refuses every incarnation of an actor but the newest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from storage.postgres.connect import Database

_EPOCH_SUPERSEDED = "UM001"  # raised by assert_epoch() in the tenant's schema


class EpochSupersededError(Exception):
    """A newer incarnation of this shard's actor has started, or the layout has changed; this one must stop writing."""


class LayoutSupersededError(Exception):
    """The tenant has another number of shards than this actor was started for; it must not write."""


@asynccontextmanager
async def fenced(database: Database) -> AsyncIterator[Any]:
    """Borrow a connection for statements that carry an epoch.

    Raises:
        EpochSupersededError: the database refused the epoch.
    """
    async with database.connection() as connection:
        try:
            yield connection
        except asyncpg.PostgresError as error:
            if error.sqlstate == _EPOCH_SUPERSEDED:
                raise EpochSupersededError from error
            raise
