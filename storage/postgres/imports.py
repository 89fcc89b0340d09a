"""A tenant's imports: what was received, how far each came, and how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from schemas.imports import ImportOptions, ImportProgress, ImportRecord, ImportState, NewImport
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "imports.sql")
_COUNTS = ("rows_done", "bytes_done", "accepted", "duplicates", "rejected")


class RunSupersededError(Exception):
    """A later run of the import has begun; this one may write nothing more."""


class Imports:
    """Imports of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewImport) -> ImportRecord:
        """Queue an import; one that is there already stays as it is, unless it failed: then it is queued again."""
        async with self._database.connection() as connection:
            options = orjson.dumps(new.options.document())
            await connection.execute(
                _SQL["add"], new.import_id, new.file_sha256, new.filename, new.bytes_total, options
            )
            return _record(await connection.fetchrow(_SQL["one"], new.import_id))

    async def one(self, import_id: str) -> ImportRecord | None:
        """Find an import."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], import_id)
        return None if row is None else _record(row)

    async def page(self, *, before: tuple[datetime, str] | None, limit: int) -> list[ImportRecord]:
        """Read imports, newest first, those before a (created_at, import_id)."""
        created_at, import_id = before or (None, "")
        async with self._database.connection() as connection:
            return [_record(row) for row in await connection.fetch(_SQL["page"], created_at, import_id, limit)]

    async def unfinished(self) -> list[str]:
        """List the ids of queued and running imports, oldest first."""
        async with self._database.connection() as connection:
            return [row["import_id"] for row in await connection.fetch(_SQL["unfinished"])]

    async def begin(self, import_id: str) -> ImportRecord | None:
        """Start a run, after which no earlier one can write; None if the import has ended or is unknown."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["begin"], import_id)
        return None if row is None else _record(row)

    async def record(self, import_id: str, run: int, progress: ImportProgress, *, new_rejections: bool) -> None:
        """Record how far a run came. Repeating it changes nothing.

        Raises:
            RunSupersededError: a later run has begun.
        """
        counts = [getattr(progress, name) for name in _COUNTS]
        rejections = orjson.dumps(progress.rejections) if new_rejections else None
        async with self._database.connection() as connection:
            if await connection.fetchval(_SQL["record"], import_id, run, *counts, rejections) is None:
                raise RunSupersededError

    async def assert_run(self, import_id: str, run: int) -> None:
        """Check that this run is the one that may write.

        Raises:
            RunSupersededError: a later run has begun, or the import has ended.
        """
        async with self._database.connection() as connection:
            if await connection.fetchval(_SQL["is_run"], import_id, run) is None:
                raise RunSupersededError

    async def finish(self, import_id: str, run: int, state: ImportState, error: str | None = None) -> None:
        """End an import, unless a later run has begun."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["finish"], import_id, run, state.value, error)


def _record(row: Mapping[str, Any]) -> ImportRecord:
    counts = {name: row[name] for name in _COUNTS}
    return ImportRecord(
        import_id=row["import_id"],
        state=ImportState(row["state"]),
        file_sha256=row["file_sha256"],
        filename=row["filename"],
        bytes_total=row["bytes_total"],
        options=ImportOptions.of(orjson.loads(row["options"])),
        progress=ImportProgress(**counts, rejections=tuple(orjson.loads(row["rejections"]))),
        error=row["error"],
        run=row["run"],
        barren_runs=row["barren_runs"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
