"""One writer per shard: the database refuses every incarnation of an actor but the newest."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

_EPOCH_SUPERSEDED = "UM001"  # raised by assert_epoch() in the tenant's schema


class EpochSupersededError(Exception):
    """A newer incarnation of this shard's actor has started, or the layout has changed; this one must stop writing."""


class LayoutSupersededError(Exception):
    """The tenant has another number of shards than this actor was started for; it must not write."""


@contextmanager
def fenced() -> Iterator[None]:
    """Turn the database's refusal of an old epoch into EpochSupersededError."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == _EPOCH_SUPERSEDED:
            raise EpochSupersededError from error
        raise
