"""Recomputations of a tenant: what was asked for, how far each came, what it would move."""

from collections.abc import Sequence
from typing import Any

import orjson

from schemas.limits import RECOMPUTES_KEPT_DAYS, RECOMPUTES_UNFINISHED_MAX
from schemas.policy_problems import TooManyRecomputes
from schemas.recomputes import Move, NewRecompute, RecomputeProgress, RecomputeRecord, RecomputeState
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "recomputes.sql")
_POLICIES = load_queries("storage.postgres", "policies.sql")
_RETRY_AFTER_SECONDS = 30


class Recomputes:
    """Recomputations of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewRecompute) -> RecomputeRecord:
        """Queue a recomputation.

        Raises:
            TooManyRecomputes: `RECOMPUTES_UNFINISHED_MAX` of them wait or run.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                _SQL["add"],
                *(new.recompute_id, new.policy_version, new.since, new.until, new.dry_run, new.requested_by),
                RECOMPUTES_UNFINISHED_MAX,
            )
        if row is None:
            raise TooManyRecomputes(retry_after_seconds=_RETRY_AFTER_SECONDS)
        return _record(row)

    async def one(self, recompute_id: str) -> RecomputeRecord | None:
        """Find a recomputation."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], recompute_id)
        return None if row is None else _record(row)

    async def newest(self, limit: int) -> list[RecomputeRecord]:
        """Read the newest ones, newest first."""
        async with self._database.connection() as connection:
            return [_record(row) for row in await connection.fetch(_SQL["newest"], limit)]

    async def moves(self, recompute_id: str, limit: int) -> list[Move]:
        """Read some of the conversions that it would move."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["moves"], recompute_id, limit)
        return [Move(row["conversion_id"], orjson.loads(row["changes"])) for row in rows]

    async def has_unfinished(self) -> bool:
        """Say whether any waits or runs."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_unfinished"]))

    async def forget(self) -> bool:
        """Drop what ended long ago, with the list of what it would have moved; say whether there was any."""
        async with self._database.connection() as connection:
            return bool(await connection.fetch(_SQL["forget"], RECOMPUTES_KEPT_DAYS))

    async def begin(self) -> RecomputeRecord | None:
        """Take up the oldest unfinished one; None if there is none."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["begin"])
        return None if row is None else _record(row)

    async def record(self, epoch: int, recompute_id: str, progress: RecomputeProgress, moves: Sequence[Move]) -> None:
        """Record how far it came, with what a portion would move, in one transaction.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over; nothing was written.
        """
        async with fenced(self._database) as connection, connection.transaction():
            at_time, at_id = progress.at or (None, None)
            await connection.execute(
                _SQL["record"],
                *(epoch, recompute_id, progress.done, progress.moved, progress.failed, at_time, at_id),
                orjson.dumps(progress.sources),
            )
            if moves:
                await connection.execute(
                    _SQL["move"],
                    recompute_id,
                    [move.conversion_id for move in moves],
                    [orjson.dumps(move.changes) for move in moves],
                )

    async def finish(self, epoch: int, record: RecomputeRecord, error: str | None = None) -> None:
        """End a recomputation; without an error and a dry run, adopt it in the same transaction.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over; nothing was written.
        """
        asked = record.asked
        state = RecomputeState.DONE if error is None else RecomputeState.FAILED
        async with fenced(self._database) as connection, connection.transaction():
            await connection.execute(_SQL["finish"], epoch, asked.recompute_id, state.value, error)
            if error is None and not asked.dry_run:
                await _adopt(connection, asked.recompute_id, asked.requested_by)

    async def adopt(self, recompute_id: str, user: str) -> bool:
        """Put its policy in force and requeue what it moves, in one transaction; False unless it is done.

        The conversions are attributed once more, so that what came since it was computed counts, too.
        """
        async with self._database.connection() as connection, connection.transaction():
            return await _adopt(connection, recompute_id, user)


async def _adopt(connection: Any, recompute_id: str, user: str) -> bool:
    row = await connection.fetchrow(_SQL["adopt"], recompute_id)
    if row is None:
        return False
    await connection.execute(_POLICIES["adopt"], row["policy_version"], user)
    await connection.execute(_SQL["requeue_moved"], recompute_id, row["since"], row["until"], row["created_at"])
    return True


def _record(row: Any) -> RecomputeRecord:
    asked = NewRecompute(
        row["recompute_id"], row["policy_version"], row["since"], row["until"], row["dry_run"], row["requested_by"]
    )
    at = None if row["at_time"] is None else (row["at_time"], row["at_id"])
    sources = {name: (before, after) for name, (before, after) in orjson.loads(row["sources"]).items()}
    return RecomputeRecord(
        asked,
        RecomputeState(row["state"]),
        row["conversions"],
        RecomputeProgress(row["conversions_done"], row["moved"], row["failed"], at, sources),
        row["error"],
        row["created_at"],
        row["finished_at"],
        row["adopted_at"],
    )
